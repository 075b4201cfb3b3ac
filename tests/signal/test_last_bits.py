"""The canceller does not hang on last bits: processors round sums in their own ways, and decide alike all the same."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.ports import Sound
from edgeagent.signal.drift import DriftEstimator
from edgeagent.signal.history import LOOKAHEAD, PHASES, Recent
from edgeagent.signal.referee import FAST, SLOW, Referee
from edgeagent.units import HOP, RATE
from tests.signal.echo_world import Run, echo_of, room, voice

SECONDS = 14.0
LAST_BIT = 2.0**-23

EVERY = 1024
"""Samples between two delays."""


def rounded_otherwise(sound: Sound, seed: int) -> Sound:
    """`sound` with each sample's last bit at random."""
    dice = np.random.default_rng(seed)
    return (sound * (1 + LAST_BIT * dice.uniform(-1, 1, len(sound)))).astype(np.float32)


@pytest.mark.parametrize(("ppm", "seed"), [(40.0, 1), (-120.0, 2)])
def test_sound_that_differs_in_its_last_bits_is_cancelled_alike(ppm: float, seed: int) -> None:
    far = voice(SECONDS, seed)
    dice = np.random.default_rng(seed)
    heard = echo_of(far, room(seed), 900, ppm) + np.float32(1e-3) * dice.standard_normal(len(far)).astype(np.float32)
    one, other = Run(far, heard), Run(far, rounded_otherwise(heard, seed))
    assert one.at(SECONDS - 0.1).drift_ppm == pytest.approx(ppm, abs=10)
    apart = np.square(one.linear - other.linear, dtype=np.float64).sum()
    assert 10 * np.log10(apart / np.square(one.linear, dtype=np.float64).sum()) < -100
    assert other.at(SECONDS - 0.1).drift_ppm == pytest.approx(one.at(SECONDS - 0.1).drift_ppm, abs=0.01)


@pytest.mark.parametrize("better", [SLOW, FAST])
def test_a_silence_leaves_the_better_of_two_filters_the_better(better: int) -> None:
    dice = np.random.default_rng(5)
    referee, nothing = Referee(), np.zeros((2, HOP), np.float32)
    for _ in range(60):
        echo = dice.standard_normal(HOP).astype(np.float32)
        echoes = np.stack([(0.9 if which == better else 0.7) * echo for which in (SLOW, FAST)])
        referee.judge(echo - echoes, echoes, echo, alive=True, silent=False)
    for _ in range(600):
        room = 1e-4 * dice.standard_normal(HOP).astype(np.float32)
        same = np.stack([rounded_otherwise(room, 1), rounded_otherwise(room, 2)])
        referee.judge(same, nothing, room, alive=True, silent=True)
        assert referee.better == better


@pytest.mark.parametrize("seed", range(100))
def test_a_line_through_scattered_delays_has_no_step(seed: int) -> None:
    dice = np.random.default_rng(seed)
    lags = 1500 - dice.uniform(-150, 150) * 1e-6 * EVERY * np.arange(60) + 0.2 * dice.standard_t(2, 60)
    one, other = DriftEstimator(), DriftEstimator()
    for at, lag in enumerate(lags):
        one.add(at * EVERY, lag)
        other.add(at * EVERY, lag + 1e-5 * dice.standard_normal())
        line, alike = one.line(), other.line()
        assert (line is None) == (alike is None)
        assert line is None or alike is None or line.ppm == pytest.approx(alike.ppm, abs=0.01)


@pytest.mark.parametrize("fraction", [0.5 / PHASES, 17.5 / PHASES, 1.0, 0.0])
def test_a_delay_that_creeps_reads_no_step(fraction: float) -> None:
    recent = Recent(RATE)
    recent.push(voice(1.0, 5))
    delay = LOOKAHEAD + 3 + fraction
    before, after = recent.delayed(800, delay - 1e-9), recent.delayed(800, delay + 1e-9)
    assert np.abs(before - after).max() < 1e-6 * np.abs(before).max()
