"""What became of events: one outcome each, counts that add up, and which decisions were wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgeagent.errors import SceneError
from edgeagent.ports import Sound
from edgeagent.sim.confusion import confusion, histogram, worst
from edgeagent.sim.folder import write_scene
from edgeagent.sim.outcomes import FLOOR, OTHER, WRONG, Outcome, Wrong, outcome, wrong
from edgeagent.sim.scene import load_scene
from edgeagent.sim.score import RunScore, score
from edgeagent.sim.truth import Happening, Kind, read_truth, write_truth
from edgeagent.units import RATE, samples
from tests.sim.made_up import build
from tests.sim.runs import Habit, Piece, cut, habits, play, whole

LATE = 1.6
"""Seconds after the onset: no longer in time, and still an answer."""


def judged(folder: Path, out: Path, habit: Habit) -> RunScore:
    return score(folder, play(load_scene(folder), out, habit))


def outcomes(run: RunScore) -> list[Outcome]:
    return [outcome(event) for event in run.events]


def everything_wrong(i: int, x: Sound) -> list[Piece]:
    """Late for the interruption, silent for "hm" and for good, held through the noise, back after the command."""
    if i == 0:
        return cut(x, 3.0 + LATE)
    if i == 1:
        return cut(x, 2.7)
    if i == 2:
        return [(0, x[: samples(3600)]), (samples(4100), x[samples(3600) :])]
    if i == 3:
        return [(0, x[: samples(2300)]), (samples(3800), x[samples(2300) :])]
    return cut(x, 2.0)


def test_each_event_has_the_outcome_that_one_would_call_it(made_up: Path, tmp_path: Path) -> None:
    run = judged(made_up, tmp_path / "wrong", everything_wrong)
    assert outcomes(run) == [Outcome.LATE, Outcome.FALSE_STOP, Outcome.HELD, Outcome.TALKED_ON]
    never = judged(made_up, tmp_path / "never", whole)
    assert outcomes(never) == [Outcome.MISSED, Outcome.UNDISTURBED, Outcome.UNDISTURBED, Outcome.MISSED]
    scene, truth, _ = build()
    ducked = judged(made_up, tmp_path / "duck", habits(scene, truth)["duck"])
    assert outcomes(ducked) == [Outcome.STOPPED, Outcome.DUCKED, Outcome.DUCKED, Outcome.STOPPED]


def test_wrong_decisions_say_where_and_when(made_up: Path, tmp_path: Path) -> None:
    run = judged(made_up, tmp_path / "run", everything_wrong)
    late, false, talked_on, own = wrong(run)
    assert [each.outcome for each in (late, false, talked_on, own)] == [
        Outcome.LATE,
        Outcome.FALSE_STOP,
        Outcome.TALKED_ON,
        Outcome.SELF_STOP,
    ]
    assert late.stop_s == pytest.approx(1 + 3 + LATE, abs=0.002)
    assert (late.at_s, late.decided_s) == (4.0, late.stop_s)
    assert false.stop_s == pytest.approx(1 + 7.8 + 2.7, abs=0.002)
    assert (own.kind, own.start_s, own.end_s) == ("self", None, None)
    assert own.at_s == own.decided_s == pytest.approx(1 + 4 * 7.8 + 2.0, abs=0.002)
    (missed, _) = wrong(judged(made_up, tmp_path / "never", whole))
    assert missed.stop_s is None
    assert missed.decided_s == missed.end_s == pytest.approx(4.0 + 1.8)
    assert json.loads(json.dumps(missed.plain()))["outcome"] == "missed"


@pytest.mark.parametrize("habit", ["never", "right", "always", "duck", "hold"])
def test_counts_add_up(made_up: Path, tmp_path: Path, habit: str) -> None:
    scene, truth, _ = build()
    run = judged(made_up, tmp_path / "run", habits(scene, truth)[habit])
    rows = confusion(run.events)
    assert [row.kind for row in rows] == ["interruption", "command", "backchannel", "noise"]
    for row in rows:
        assert tuple(row.counts) in (FLOOR, OTHER)
        assert sum(row.counts.values()) == row.tested <= row.events == 1
        assert row.right == row.tested - sum(row.counts.get(each, 0) for each in WRONG)
    about_events = [each for each in wrong(run) if each.outcome is not Outcome.SELF_STOP]
    assert sum(row.tested - row.right for row in rows) == len(about_events)


def test_styles_get_rows_of_their_own(tmp_path: Path) -> None:
    scene, truth, clean = build()
    styled = [replace(truth[0], style="shout"), replace(truth[1], style="hum"), *truth[2:]]
    write_scene(tmp_path / "scene", scene, styled, clean)
    rows = confusion(judged(tmp_path / "scene", tmp_path / "run", whole).events)
    assert [(row.kind, row.style) for row in rows] == [
        ("interruption", ""),
        ("interruption", "shout"),
        ("command", ""),
        ("backchannel", ""),
        ("backchannel", "hum"),
        ("noise", ""),
    ]
    assert rows[1].counts == rows[0].counts
    assert (rows[1].share, rows[4].share) == (0.0, 1.0)
    assert json.loads(json.dumps(rows[1].plain()))["outcomes"]["missed"] == 1


def test_a_source_stands_in_for_a_style(tmp_path: Path) -> None:
    entries = [{"kind": "noise", "start_s": 1, "end_s": 2, "source": "kitchen"}]
    (tmp_path / "truth.json").write_text(json.dumps([*entries, entries[0] | {"start_s": 1.5, "style": "plates"}]))
    assert [event.style for event in read_truth(tmp_path)] == ["kitchen", "plates"]
    events = (Happening(Kind.NOISE, RATE, 2 * RATE, "", "plates"), Happening(Kind.NOISE, 3 * RATE, 4 * RATE))
    write_truth(tmp_path, events)
    assert read_truth(tmp_path) == events
    assert "style" not in json.loads((tmp_path / "truth.json").read_text())[1]
    (tmp_path / "truth.json").write_text('["noise"]')
    with pytest.raises(SceneError, match=r"truth\.json"):
        read_truth(tmp_path)


def test_the_worst_scene_has_the_smallest_share_of_right_utterances(made_up: Path, tmp_path: Path) -> None:
    never = judged(made_up, tmp_path / "never", whole)
    bad = judged(made_up, tmp_path / "wrong", everything_wrong)
    assert worst([never, bad, never]) is bad
    silent = replace(bad, lines=[])
    assert worst([silent, never]) is never
    assert worst([silent]) is worst([]) is None


def test_the_histogram_holds_every_latency_once() -> None:
    bars = histogram([0.0, 0.05, 0.31, 0.39, 1.5])
    assert [edge for edge, _ in bars[:4]] == [0.0, 0.1, 0.2, 0.3]
    assert dict(bars) == {edge: 0 for edge, _ in bars} | {0.0: 2, 0.3: 2, 1.4: 1}
    assert sum(count for _, count in histogram([])) == 0


def test_a_missed_command_is_decided_when_it_was_too_late() -> None:
    missed = Wrong("a", Outcome.MISSED, "command", "", "stop", 2.0, 2.4, None)
    assert missed.decided_s == 3.5
