"""How loud the person was: their voice alone, without its gaps and without what is no voice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.turn.loudness import LEAST, MOST, Loudness

VOICE, NOBODY = 0.95, 0.1


def of(*steps: tuple[int, float, float]) -> float:
    """Of (count, near, power)."""
    loudness = Loudness()
    for count, near, power in steps:
        for _ in range(count):
            loudness.hear(near, power)
    return loudness.take()


def test_a_steady_voice_is_as_loud_as_it_is() -> None:
    assert of((50, VOICE, 0.01)) == pytest.approx(0.01)


@pytest.mark.parametrize("other", [(100, NOBODY, 0.5), (30, VOICE, 1e-5)])
def test_neither_noise_nor_the_gaps_of_a_voice_count(other: tuple[int, float, float]) -> None:
    assert of((50, VOICE, 0.01), other) == pytest.approx(0.01)


def test_hardly_any_voice_says_nothing() -> None:
    assert of((LEAST - 1, VOICE, 0.01), (100, NOBODY, 0.01)) == 0.0
    assert of((LEAST, VOICE, 0.01)) > 0.0


def test_each_turn_begins_anew() -> None:
    loudness = Loudness()
    for power in (0.1, 0.001):
        for _ in range(20):
            loudness.hear(VOICE, power)
        assert loudness.take() == pytest.approx(power)
    assert loudness.take() == 0.0


def test_what_is_kept_is_bounded() -> None:
    assert of((MOST, VOICE, 0.01), (MOST, VOICE, 1.0)) == pytest.approx(0.01)


@given(st.lists(st.tuples(st.floats(0.001, 0.999), st.floats(0.0, 1.0)), max_size=60))
def test_it_is_never_louder_than_the_loudest_step(steps: list[tuple[float, float]]) -> None:
    loudness = Loudness()
    for near, power in steps:
        loudness.hear(near, power)
    assert 0.0 <= loudness.take() <= max((power for _, power in steps), default=0.0) * (1 + 1e-9)
