"""The scorer on made-up runs whose right scores anybody can tell."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeagent.errors import SceneError, SoundFileError
from edgeagent.ports import Sound
from edgeagent.signal.convert import to_float
from edgeagent.signal.wav import read_wav, write_wav
from edgeagent.sim.figures import Figures, pool, table, wilson
from edgeagent.sim.folder import write_scene
from edgeagent.sim.handover import si_sdr
from edgeagent.sim.room import Room
from edgeagent.sim.scene import load_scene
from edgeagent.sim.score import RunScore, score
from edgeagent.sim.truth import USER, read_truth, write_truth
from edgeagent.store.journal import encode
from edgeagent.units import CARD_BLOCK, RATE, samples, seconds
from tests.sim.made_up import build
from tests.sim.runs import Habit, Piece, cut, play, whole

ONSETS = {0: 3.0, 3: 2.0}
"""Where in which line a user event begins, in seconds."""


def judged(
    folder: Path, out: Path, habit: Habit, heard: Sequence[tuple[float, float]] = ()
) -> tuple[RunScore, Figures]:
    result = score(folder, play(load_scene(folder), out, habit, heard))
    return result, pool([result])


def stopping(after_s: float) -> Habit:
    return lambda i, x: cut(x, ONSETS[i] + after_s) if i in ONSETS else whole(i, x)


def test_a_perfect_run(made_up: Path, tmp_path: Path) -> None:
    users = [event for event in read_truth(made_up) if event.kind in USER]
    heard = [(seconds(event.start) - 0.5, seconds(event.end) + 0.3) for event in users]
    result, figures = judged(made_up, tmp_path / "run", stopping(0.12), heard)
    assert figures["right"] == figures["right_balanced"] == 1
    assert figures["recall"] == figures["committed"] == figures["reach"] == 1
    assert figures["latency_p50"] == pytest.approx(0.12, abs=0.002)
    assert figures["react_p95"] == pytest.approx(0.12, abs=0.002)
    assert figures["self_stops"] == figures["held_total"] == figures["ducked_s_per_min"] == figures["not_started"] == 0
    assert figures["backchannel_rejection"] == figures["noise_rejection"] == 1
    assert figures["covered_of_stopped"] == figures["lead_ok_of_stopped"] == 1
    assert figures["lead_loss_p95"] == figures["ghost_turns"] == 0
    assert isinstance(figures["turn_sisdr_p50"], float)
    assert figures["turn_sisdr_p50"] > 25
    assert isinstance(figures["spoken_error_p95"], float)
    assert figures["spoken_error_p95"] < 0.002
    assert result.warnings == []
    assert result.mic_error_db is None


def test_never_stopping_is_right_only_where_nobody_interrupts(made_up: Path, tmp_path: Path) -> None:
    result, figures = judged(made_up, tmp_path / "run", whole)
    assert (figures["user_tested"], figures["recall"], figures["covered"]) == (2, 0, 0)
    assert (figures["right_user"], figures["right_other"], figures["right_balanced"]) == (0, 1, 0.5)
    assert figures["recall_ci"] == wilson(0, 2)
    assert figures["played_share"] == 1
    assert result.played_s == pytest.approx(5 * 6.5, abs=0.01)
    assert result.clear_s == pytest.approx(5 * 6.5 - 2.8 - 1.4 - 1.5 - 1.5, abs=0.02)


def test_always_stopping_wins_nothing(made_up: Path, tmp_path: Path) -> None:
    result, figures = judged(made_up, tmp_path / "run", lambda i, x: cut(x, 0.5) if i < 4 else [])
    assert (figures["user_tested"], figures["already_silent"], figures["recall"], figures["reach"]) == (0, 2, None, 0)
    assert (figures["self_stops"], figures["not_started"], figures["right"]) == (4, 1, 0)
    assert [event.untested for event in result.events] == ["already_silent"] * 4
    assert not result.lines[4].started


def test_stopping_on_everything(made_up: Path, tmp_path: Path) -> None:
    after = {0: 3.2, 1: 2.7, 2: 3.5, 3: 2.2}
    result, figures = judged(made_up, tmp_path / "run", lambda i, x: cut(x, after.get(i, 9)), [(20, 21)])
    assert figures["recall"] == 1
    assert (figures["backchannel_false_stops"], figures["noise_false_stops"], figures["self_stops"]) == (1, 1, 0)
    assert figures["ghost_turns"] == 1
    assert [stop.cause for stop in result.stops] == ["interruption", "backchannel", "noise", "command"]


def test_of_two_events_that_are_alike_one_has_the_stop(made_up: Path, tmp_path: Path) -> None:
    folder = tmp_path / "scene"
    shutil.copytree(made_up, folder)
    truth = read_truth(made_up)
    write_truth(folder, [*truth, *truth])
    _, figures = judged(folder, tmp_path / "run", stopping(0.12))
    assert figures["right"] == 1
    assert figures["recall"] == 0.5
    _, figures = judged(folder, tmp_path / "all", lambda i, x: cut(x, {1: 2.6, 2: 3.4}.get(i, 9.0)))
    assert figures["backchannel_false_stops"] == figures["noise_false_stops"] == 1


def test_a_held_pause_is_no_false_stop(made_up: Path, tmp_path: Path) -> None:
    def hold(i: int, x: Sound) -> list[Piece]:
        if i == 1:  # silent for 0.6 s, goes back 0.7 s
            return [(0, x[: samples(2700)]), (samples(3300), x[samples(2000) :])]
        if i == 2:  # silent for 1.4 s
            return [(0, x[: samples(3600)]), (samples(5000), x[samples(3600) : samples(6200)])]
        return stopping(0.3)(i, x)

    result, figures = judged(made_up, tmp_path / "run", hold)
    assert (figures["backchannel_held"], figures["backchannel_false_stops"]) == (1, 0)
    assert result.events[1].silent_s == pytest.approx(0.6, abs=0.002)
    assert (figures["noise_false_stops"], figures["noise_resumed_later"], figures["noise_held"]) == (1, 1, 0)
    assert result.lines[1].repeated_s == pytest.approx(0.7, abs=0.002)
    assert (result.lines[1].words_repeated, result.lines[1].words_lost) == (1, 0)
    assert (result.lines[1].right, result.lines[2].right) == (True, False)


def test_a_pause_that_loses_words_is_a_false_stop(made_up: Path, tmp_path: Path) -> None:
    def skip(i: int, x: Sound) -> list[Piece]:
        if i == 1:
            return [(0, x[: samples(2700)]), (samples(3300), x[samples(2950) :])]
        if i == 0:
            return [(0, x[: samples(3400)]), (samples(4900), x[samples(3400) : samples(6200)])]
        return [(0, x)]

    result, figures = judged(made_up, tmp_path / "run", skip)
    assert figures["backchannel_false_stops"] == 1
    assert result.lines[1].lost_s == pytest.approx(0.25, abs=0.005)
    assert figures["words_lost"] == 1
    assert (figures["recall"], figures["committed"]) == (0.5, 0)


def test_ducks_and_fades(made_up: Path, tmp_path: Path) -> None:
    def duck(i: int, x: Sound) -> list[Piece]:
        y = x.copy()
        if i == 1:
            y[samples(2600) : samples(3400)] *= np.float32(0.3)
        if i in ONSETS:
            y[samples(1000 * ONSETS[i] + 60) : samples(1000 * ONSETS[i] + 200)] *= np.float32(0.25)
            y = y[: samples(1000 * ONSETS[i] + 250)]
            y[-160:] *= np.linspace(1, 0, 160, dtype=np.float32)
        return [(0, y)]

    result, figures = judged(made_up, tmp_path / "run", duck)
    assert result.events[1].ducked_s == pytest.approx(0.7, abs=0.11)  # of 0.8 s, part is quiet
    assert figures["backchannel_rejection"] == figures["recall"] == 1
    assert figures["latency_p50"] == pytest.approx(0.25, abs=0.012)
    assert figures["react_p50"] == pytest.approx(0.06, abs=0.03)
    assert figures["self_stops"] == figures["held_total"] == 0


def test_late_starts_and_beeps(made_up: Path, tmp_path: Path) -> None:
    beep = (0.1 * np.sin(2 * np.pi * 800 * np.arange(3200) / RATE)).astype(np.float32)

    def late(i: int, x: Sound) -> list[Piece]:
        if i not in ONSETS:
            return [(samples(80), x)]
        return [(samples(80), x[: samples(1000 * ONSETS[i] + 200)]), (samples(1000 * ONSETS[i] + 320), beep)]

    result, figures = judged(made_up, tmp_path / "run", late)
    assert figures["latency_p50"] == pytest.approx(0.28, abs=0.005)
    assert [line.start_delay_s for line in result.lines] == pytest.approx([0.08] * 5, abs=0.002)
    assert result.foreign_s == pytest.approx(0.4, abs=0.02)
    assert figures["self_stops"] == 0


def test_the_microphone_is_checked(made_up: Path, tmp_path: Path) -> None:
    scene = load_scene(made_up)
    run = play(scene, tmp_path / "run", whole)
    speaker, room = read_wav(run / "speaker.wav"), Room(scene.near, scene.echo)
    heard = [room.hear(speaker[at : at + CARD_BLOCK]) for at in range(0, 8 * RATE, CARD_BLOCK)]
    write_wav(run / "mic.wav", to_float(np.concatenate(heard)))
    result = score(made_up, run)
    assert result.mic_error_db is not None
    assert result.mic_error_db < -80
    write_wav(run / "mic.wav", scene.near[: 8 * RATE])
    write_wav(run / "speaker.wav", speaker[: 39 * RATE])
    assert len(score(made_up, run).warnings) == 2


def test_a_protected_line_is_right_when_it_is_said_to_its_end(made_up: Path, tmp_path: Path) -> None:
    """Voices lower it and do not stop it: who speaks meanwhile is not missed."""
    scene, truth, clean = build()
    guarded = tuple(replace(line, protected=i in ONSETS) for i, line in enumerate(scene.agent))
    write_scene(tmp_path / "scene", replace(scene, agent=guarded), truth, clean)
    result, figures = judged(tmp_path / "scene", tmp_path / "whole", whole)
    assert all(line.right for line in result.lines)
    assert [event.untested for event in result.events if event.kind in USER] == ["protected"] * 2
    assert (figures["user_events"], figures["recall"], figures["reach"]) == (0, None, None)
    assert judged(made_up, tmp_path / "open", whole)[1]["reach"] == 0
    result, figures = judged(tmp_path / "scene", tmp_path / "stopped", stopping(0.12))
    assert [line.right for line in result.lines] == [i not in ONSETS for i in range(5)]


def test_a_line_that_nobody_can_hear_is_told(made_up: Path, tmp_path: Path) -> None:
    """It is found in no recording, and so counts as never begun."""
    scene = shutil.copytree(made_up, tmp_path / "scene")
    write_wav(scene / "agent-4.wav", 0.01 * read_wav(scene / "agent-4.wav"))
    result = score(scene, play(load_scene(scene), tmp_path / "run", whole))
    assert not result.lines[4].started
    assert result.warnings == ["lines too faint to be found count as never begun: 4"]


def test_wrong_reports_are_measured(made_up: Path, tmp_path: Path) -> None:
    run = play(load_scene(made_up), tmp_path / "run", whole)
    (run / "report.json").write_text('{"utterances": [{"index": 0, "spoken_s": 6.0, "words_heard": 10}, {"index": 1}]}')
    result = score(made_up, run)
    assert result.lines[0].spoken_error_s == pytest.approx(-0.5, abs=0.001)
    assert result.lines[0].words_error == -3
    assert result.lines[1].spoken_error_s is None


@pytest.mark.parametrize(("name", "content"), [("report.json", "[]"), ("journal.jsonl", '{"event": "heard"}\n')])
def test_a_damaged_run_is_one_clear_error(made_up: Path, tmp_path: Path, name: str, content: str) -> None:
    run = play(load_scene(made_up), tmp_path / "run", whole)
    (run / name).write_text(content)
    with pytest.raises(SceneError, match=name):
        score(made_up, run)


def test_a_journal_is_cut_into_lines_where_its_writer_did(made_up: Path, tmp_path: Path) -> None:
    run = play(load_scene(made_up), tmp_path / "run", whole, [(3.0, 4.0)])
    said = {"at": 0, "event": "scripted", "text": "two\u2028lines\u2029and a\x85third"}
    with (run / "journal.jsonl").open("ab") as journal:
        journal.write(encode(said))
    assert score(made_up, run).heard_turns == 1


def test_a_journal_that_ends_within_a_letter_is_one_clear_error(made_up: Path, tmp_path: Path) -> None:
    run = play(load_scene(made_up), tmp_path / "run", whole)
    (run / "journal.jsonl").write_bytes(encode({"event": "scripted", "text": "\u00e9"})[:-4])
    with pytest.raises(SceneError, match=r"journal\.jsonl, line 1"):
        score(made_up, run)


def test_no_run_there(made_up: Path, tmp_path: Path) -> None:
    with pytest.raises(SoundFileError, match=r"speaker\.wav"):
        score(made_up, tmp_path)


def test_everything_goes_into_json_and_the_table(made_up: Path, tmp_path: Path) -> None:
    result, figures = judged(made_up, tmp_path / "run", stopping(0.2))
    again = json.loads(json.dumps([result.plain(), figures]))
    assert again[0]["stops"][0]["held"] is False
    assert again[1]["right"] == 1
    header, rule, row = table({"mine": figures}).splitlines()
    assert header.count("|") == rule.count("|") == row.count("|")
    assert row.startswith("| mine | 1.00 |")


def test_nothing_tested_gives_no_rates() -> None:
    figures = pool([])
    assert figures["right"] is figures["recall_ci"] is figures["latency_p50"] is None
    assert "| none | - |" in table({"none": figures})


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"), [(0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (5, 10, 0.237, 0.763)]
)
def test_wilson_intervals(hits: int, count: int, low: float, high: float) -> None:
    """Figures from Brown, Cai and DasGupta 2001 and common calculators."""
    assert wilson(hits, count) == pytest.approx([low, high], abs=0.001)


def test_no_interval_begins_below_nothing() -> None:
    lows = [interval[0] for count in range(1, 200) if (interval := wilson(0, count))]
    assert {f"{low:.2f}" for low in lows} == {"0.00"}


def test_si_sdr_is_blind_to_gain_and_alignment() -> None:
    rng = np.random.default_rng(2)
    clean = rng.normal(size=8000).astype(np.float32)
    noisy = np.concatenate((np.zeros(500), 0.3 * (clean + 0.1 * rng.normal(size=8000))))
    assert si_sdr(noisy.astype(np.float32), clean) == pytest.approx(20, abs=0.3)
    assert si_sdr(clean[700:], clean) == pytest.approx(120, abs=50)
    assert si_sdr(clean, np.zeros_like(clean)) is None
