"""A minute and a half of a day, with everything in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeagent.errors import ServiceError
from edgeagent.live import realtime
from edgeagent.store.journal import read_lines
from edgeagent.units import RATE
from tools.endurance import __main__ as command
from tools.endurance import simulated as day
from tools.endurance.figures import Look


def test_a_short_day_has_turns_stops_and_losses_and_all_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realtime, "lock_memory", lambda: False)  # this process lives on
    monkeypatch.setattr(day, "LOOK", 30 * RATE)
    monkeypatch.setattr(day, "LOSSES", 1 / 500)
    looks: list[Look] = []
    try:
        found = day.simulated(tmp_path, 0.025, 1, looks.append)
    except ServiceError as missing:
        pytest.skip(str(missing))
    assert [round(look.hours * 120, 3) for look in looks] == [1, 2, 3]
    assert all(look.relative > 0 for look in looks)
    assert found.lost == found.told > 0
    assert not [fault for fault in found.faults if "sample" in fault]
    journal = read_lines(tmp_path / "journal.jsonl")
    events = {str(entry["event"]) for entry in journal}
    assert {"heard", "heard_words", "kept", "halted", "learnt"} <= events
    assert (tmp_path / "memory.db").exists()
    assert len(list((tmp_path / "turns").rglob("*.wav"))) > 2


@pytest.mark.parametrize("hours", ["0.001", "nan"])
def test_too_short_a_time_is_refused(capsys: pytest.CaptureFixture[str], hours: str) -> None:
    with pytest.raises(SystemExit) as refused:
        command.main(["live", "--hours", hours])
    assert refused.value.code == 2
    assert "too short" in capsys.readouterr().err


def test_what_cannot_be_done_is_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["simulated", "--seed", "-1"]) == 2
    assert "--seed -1" in capsys.readouterr().err
    (tmp_path / "file").touch()
    for what in ("simulated", "live"):
        assert command.main([what, "--folder", str(tmp_path / "file")]) == 2
        assert "file: File exists" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.live
def test_a_minute_through_portaudio(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyaudio", reason="needs the extra [card]")
    assert command.main(["live", "--hours", "0.02", "--json", "--folder", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["turns"] > 3
    assert found["told"]["exact"]
    assert found["faults"] == []
