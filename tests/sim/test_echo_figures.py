"""The measuring itself: cancellers whose figures are known beforehand."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isnan

import numpy as np
import pytest

from edgeagent.ports import Sound
from edgeagent.sim.echo_bench.figures import Figures, View, measure, projected
from edgeagent.sim.echo_bench.judges import Verdicts
from edgeagent.sim.echo_bench.run import Run
from edgeagent.sim.echo_bench.scenes import FRAME, EchoScene
from edgeagent.units import HOP, RATE, samples
from tests.sim.echo_made_up import scene


def judged(sound: Sound) -> Verdicts:
    """Calls speech what is above -60 dBFS."""
    return np.where(np.mean(sound.reshape(-1, FRAME) ** 2, axis=1) > 1e-6, 1.0, 0.0)


def figures(told: EchoScene, clean: Sound, ppm: float | None = None) -> Figures:
    hops = clean.size // HOP
    drift = None if ppm is None else np.full(hops, ppm)
    run = Run(clean, None, (), drift, np.linspace(0.1, 0.3, hops))
    return measure(told, run, judged(clean), judged(told.quiet))


def attenuated(told: EchoScene, decibels: float) -> Sound:
    """Echo so much lower, all else as it is."""
    return told.quiet + (told.microphone - told.quiet) * np.float32(10 ** (-decibels / 20))


def test_a_perfect_canceller() -> None:
    told = scene("path-change", noise_db=60.0)
    found = figures(told, told.quiet)
    assert found.clean.erle_1s > 60
    assert found.clean.erle_end > 60
    assert found.clean.sdr > 45
    assert found.clean.gain == pytest.approx(0, abs=0.01)
    assert found.clean.back_s == pytest.approx(0.1, abs=0.02)  # of which all is the smoothing
    assert found.speech_steady == found.speech_event == found.false_runs == 0
    assert found.missed == found.missed_quiet < 0.1
    assert found.lost == 0
    assert max(found.onsets_ms) < 100
    assert found.block_ms == pytest.approx(0.2)
    assert found.block_p99_ms == pytest.approx(0.298, abs=1e-3)


def test_no_canceller() -> None:
    told = scene("later-found")
    found = figures(told, told.microphone)
    assert found.clean.erle_1s == found.clean.erle_end == 0
    assert found.clean.sdr == pytest.approx(-10, abs=3)  # the two are not loud at the same time
    assert found.clean.gain == pytest.approx(0, abs=1.5)
    assert found.clean.back_s == inf
    assert found.speech_steady > 0.9
    assert found.speech_event > 0.9
    assert found.false_runs > 10
    assert found.missed == found.lost == 0


def test_a_mute() -> None:
    told = scene("path-change")
    found = figures(told, np.zeros_like(told.microphone))
    assert found.clean.erle_1s > 60
    assert found.clean.sdr == pytest.approx(-20)
    assert found.clean.gain < -60
    assert found.speech_steady == found.false_runs == 0
    assert found.missed == found.lost == 1
    assert found.onsets_ms == ()


@pytest.mark.parametrize("decibels", [6.0, 14.0, 22.0])
def test_half_a_canceller(decibels: float) -> None:
    told = scene("base", noise_db=60.0)
    found = figures(told, attenuated(told, decibels))
    assert found.clean.erle_1s == pytest.approx(decibels, abs=0.1)
    assert found.clean.erle_end == pytest.approx(decibels, abs=0.1)
    assert found.clean.erle_median == pytest.approx(decibels, abs=0.1)
    assert found.clean.sdr == pytest.approx(projected(told, told.microphone)[0] + decibels, abs=1.5)


def test_a_canceller_that_takes_from_the_person() -> None:
    told = scene("base")
    found = figures(told, told.quiet * np.float32(0.5))
    assert found.clean.gain == pytest.approx(-6.02, abs=0.05)
    assert found.clean.sdr == pytest.approx(projected(told, told.quiet)[0], abs=0.1)


@pytest.mark.parametrize("shift", [-8, 20])
def test_a_short_filter_in_the_way_is_no_damage(shift: int) -> None:
    told = scene("base", noise_db=60.0)
    late = np.roll(told.quiet, shift) * np.float32(0.8) + np.roll(told.quiet, shift + 3) * np.float32(0.2)
    assert projected(told, late)[0] > 30


def test_back_counts_active_far_end_only() -> None:
    told = scene("later-found")
    assert told.event is not None
    back = told.event + samples(400)
    clean = np.concatenate((told.microphone[:back], attenuated(told, 30)[back:]))
    assert figures(told, clean).clean.back_s == pytest.approx(0.5, abs=0.12)
    beeping = scene("later-found", far="beeps")
    clean = np.concatenate((beeping.microphone[:back], attenuated(beeping, 30)[back:]))
    assert figures(beeping, clean).clean.back_s < 0.4


def test_what_does_not_apply_is_nan() -> None:
    found = figures(scene("volume-1"), scene("volume-1").quiet)
    assert isnan(found.clean.erle_1s)
    assert isnan(found.clean.back_s)
    assert isnan(found.linear.sdr)
    assert isnan(found.speech_event)
    assert isnan(found.drift_end)


def test_drift_is_compared_with_the_truth() -> None:
    told = scene("drift-200")
    assert figures(told, told.quiet, ppm=-198.5).drift_end == pytest.approx(1.5)
    assert figures(told, told.quiet, ppm=200.0).drift_2s == pytest.approx(400)
    assert isnan(figures(told, told.quiet).drift_2s)


def test_false_runs_and_onsets_are_counted_in_frames() -> None:
    told = scene("base")
    view = View(told)
    start, stop = told.utterances[0]
    speech = np.zeros(view.count)
    alone = np.flatnonzero(view.echo_only & view.warm)
    speech[alone[[0, 1, 2, 5, 6, 10]]] = 1  # one run of three, one of two, a single frame
    speech[start // FRAME + 3 : stop // FRAME] = 1
    run = Run(told.quiet, None, (), None, np.ones(told.near.size // HOP))
    found = measure(told, run, speech, speech)
    assert found.false_runs == pytest.approx(60 / (alone.size * FRAME / RATE))
    assert found.speech_steady == found.speech_quiet == 6 / alone.size
    assert list(found.onsets_ms) == pytest.approx([(start // FRAME + 3) * 32 - start / 16])
    assert found.lost == pytest.approx(1 - 1 / len(told.utterances))


def test_echo_only_is_neither_near_a_person_nor_silence() -> None:
    told = replace(scene("after-silence"), condition=scene("base").condition)
    view = View(told)
    at = np.arange(view.count) * FRAME
    assert not view.echo_only[at < told.begins].any()
    for start, stop in told.utterances:
        assert not view.echo_only[(at > start - samples(60)) & (at < stop + samples(400))].any()
        assert view.near[(at > start) & (at < stop - FRAME)].mean() > 0.5
    assert not (view.near & view.echo_only).any()
    assert view.echo_only.sum() * FRAME > 4 * RATE
