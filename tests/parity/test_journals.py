"""Journals of two machines: rounding is no difference, a decision is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeagent.store.journal import JsonLinesJournal
from tools.parity import __main__ as command
from tools.parity.found import Entry

JOURNAL: list[Entry] = [
    {"at": 0, "event": "started", "edgeagent": "1"},
    {"at": 256, "event": "suspected", "onset": 0, "near": 0.91, "floor": 0.5, "evidence": 1.5},
    {"at": 500, "event": "judged", "verdict": "false_alarm", "likely": "other", "backchannel_heard": 0.39},
    {"at": 512, "event": "action", "action": "halt", "utterance": 0},
    {"at": 768, "event": "heard", "turn": 1, "start_s": 0.5, "end_s": 1.25},
    {"at": 768, "event": "learnt", "level_dbfs": -31.2, "turns": 1},
]


def run(folder: Path, journal: list[Entry], name: str = "scene") -> str:
    (folder / name).mkdir(parents=True)
    file = JsonLinesJournal(folder / name / "journal.jsonl", print)
    for entry in journal:
        file.write(entry)
    file.close()
    return str(folder)


def test_what_is_rounded_otherwise_is_no_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = [dict(entry) for entry in JOURNAL]
    other[0]["edgeagent"] = "2"
    other[1] |= {"near": 0.9103, "evidence": 1.51}
    other[2] |= {"likely": "backchannel", "backchannel_heard": 0.4}
    other[5]["level_dbfs"] = -31.1
    runs, others = run(tmp_path / "here", JOURNAL), run(tmp_path / "there", other)
    run(tmp_path / "here" / "scene", JOURNAL[:1], "session")  # recorded beside the run, and no run of its own
    assert command.main(["journals", runs, others]) == 0
    assert capsys.readouterr().out == "scene: 5 entries alike, beliefs within 3.0e-04\n"


def test_when_something_faint_began_is_believed_not_decided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = [JOURNAL[0], JOURNAL[1] | {"onset": 256}, *JOURNAL[2:]]
    assert command.main(["journals", run(tmp_path / "here", JOURNAL), run(tmp_path / "there", other)]) == 0
    assert "5 entries alike, beliefs within 0.0e+00, onsets of suspicions within 16 ms\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ([*JOURNAL[:3], JOURNAL[3] | {"at": 768}, *JOURNAL[4:]], "'action': 'halt'"),
        ([*JOURNAL[:2], JOURNAL[2] | {"verdict": "interruption"}, *JOURNAL[3:]], "'verdict': 'interruption'"),
        (JOURNAL[:-1], "'event': 'learnt'"),
        ([*JOURNAL, JOURNAL[-1]], "'event': 'learnt'"),
        ([*JOURNAL[:4], JOURNAL[5], JOURNAL[4]], "'event': 'learnt'"),
        ([*JOURNAL[:4], JOURNAL[4] | {"end_s": 1.266}, JOURNAL[5]], "'end_s': 1.266"),
        ([*JOURNAL[:4], JOURNAL[4] | {"turn": 257}, JOURNAL[5]], "'turn': 257"),
    ],
)
def test_a_decision_that_differs_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changed: list[Entry], told: str
) -> None:
    assert command.main(["journals", run(tmp_path / "here", JOURNAL), run(tmp_path / "there", changed)]) == 1
    said = capsys.readouterr().out
    assert "scene: 5 entries NOT alike" in said
    assert told in said


def test_other_runs_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs, others = run(tmp_path / "here", JOURNAL), run(tmp_path / "there", JOURNAL, "else")
    assert command.main(["journals", runs, others]) == 2
    assert "else, scene" in capsys.readouterr().err
