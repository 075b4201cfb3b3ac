"""The moment at which a sound ended, through rooms that ring on, noise, and clocks that have drifted apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.ports import Sound
from edgeagent.signal.cut import cut, gone_on
from edgeagent.units import RATE

UPTO = 3000
SIZE = 8000


def noise(count: int, seed: int) -> Sound:
    return np.random.default_rng(seed).standard_normal(count).astype(np.float32)


def path(seed: int) -> Sound:
    """A room that rings for 0.2 s."""
    response = noise(3200, seed) * np.exp(-np.arange(3200) / 500).astype(np.float32)
    response[20] += 4
    return (0.1 * response).astype(np.float32)


def heard(played: Sound, response: Sound, first: int, noise_level: float, seed: int) -> Sound:
    echo = np.zeros(len(played) + 400)
    whole = np.convolve(played, response)
    echo[200 + first :][: len(played)] = whole[: len(echo) - 200 - first][: len(played)]
    return (echo[200 : 200 + len(played)] + noise_level * noise(len(played), seed + 1)).astype(np.float32)


@given(
    end=st.integers(UPTO, SIZE - 400),
    first=st.integers(-60, 120),
    drifted=st.integers(-300, 300),
    seed=st.integers(0, 50),
)
def test_the_end_is_found_whatever_the_room(end: int, first: int, drifted: int, seed: int) -> None:
    played, response = 0.1 * noise(SIZE, seed), path(seed)
    ended = np.where(np.arange(SIZE) < end, played, 0).astype(np.float32)
    first_now = min(150, max(-150, first + drifted))
    microphone = heard(ended, response, first_now, 1e-3, seed)
    assert cut(microphone, played, response, first, UPTO) == pytest.approx(end, abs=16)


def test_noise_as_loud_as_the_echo_costs_a_few_samples() -> None:
    errors = []
    for seed in range(20):
        played, response = 0.1 * noise(SIZE, seed), path(seed)
        ended = np.where(np.arange(SIZE) < 5000, played, 0).astype(np.float32)
        microphone = heard(ended, response, 30, 0.05, seed)
        found = cut(microphone, played, response, 30, UPTO)
        assert found is not None
        errors.append(abs(found - 5000))
    assert np.median(errors) <= 32  # 2 ms


def test_of_a_fade_it_is_about_the_middle() -> None:
    played, response = 0.1 * noise(SIZE, 3), path(3)
    gain = np.interp(np.arange(SIZE), [5000, 5160], [1, 0])
    found = cut(heard((played * gain).astype(np.float32), response, 0, 1e-3, 3), played, response, 0, UPTO)
    assert found == pytest.approx(5080, abs=64)


def test_another_sound_is_not_mistaken_for_it() -> None:
    assert cut(noise(SIZE, 9), 0.1 * noise(SIZE, 1), path(1), 0, UPTO) is None


@given(start=st.integers(0, RATE), gain=st.floats(0.05, 1.0))
def test_what_would_have_sounded_is_the_original_at_its_gain(start: int, gain: float) -> None:
    original = noise(2 * RATE, 5)
    true = (gain * original[start : start + SIZE]).astype(np.float32)
    stopped = true.copy()
    stopped[UPTO + 500 :] = 0
    np.testing.assert_allclose(gone_on(stopped, original, UPTO), true, atol=1e-5)


def test_behind_the_end_of_the_original_there_is_silence() -> None:
    original = noise(4000, 5)
    reference = np.concatenate((original[500:], np.zeros(4500, np.float32)))
    whole = gone_on(reference, original, 3000)
    np.testing.assert_allclose(whole[:3500], original[500:], atol=1e-5)
    assert not whole[3500:].any()


@given(begins=st.integers(1, 2500))
def test_the_original_may_have_begun_in_the_midst(begins: int) -> None:
    original = noise(2 * RATE, 6)
    true = np.concatenate((np.zeros(begins, np.float32), 0.5 * original))[:SIZE]
    stopped = np.where(np.arange(SIZE) < UPTO + 100, true, 0).astype(np.float32)
    np.testing.assert_allclose(gone_on(stopped, original, UPTO), true, atol=1e-5)
