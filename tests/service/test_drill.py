"""The judge of the drills finds what is wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from tools.container.__main__ import main as command
from tools.container.drill import judged, lost_lines
from tools.container.faults import Fault
from tools.container.machine import Machine


class Log:
    """As much of a `Machine` as the judge asks: a log, and who runs."""

    def __init__(self, root: Path, entries: list[dict[str, Any]], processes: Mapping[int, int] | None = None) -> None:
        self.root = root
        self._entries = entries
        self._processes = processes or {50: 1, 51: 50}

    def journal(self, since_s: float = 0.0) -> Iterator[dict[str, Any]]:
        return (entry for entry in self._entries if entry["when"] >= since_s)

    def show(self, *_names: str) -> Mapping[str, str]:
        return {"ActiveEnterTimestampMonotonic": "0"}

    def main(self) -> int:
        return 50

    def processes(self) -> Mapping[int, int]:
        return self._processes


def state(when: float, name: str, before: str, at: int = 0) -> dict[str, Any]:
    return {"when": when, "MESSAGE": name, "EDGEAGENT_EVENT": "state", "EDGEAGENT_STATE": name,
            "EDGEAGENT_FROM": before, "EDGEAGENT_AT": str(at)}  # fmt: skip


UNPLUGGED = Fault("unplugged", lambda *_: None, lasts=(1, 4), shown_s=1.0, again_s=2.0)


@pytest.fixture
def begun() -> float:
    return time.monotonic() - 20


def outcome(log: Log, begun: float, heard: float) -> tuple[str, ...]:
    return judged(cast("Machine", log), UNPLUGGED, begun, begun + 4, heard).wrong


def lost(begun: float, shown: float, back: float) -> list[dict[str, Any]]:
    lamp = {"when": begun + shown, "MESSAGE": "lamp: mic lost"}
    return [lamp, state(begun + shown, "mic_lost", "idle"), state(begun + back, "idle", "mic_lost")]


def test_all_is_well(tmp_path: Path, begun: float) -> None:
    assert not outcome(Log(tmp_path, lost(begun, 0.5, 5.0)), begun, begun + 5.2)


@pytest.mark.parametrize(
    ("shown", "back", "wrong"), [(1.3, 5.0, "deaf for 1.3 s before"), (0.5, 6.5, "listened only 2.5 s after")]
)
def test_late_is_wrong(tmp_path: Path, begun: float, shown: float, back: float, wrong: str) -> None:
    (found,) = outcome(Log(tmp_path, lost(begun, shown, back)), begun, begun + 7)
    assert wrong in found


def test_a_lamp_without_a_line_in_the_journal_is_wrong(tmp_path: Path, begun: float) -> None:
    (found,) = outcome(Log(tmp_path, lost(begun, 0.5, 5.0)[:1]), begun, begun + 5.2)
    assert "deaf for 5.2 s" in found


def test_nobody_heard_is_wrong(tmp_path: Path, begun: float) -> None:
    assert any("nobody was heard" in wrong for wrong in outcome(Log(tmp_path, lost(begun, 0.5, 5.0)), begun, 0.0))


def test_an_orphan_is_found(tmp_path: Path, begun: float) -> None:
    log = Log(tmp_path, lost(begun, 0.5, 5.0), {50: 1, 51: 50, 44: 1})
    assert outcome(log, begun, begun + 5.2) == ("process 44 is nobody's child", "3 processes")


def test_a_line_that_is_not_in_the_file_is_found(tmp_path: Path) -> None:
    file = tmp_path / "var" / "lib" / "edgeagent" / "journal.jsonl"
    file.parent.mkdir(parents=True)
    entries = [state(1.0, "idle", "starting", 256), state(2.0, "hearing", "idle", 512)]
    file.write_text(json.dumps({"at": 256, "event": "state", "state": "idle"}) + "\n")
    (line,) = lost_lines(cast("Machine", Log(tmp_path, entries)))
    assert "hearing" in line


@pytest.mark.parametrize("words", [["--each", "-3"], ["--count", "-1"], ["--only", "SIGKIL"], ["--folder", "{}"]])
def test_what_would_try_nothing_or_write_into_a_folder_of_others_is_refused(
    tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drill of no faults keeps every promise."""
    monkeypatch.setattr("tools.container.__main__.Machine", None)
    (tmp_path / "fstab").touch()
    with pytest.raises(SystemExit) as refused:
        command([word.format(tmp_path) for word in words])
    assert refused.value.code == 2
