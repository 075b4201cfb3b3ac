"""The fitting itself, on clouds of points; without torch there is nothing to test."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.detect.perceptron import Perceptron

pytest.importorskip("torch")

from tools.train.first_ear import calibrated
from tools.train.fit import Recipe, fit, temperature

RECIPE = Recipe(hidden=8, epochs=10, rate=1e-2, noise=0.1, dropped=0.0, decay=1e-3, batch=64)


def clouds(classes: int) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(1)
    labels = dice.integers(0, classes, 1500)
    centres = dice.normal(0, 3, (classes, 6))
    return (centres[labels] + dice.normal(0, 1, (1500, 6))).astype(np.float32), labels


@pytest.mark.parametrize("classes", [2, 4])
def test_learns_clouds(classes: int) -> None:
    x, y = clouds(classes)
    logits = Perceptron(fit(RECIPE, x, y, np.ones(len(y), np.float32))).run({"features": x})["logits"]
    found = logits[:, 0] > 0 if classes == 2 else logits.argmax(axis=1)
    assert np.mean(found == y) > 0.95


def test_same_seed_same_weights() -> None:
    x, y = clouds(2)
    first, again = (fit(RECIPE, x, y, np.ones(len(y), np.float32), seed=3) for _ in range(2))
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name])


def test_temperature_finds_out_how_much_is_boasted() -> None:
    dice = np.random.default_rng(2)
    honest = dice.normal(0, 2, (20000, 1)).astype(np.float32)
    labels = (dice.random(20000) < 1 / (1 + np.exp(-honest[:, 0]))).astype(np.int64)
    assert temperature(3 * honest, labels, np.ones(20000, np.float32)) == pytest.approx(3.0, rel=0.1)


def test_calibration_divides_all_logits_and_shifts_one() -> None:
    x, y = clouds(4)
    model = fit(RECIPE, x, y, np.ones(len(y), np.float32))
    before, after = (Perceptron(m).run({"features": x[0]})["logits"] for m in (model, calibrated(model, 2.0, 1, -0.5)))
    np.testing.assert_allclose(after - before / 2, [0.0, -0.5, 0.0, 0.0], atol=1e-5)
