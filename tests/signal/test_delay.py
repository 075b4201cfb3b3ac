"""GCC-PHAT finds the delay of an echo, in rooms, in noise, and not where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.signal.alignment import Alignment, Move
from edgeagent.signal.delay import LAGS, DelayEstimator, Peak
from edgeagent.signal.fourier import forward
from edgeagent.units import HOP
from tests.signal.echo_world import Sound, echo_of, room, voice


def peaks(far: Sound, microphone: Sound, incumbent: int = -1) -> list[Peak]:
    estimator = DelayEstimator()
    seen: list[Peak] = []
    for i in range(2 * HOP, len(far) - HOP, HOP):
        frame = np.concatenate([np.zeros(HOP, np.float32), microphone[i - HOP : i]])
        estimator.push(forward(far[i - HOP : i + HOP]), forward(frame))
        peak = estimator.peak(incumbent) if i // HOP % 4 == 0 else None
        if peak is not None:
            seen.append(peak)
    return seen


@pytest.mark.parametrize("delay", [0, 160, 255, 256, 1000, 3200, 4800], ids=lambda d: f"{d / 16:g}ms")
@pytest.mark.parametrize("rt60", [0.1, 0.4])
def test_finds_the_direct_path(delay: int, rt60: float) -> None:
    far = voice(2.0, 1)
    lags = [peak.lag for peak in peaks(far, echo_of(far, room(2, rt60), delay))]
    late = lags[len(lags) // 2 :]
    assert np.median(np.abs(np.array(late) - delay - 16)) < 2
    assert max(late) < LAGS


def test_sees_fractions_of_a_sample() -> None:
    far = voice(3.0, 3)
    lags = [peak.lag for peak in peaks(far, echo_of(far, room(4, 0.1), 800, ppm=100.0))]
    late = np.array(lags[-20:])
    slope = np.polyfit(np.arange(len(late)) * 4 * HOP, late, 1)[0]
    assert slope * 1e6 == pytest.approx(-100, abs=30)


def test_near_end_as_loud_as_the_echo_does_not_mislead() -> None:
    far, near = voice(3.0, 5), voice(3.0, 6)
    echo = echo_of(far, room(7), 2000)
    near *= np.float32(np.std(echo) / np.std(near))
    lags = np.array([peak.lag for peak in peaks(far, echo + near)])
    assert np.mean(np.abs(lags[10:] - 2016) < 3) > 0.8


def test_unrelated_sounds_show_no_steady_delay() -> None:
    lags = np.array([peak.lag for peak in peaks(voice(4.0, 8), voice(4.0, 9))])
    steady = np.abs(np.diff(lags)) < 4
    runs = sum(steady[i] and steady[i + 1] for i in range(len(steady) - 1))
    assert runs <= 0.2 * len(lags)


def test_silence_shows_nothing() -> None:
    silence = np.zeros(16_000, np.float32)
    assert peaks(silence, silence) == []
    assert peaks(voice(1.0, 1), silence) == []
    assert peaks(silence, voice(1.0, 1)) == []


def test_stays_with_the_incumbent_when_a_reflection_is_as_strong() -> None:
    far = voice(2.0, 10)
    taps = np.zeros(600, np.float32)
    taps[[20, 520]] = 0.5, 0.52
    microphone = echo_of(far, taps, 1000)
    assert {round(peak.lag) for peak in peaks(far, microphone, incumbent=1020)[10:]} == {1020}


def test_reset_forgets() -> None:
    far = voice(1.0, 1)
    estimator = DelayEstimator()
    for i in range(2 * HOP, len(far) - HOP, HOP):
        spectrum = forward(far[i - HOP : i + HOP])
        estimator.push(spectrum, spectrum)
    assert estimator.peak() is not None
    estimator.reset()
    assert estimator.peak() is None


def test_what_is_proposed_can_be_read_whatever_was_believed_before() -> None:
    """A filter that has the echo from far behind a weak early arrival must not add that distance to a late one."""
    span = 4096
    alignment = Alignment(span, drift=True)
    alignment.take(Move(0.0, 3000.0, 3160.0, True, True))
    alignment.stay(Move(3000.0, 0.0, 10.0, False, True))
    far = voice(2.0, 30)
    heard = np.concatenate([np.zeros(4500, np.float32), far])
    moves = []
    for at in range(0, len(far) - HOP + 1, HOP):
        alignment.push(far[at : at + HOP], heard[at : at + HOP])
        moves.append(alignment.look())
    found = [move for move in moves if move is not None]
    assert found
    assert max(move.after for move in found) <= LAGS  # what it keeps
