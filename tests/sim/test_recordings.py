"""The canceller over whole recordings: any delay, drift beyond its range, cuts; as long as the microphone, in step."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.signal.canceller import Trust
from edgeagent.sim.offset import STRETCH
from edgeagent.sim.recordings import cancel
from edgeagent.units import HOP, RATE, samples
from tests.signal.echo_world import Sound, echo_of, level, room, voice

FAR = voice(8.0, 1)
HEARD = echo_of(FAR, room(2), 1000)


def erle(microphone: Sound, output: Sound, start: float, stop: float) -> float:
    part = slice(int(start * RATE), int(stop * RATE))
    return level(microphone[part]) - level(output[part])


@pytest.mark.parametrize("ahead", [0, samples(-900), samples(250), samples(2000)])
def test_any_delay_will_do(ahead: int) -> None:
    far = np.concatenate((np.zeros(max(ahead, 0), np.float32), FAR))[max(-ahead, 0) :]
    done = cancel(HEARD, far)
    assert erle(HEARD, done.clean, 3, 7) > 25
    assert erle(HEARD, done.linear, 4, 7) > 14
    assert done.delay == pytest.approx(1016 - ahead, abs=5)
    assert done.confidence.trust is Trust.TRUSTED
    assert not done.swapped


def test_the_output_is_in_step_with_the_microphone() -> None:
    person = voice(8.0, 3)[: 8 * RATE - 100]
    done = cancel(person, np.zeros(RATE, np.float32))
    for output in (done.clean, done.linear):
        assert len(output) == len(person)
        np.testing.assert_allclose(output, person, atol=1e-4)
    assert len(done.audible) == len(person) // HOP
    assert not done.audible.any()
    assert done.delay is None


@pytest.mark.parametrize("length", [1, HOP - 1, HOP, HOP + 1, 3 * HOP])
def test_any_length_will_do(length: int) -> None:
    done = cancel(HEARD[:length], FAR)
    assert len(done.clean) == len(done.linear) == length
    assert len(done.audible) == length // HOP


def test_a_cut_in_the_recording_is_found() -> None:
    far = voice(3 * STRETCH / RATE, 4)
    echo = echo_of(far, room(5), 1000)
    cut = np.concatenate((echo[:STRETCH], echo[STRETCH + 2 * RATE :]))
    done = cancel(cut, far)
    second = STRETCH / RATE
    assert erle(cut, done.clean, second - 4, second) > 25
    assert erle(cut, done.clean, second + 2, second + 6) > 25
    assert done.delay == pytest.approx(1016 - 2 * RATE, abs=5)


@pytest.mark.slow
@pytest.mark.parametrize(("begin", "ppm"), [(700, 200.0), (3700, -200.0)])
def test_a_drift_beyond_the_range_of_the_canceller_goes_unnoticed(begin: int, ppm: float) -> None:
    """In two minutes the delay moves by 24 ms: out of what the canceller can read at the one end, and out of what is
    left to it at the other."""
    far = voice(120.0, 6)
    microphone = echo_of(far, room(8), begin, ppm)
    done = cancel(microphone, far)
    for second in range(10, 120, 10):
        assert erle(microphone, done.linear, second, second + 10) > 14
    assert done.delay == pytest.approx(begin + 16 - 120 * ppm * 1e-6 * RATE, abs=8)


def test_progress_is_told() -> None:
    told: list[int] = []
    cancel(HEARD[: 10 * HOP], FAR, told.append)
    assert told == [hop * HOP for hop in range(11)]
