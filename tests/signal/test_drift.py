"""The drift line: accurate, robust against strays, silent where there is nothing to say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeagent.signal.drift import DriftEstimator, Line
from edgeagent.units import RATE

EVERY = 1024
"""Samples between two delays."""


def fitted(lags: NDArray[np.float64], estimator: DriftEstimator | None = None) -> Line | None:
    estimator = estimator or DriftEstimator()
    for i, lag in enumerate(lags):
        estimator.add(i * EVERY, float(lag))
    return estimator.line()


def drifting(ppm: float, seconds: float, scatter: float, seed: int = 0, start: float = 1500.0) -> NDArray[np.float64]:
    n = int(seconds * RATE / EVERY)
    return start - ppm * 1e-6 * EVERY * np.arange(n) + scatter * np.random.default_rng(seed).standard_normal(n)


@given(ppm=st.floats(-200, 200).filter(lambda p: abs(p) > 20), seed=st.integers(0, 1000))
def test_finds_the_slope(ppm: float, seed: int) -> None:
    lags = drifting(ppm, 6.0, 0.1, seed)
    line = fitted(lags)
    assert line is not None
    assert line.ppm == pytest.approx(ppm, abs=6)
    assert line.lag == pytest.approx(1500 - ppm * 1e-6 * EVERY * (len(lags) - 1), abs=0.2)


def test_believes_200_ppm_after_two_seconds() -> None:
    line = fitted(drifting(200, 2.2, 0.1))
    assert line is not None
    assert line.ppm == pytest.approx(200, abs=20)


@given(seed=st.integers(0, 1000))
def test_one_crystal_shows_no_drift(seed: int) -> None:
    assert fitted(drifting(0, 8.0, 0.3, seed)) is None


def test_strays_do_not_bend_the_line() -> None:
    lags = drifting(80, 8.0, 0.1)
    lags[::5] += 7.0
    lags[2::9] += 300.0
    line = fitted(lags)
    assert line is not None
    assert line.ppm == pytest.approx(80, abs=5)


def test_a_step_is_no_line() -> None:
    lags = drifting(0, 8.0, 0.1)
    lags[len(lags) // 2 :] += 2.5
    assert fitted(lags) is None


def test_scatter_is_no_line() -> None:
    assert fitted(drifting(150, 6.0, 4.0)) is None


def test_too_short_is_no_line() -> None:
    assert fitted(drifting(200, 1.0, 0.01)) is None


def test_a_told_shift_moves_the_line_and_keeps_its_slope() -> None:
    estimator = DriftEstimator()
    before = fitted(drifting(100, 6.0, 0.05), estimator)
    estimator.shift(640)
    after = estimator.line()
    assert before is not None
    assert after is not None
    assert after.ppm == pytest.approx(before.ppm)
    assert after.lag == pytest.approx(before.lag + 640)


@pytest.mark.parametrize("pause", [0.0, 10.0, 60.0])
@pytest.mark.parametrize("step", [0.0, 18.0])
def test_goes_on_after_a_pause_and_where_the_echo_comes_another_way(pause: float, step: float) -> None:
    """Of ours, in which nothing is measured; and a device that was moved by a foot."""
    estimator = DriftEstimator()
    lags = drifting(100, 12.0 + pause, 0.1)
    for i, lag in enumerate(lags):
        at = i * EVERY / RATE
        if not 6.0 <= at < 6.0 + pause:
            estimator.add(i * EVERY, float(lag + step * (at > 6.0)))
            estimator.line()
    line = estimator.line()
    assert line is not None
    assert line.ppm == pytest.approx(100, abs=5)
    assert line.lag == pytest.approx(lags[-1] + step, abs=1.0)


def test_a_first_delay_that_was_wrong_does_not_hide_the_drift_for_ever() -> None:
    lags = drifting(60, 8.0, 0.1)
    lags[:10] += 15.0
    line = fitted(lags)
    assert line is not None
    assert line.ppm == pytest.approx(60, abs=6)


def test_another_reflection_that_shows_for_a_second_does_not_bend_the_line() -> None:
    estimator = DriftEstimator()
    lags = drifting(80, 8.0, 0.1)
    lags[90:106] += 15.0
    line = fitted(lags[:80], estimator)
    assert line is not None
    for i, lag in enumerate(lags[80:], 80):
        estimator.add(i * EVERY, float(lag))
    line = estimator.line()
    assert line is not None
    assert line.ppm == pytest.approx(80, abs=3)
    assert line.lag == pytest.approx(lags[-1], abs=0.3)


def test_reset_forgets() -> None:
    estimator = DriftEstimator()
    assert fitted(drifting(100, 6.0, 0.05), estimator) is not None
    estimator.reset()
    assert estimator.line() is None


def test_after_ten_seconds_without_a_line_there_is_hardly_any_drift() -> None:
    still, moving = DriftEstimator(), DriftEstimator()
    assert fitted(drifting(0, 9.0, 0.1), still) is None
    assert not still.unlikely
    assert fitted(drifting(0, 12.0, 0.1), still) is None
    assert still.unlikely
    assert fitted(drifting(100, 12.0, 0.1), moving) is not None
    assert not moving.unlikely
    still.reset()
    assert not still.unlikely


def test_half_a_minute_is_remembered_however_often_it_was_looked_at() -> None:
    """A crystal that warms up from 80 to 110 ppm in 90 seconds drifts by 105 in the last 30."""
    often, rarely = DriftEstimator(), DriftEstimator()
    ppm = np.linspace(80, 110, int(90 * RATE / EVERY))
    lags = 1500 - np.cumsum(ppm) * 1e-6 * EVERY + 0.05 * np.random.default_rng(0).standard_normal(ppm.size)
    for i, lag in enumerate(lags):
        often.add(i * EVERY, float(lag))
        if i % 4 == 3:
            rarely.add(i * EVERY, float(lag), looks=4)
    for estimator in (often, rarely):
        line = estimator.line()
        assert line is not None
        assert line.ppm == pytest.approx(105, abs=1)
        assert line.lag == pytest.approx(lags[-1], abs=0.8)
        assert estimator.settled


def test_strays_for_as_long_are_none_however_often_it_was_looked() -> None:
    estimator = DriftEstimator()
    lags = drifting(80, 16.0, 0.1)
    lags[128:] += 20.0
    found = []
    for i in range(3, len(lags), 4):
        estimator.add(i * EVERY, float(lags[i]), looks=4)
        line = estimator.line()
        found.append(line is not None and abs(line.lag - lags[i]) < 1.0)
    moved = 128 // 4
    assert all(found[moved - 4 : moved])
    assert not any(found[moved : moved + 5])  # 1.3 s
    assert all(found[moved + 6 :])
