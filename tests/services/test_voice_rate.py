"""A voice at its own rate, at ours: in step, of exactly the right length, however it is cut."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.services.voice_rate import VoiceRate
from edgeagent.services.voice_rates import RATES as POSSIBLE
from edgeagent.signal.convert import to_float
from edgeagent.signal.resample import resample

RATES = (8_000, 16_000, 22_050, 44_100, 48_000)


def through(rate: int, portions: list[bytes]) -> np.ndarray:
    voice = VoiceRate(rate)
    return np.concatenate([*(voice.push(portion) for portion in portions), voice.finish()])


@pytest.mark.parametrize("rate", RATES)
def test_a_click_stays_where_it_was(rate: int) -> None:
    pcm = np.zeros(rate, np.int16)
    pcm[rate // 4] = 30_000
    sound = through(rate, [pcm.tobytes()])
    assert sound.dtype == np.float32
    assert len(sound) == 16_000
    assert abs(int(np.argmax(np.abs(sound))) - 4_000) <= 1
    assert VoiceRate(rate).position(rate // 4) == 4_000


@pytest.mark.parametrize("rate", RATES)
@given(cuts=st.lists(st.integers(1, 3_000), max_size=12))
def test_portions_never_matter_not_even_odd_ones(rate: int, cuts: list[int]) -> None:
    noise = np.random.default_rng(7).integers(-9_000, 9_000, 3_000).astype(np.int16).tobytes()
    portions, start = [], 0
    for cut in cuts:
        portions.append(noise[start : start + cut])
        start += cut
    portions.append(noise[start:])
    np.testing.assert_array_equal(through(rate, portions), through(rate, [noise]))


@pytest.mark.parametrize("rate", RATES)
def test_the_rates_of_voices_are_possible(rate: int) -> None:
    assert rate in POSSIBLE


def test_the_most_expensive_rate_of_a_voice_has_room_on_a_small_machine() -> None:
    tracemalloc.start()
    VoiceRate(POSSIBLE[-2])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100 << 20


def test_it_is_the_resampler_of_the_house() -> None:
    noise = np.random.default_rng(7).integers(-9_000, 9_000, 5_000).astype(np.int16)
    expected = resample(to_float(noise), 22_050, 16_000)
    sound = through(22_050, [noise.tobytes()])
    np.testing.assert_allclose(sound[: len(expected)], expected[: len(sound)], atol=1e-6)
    assert abs(len(sound) - len(expected)) <= 1


def test_no_sound_is_no_sound() -> None:
    assert len(through(22_050, [])) == 0
    assert len(through(22_050, [b"x"])) == 0
