"""A memory of an earlier version, seven numbers in JSON, where the file of today shall be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeagent.store.keeper import Keeper
from edgeagent.store.memory_file import Stood, forget, look
from edgeagent.turn.events import Remembered

KNOWN = Remembered(0, -31.0, 7, 2.0, 1.0, 600.0)

FORMER = {
    "level_dbfs": -31.0,
    "turns": 7,
    "false_stops": 2.0,
    "repeats": 1.0,
    "spoken_s": 600.0,
    "pause_ms": 0.0,
    "phrases": 0,
}


def started(path: Path) -> Keeper:
    """Who needs neither to forget nor to complain."""
    keeper = Keeper(path, 24)
    keeper.start(lambda part, remembered: pytest.fail(f"{part} {remembered}"), pytest.fail, thread=False)
    return keeper


def test_the_numbers_of_an_earlier_version_are_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    plain = json.dumps({"format": 1, "token": "f00", "remembered": FORMER}, indent=1)
    path.write_text(plain)
    assert look(path) == Stood(KNOWN)
    keeper = started(path)
    assert keeper.stood == Stood(KNOWN)
    assert (
        "memory.json: it is of an earlier version; its numbers are taken over, and the file kept as memory.json.refused"
        in keeper.refused
    )
    keeper.look()
    keeper.close()
    assert look(path) == Stood(KNOWN)
    assert path.with_name("memory.json.refused").read_text() == plain
    again = started(path)
    assert (again.stood, again.refused) == (Stood(KNOWN), "")
    again.close()


def test_the_numbers_of_an_earlier_version_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    path.write_text(json.dumps({"format": 1, "token": "f00", "remembered": FORMER}))
    forget(path, ["talk"])
    assert look(path) == Stood(KNOWN)
    forget(path)
    assert not path.exists()


@pytest.mark.parametrize(
    "plain",
    [
        {"format": 2, "token": "a", "remembered": FORMER},
        {"format": 1, "token": "a"},
        {"format": 1, "token": "a", "remembered": 3},
        {"format": 1, "token": "a", "remembered": {"level_dbfs": 12.0}},
        {"format": 1, "token": "a", "remembered": {"turns": "many"}},
        {"format": 1, "token": "a", "remembered": {"name": "Ann"}},
        ["dear", "diary"],
        [[]],
    ],
)
def test_what_is_no_memory_of_an_earlier_version_is_set_aside(tmp_path: Path, plain: object) -> None:
    path = tmp_path / "memory.json"
    path.write_text(json.dumps(plain) + "\n" * 9)
    keeper = started(path)
    keeper.close()
    assert keeper.stood == Stood()
    assert "it is damaged; it is begun anew, and the file kept as memory.json.refused" in keeper.refused
