"""What is written of the card: once when something went wrong, and at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from edgeagent.live import repair
from tests.live.rig import Rig

Facts = dict[str, Any]


@pytest.fixture
def facts() -> Facts:
    return {"overflows": 0, "underflows": 0, "aborts": 0, "clock": "crank"}


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch, facts: Facts) -> Iterator[Rig]:
    monkeypatch.setattr(repair, "RETRY_S", 0.001)
    rig = Rig()
    monkeypatch.setattr(type(rig.card), "facts", lambda _card: dict(facts))
    rig.turn(150)
    yield rig
    rig.close()


def notes(rig: Rig) -> list[Facts]:
    return [note for note in rig.notes.entries if note["event"] == "card"]


def test_while_all_is_well_nothing_is_written(rig: Rig, facts: Facts) -> None:
    facts["aborts"] += 1
    rig.drift_ppm = 4.0
    rig.turn(250)
    assert not notes(rig)


def test_trouble_is_written_once_a_second_with_all_that_is_known(rig: Rig, facts: Facts) -> None:
    for _ in range(300):
        facts["overflows"] += 1
        rig.turn()
    assert 3 <= len(notes(rig)) <= 4
    rig.playback.underruns += 2
    rig.turn(100)
    rig.turn(300)
    last = notes(rig)[-1]
    assert last["worse"].keys() == {"overflows", "player_underruns"}
    assert (last["overflows"], last["player_underruns"], last["clock"]) == (300, 2, "crank")
    assert sum(note["worse"]["overflows"] for note in notes(rig)) == 300


def test_a_change_of_the_drift_is_written_and_is_no_trouble(rig: Rig) -> None:
    rig.drift_ppm = 41.52
    rig.turn(300)
    (note,) = notes(rig)
    assert (note["drift_ppm"], note["worse"]) == (41.5, {})


def test_it_is_all_written_at_the_end_and_not_into_the_journal(rig: Rig, facts: Facts) -> None:
    rig.turn(100)
    facts["underflows"] = 3
    rig.loop.stop()
    rig.loop.run()
    assert notes(rig)[-1]["worse"] == {"underflows": 3}
    assert not rig.entries("card")


def test_a_card_opened_anew_counts_anew(rig: Rig, facts: Facts) -> None:
    facts["overflows"] = 5
    rig.turn(150)
    rig.wait(1.2)
    facts["overflows"] = 2
    begun = time.monotonic()
    while rig.loop._repair.at_work:  # none of our time passes, or a slow machine would lose the new card, too
        rig.loop.round()
        time.sleep(0.001)
        assert time.monotonic() - begun < 20
    rig.until(lambda: rig.state == "idle")
    rig.turn(150)
    assert [note["worse"].get("overflows") for note in notes(rig)] == [5, None, 2]
