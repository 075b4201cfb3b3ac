"""The one clock: conversions are exact where they must be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.units import CARD_BLOCK, HOP, RATE, milliseconds, samples, seconds

TEN_YEARS = 10 * 366 * 24 * 3600 * RATE


@pytest.mark.parametrize(("ms", "count"), [(0, 0), (10, 160), (16, 256), (0.0625, 1), (0.04, 1), (0.03, 0)])
def test_known_durations(ms: float, count: int) -> None:
    assert samples(ms) == count


@given(st.integers(-TEN_YEARS, TEN_YEARS))
def test_no_sample_is_lost_on_the_way_to_milliseconds_and_back(count: int) -> None:
    assert samples(milliseconds(count)) == count


@given(st.integers(-TEN_YEARS, TEN_YEARS))
def test_no_sample_is_lost_on_the_way_to_seconds_and_back(count: int) -> None:
    assert samples(seconds(count) * 1000) == count


def test_the_grain_is_a_power_of_two() -> None:
    assert HOP & (HOP - 1) == 0
    assert milliseconds(CARD_BLOCK) == 10
