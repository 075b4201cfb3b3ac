"""Probabilities that mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from tools.train.calibration import expected_error, probabilities, temperature
from tools.train.truth import IGNORED


def clouds(classes: int, n: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Scores (n, classes) that are the log odds of what is true, and what came true."""
    dice = np.random.default_rng(2)
    honest = dice.normal(0, 1.5, (n, classes)).astype(np.float32)
    thrown = dice.gumbel(size=honest.shape)
    return honest, (honest + thrown).argmax(axis=1)


@pytest.mark.parametrize("classes", [3, 4])
@pytest.mark.parametrize("boast", [0.7, 1.0, 3.0])
def test_temperature_finds_out_how_much_is_boasted(classes: int, boast: float) -> None:
    honest, labels = clouds(classes)
    ones = np.ones(len(labels), np.float32)
    assert temperature((boast * honest).astype(np.float32), labels, ones) == pytest.approx(boast, rel=0.1)


def test_what_is_left_open_and_what_counts_nothing_does_not_calibrate() -> None:
    honest, labels = clouds(3)
    wrong = (labels + 1) % 3
    mixed, weights = labels.copy(), np.ones(len(labels), np.float32)
    mixed[:5000], mixed[5000:10_000] = IGNORED, wrong[5000:10_000]
    weights[5000:10_000] = 0.0
    assert temperature(honest, mixed, weights) == pytest.approx(1.0, rel=0.1)


def test_probabilities_add_up_however_large_the_scores() -> None:
    told = probabilities(np.array([[1000.0, 0.0, -1000.0], [0.0, 0.0, 0.0]], np.float32))
    np.testing.assert_allclose(told.sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(told[1], 1 / 3, rtol=1e-6)


def test_honest_probabilities_are_hardly_wrong_and_boasts_are() -> None:
    honest, labels = clouds(3)
    told, boasted = probabilities(honest)[:, 0], probabilities(4 * honest)[:, 0]
    assert expected_error(told, labels == 0) < 0.02
    assert expected_error(boasted, labels == 0) > 0.05


def test_the_error_is_the_distance_from_how_often_it_came_true() -> None:
    sure = np.full(100, 0.95, np.float32)
    assert expected_error(sure, np.zeros(100, bool)) == pytest.approx(0.95, abs=1e-4)
    assert expected_error(np.ones(100, np.float32), np.ones(100, bool)) == 0.0
