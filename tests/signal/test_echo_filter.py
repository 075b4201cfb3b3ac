"""The Kalman filter by itself, on a far end that is already aligned."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.signal.echo_filter import EchoFilter
from edgeagent.signal.spectra import SPAN
from edgeagent.units import HOP, RATE
from tests.signal.echo_world import Sound, echo_of, level, room, voice


def run(filter_: EchoFilter, far: Sound, microphone: Sound, usable: bool = True) -> Sound:
    return np.concatenate(
        [
            filter_.process(far[i : i + HOP], microphone[i : i + HOP], usable).error
            for i in range(0, len(far) - HOP + 1, HOP)
        ]
    )


def erle(microphone: Sound, error: Sound, start: float, stop: float) -> float:
    part = slice(int(start * RATE), int(stop * RATE))
    return level(microphone[part]) - level(error[part])


@pytest.mark.parametrize("gain", [0.02, 0.5, 2.0])
@pytest.mark.parametrize("rt60", [0.1, 0.3])
def test_converges_whatever_the_level(gain: float, rt60: float) -> None:
    far = voice(5.0, 1)
    microphone = echo_of(far, room(2, rt60, gain), 100)
    error = run(EchoFilter(), far, microphone)
    assert erle(microphone, error, 1, 2) > 12
    assert erle(microphone, error, 4, 5) > 25


def test_bent_loudspeaker_is_partly_modelled() -> None:
    far = voice(6.0, 3, level=0.12)
    bent = (0.2 * np.tanh(far / 0.2)).astype(np.float32)
    microphone = echo_of(bent, room(4, 0.15), 100)
    error = run(EchoFilter(), far, microphone)
    assert erle(microphone, error, 1, 3) > 8
    assert erle(microphone, error, 4, 6) > 9  # without the bent rows: 5 and 7


def test_near_end_passes_unharmed_and_does_no_harm() -> None:
    far, near = voice(8.0, 5), voice(8.0, 6, 0.03)
    near[: 3 * RATE] = 0
    near[6 * RATE :] = 0
    echo = echo_of(far, room(7), 100)
    error = run(EchoFilter(), far, echo + near)
    part = slice(3 * RATE, 6 * RATE)
    left = error[part] - near[part]
    assert level(left) < level(near[part]) - 8
    assert level(echo[6 * RATE :]) - level(error[6 * RATE :]) > 18


def test_not_usable_learns_nothing() -> None:
    far = voice(2.0, 8)
    microphone = echo_of(far, room(9), 100)
    error = run(EchoFilter(), far, microphone, usable=False)
    assert np.array_equal(error, microphone[: len(error)])


def test_never_makes_things_worse_when_the_far_end_is_unrelated() -> None:
    far, microphone = voice(8.0, 10), voice(8.0, 11)
    error = run(EchoFilter(), far, microphone)
    for second in range(8):
        assert erle(microphone, error, second, second + 1) > -1.5


def test_a_path_turned_over_is_learnt_again() -> None:
    far = voice(8.0, 12)
    echo = echo_of(far, room(13), 100)
    echo[4 * RATE :] *= -1
    error = run(EchoFilter(), far, echo)
    assert erle(echo, error, 5, 6) > 10
    assert erle(echo, error, 7, 8) > 18


def test_shift_and_recall_keep_the_filter_at_work() -> None:
    far = voice(8.0, 14)
    echo = echo_of(far, room(15), 400)
    filter_ = EchoFilter()
    run(filter_, far[: 4 * RATE], echo[: 4 * RATE])
    here = 4 * RATE - 4 * RATE % HOP
    filter_.retime(far[here - 300 - SPAN : here - 300], 300)
    late = far[here - 300 : -300]
    error = run(filter_, late, echo[here:])
    assert level(echo[here : here + RATE]) - level(error[:RATE]) > 20

    moved = np.concatenate([np.zeros(300, np.float32), late])[: len(late)]
    assert filter_.residual(late[-SPAN - HOP :], echo[-2 * HOP :], proven=True) < 0.05
    assert filter_.residual(moved[-SPAN - HOP :], echo[-2 * HOP :], proven=True) > 0.5


def test_a_filter_that_works_is_not_unsettled() -> None:
    far = voice(6.0, 16)
    echo = echo_of(far, room(17), 100)
    half = 3 * RATE // HOP * HOP
    errors = []
    for tell in (True, False):
        filter_ = EchoFilter()
        run(filter_, far[:half], echo[:half])
        if tell:
            filter_.unsettle()
        errors.append(run(filter_, far[half:], echo[half:]))
    np.testing.assert_array_equal(errors[0], errors[1])


def test_one_whose_room_has_changed_learns_sooner_when_told() -> None:
    far = voice(6.0, 18)
    half = 3 * RATE // HOP * HOP
    echo = np.concatenate([echo_of(far, room(19), 100)[:half], echo_of(far, room(20), 100)[half:]])
    left = []
    for tell in (True, False):
        filter_ = EchoFilter()
        run(filter_, far[: half + 4 * HOP], echo[: half + 4 * HOP])
        if tell:
            filter_.unsettle()
        left.append(level(run(filter_, far[half + 4 * HOP :], echo[half + 4 * HOP :])[RATE // 2 : 3 * RATE // 2]))
    assert left[0] < left[1] - 6


def test_what_it_says_before_the_echo_comes_in_a_quiet_room_does_not_cost_the_filter() -> None:
    """Its first taps, which no echo needs, are never quite zero, and after a silence all there is to see for a hop."""
    far = voice(11.0, 20, 0.2)
    far[8 * RATE : 10 * RATE + 5 * HOP] = 0  # and then begins in the middle of a vowel
    noise = np.random.default_rng(21).normal(0, 1, far.size).astype(np.float32)
    noise[: 8 * RATE] *= 1e-2
    noise[8 * RATE :] *= 1e-5
    late = np.concatenate((np.zeros(2 * HOP, np.float32), far))
    microphone = np.convolve(late, room(22, 0.2, 0.5))[: far.size].astype(np.float32) + noise
    error = run(EchoFilter(), far, microphone)
    assert erle(microphone, error, 7, 8) > 10
    begin = 10 + 7 * HOP / RATE
    assert erle(microphone, error, begin, begin + 0.1) > 10
