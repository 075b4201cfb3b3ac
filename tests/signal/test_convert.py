"""Sample formats: nothing is lost on the way in and out again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgeagent.signal import Sound
from edgeagent.signal.convert import to_float, to_int16, to_mono


def test_every_int16_survives_the_round_trip() -> None:
    every = np.arange(-32768, 32768, dtype=np.int16)
    there = to_float(every)
    assert there.dtype == np.float32
    assert there[0] == -1.0
    assert there[-1] < 1.0
    np.testing.assert_array_equal(to_int16(there), every)


@given(arrays(np.float32, st.integers(0, 50), elements=st.floats(-1, 1 - 2**-15, width=32)))
def test_rounding_errs_by_half_a_step_at_most(sound: Sound) -> None:
    assert np.all(np.abs(to_float(to_int16(sound)) - sound) <= 0.5 / 32768)


def test_saturates_and_takes_nonsense_for_silence() -> None:
    sound = np.array([1.0, 2.0, -2.0, np.inf, -np.inf, np.nan, 1e30], np.float32)
    assert to_int16(sound).tolist() == [32767, 32767, -32768, 32767, -32768, 0, 32767]


@given(arrays(np.float32, st.tuples(st.integers(0, 40), st.integers(1, 8)), elements=st.floats(-1, 1, width=32)))
def test_mono_is_the_mean_of_each_frame_alone(frames: Sound) -> None:
    mono = to_mono(frames.reshape(-1), frames.shape[1])
    assert mono.dtype == np.float32
    np.testing.assert_allclose(mono, np.array([f.mean() for f in frames]), atol=1e-6)
    each = [to_mono(frame, frames.shape[1])[0] for frame in frames]
    np.testing.assert_array_equal(mono, np.array(each, np.float32))


def test_mono_refuses_half_a_frame() -> None:
    with pytest.raises(ValueError, match="2 channels"):
        to_mono(np.zeros(5, np.float32), 2)
