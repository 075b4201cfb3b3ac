"""Probabilities that mean what they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.train.truth import IGNORED, Floats, Labels

GRID = np.geomspace(0.5, 4.0, 43)


def temperature(logits: Floats, labels: Labels, weights: Floats) -> float:
    """By what the logits (..., classes) must be divided to be calibrated for `labels` (...) (Guo et al. 2017, "On
    calibration of modern neural networks"): the best of a grid."""
    told = labels != IGNORED
    return float(min(GRID, key=lambda by: _surprise(logits[told] / by, labels[told], weights[told])))


def probabilities(logits: Floats) -> Floats:
    """(..., classes) logits to probabilities."""
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True), np.float32)


def expected_error(probability: Floats, true: NDArray[np.bool_]) -> float:
    """Mean distance of a probability (n,) from how often it came `true` (n,), over ten bins (Naeini et al. 2015,
    expected calibration error)."""
    bins = np.minimum((probability * 10).astype(int), 9)
    errors = [abs(float((probability[bins == b] - true[bins == b]).sum())) for b in range(10)]
    return sum(errors) / len(probability)


def _surprise(logits: Floats, labels: Labels, weights: Floats) -> float:
    """Weighted mean negative log likelihood."""
    most = logits.max(axis=-1, keepdims=True)
    scale = np.log(np.exp(logits - most).sum(axis=-1)) + most[..., 0]
    own = np.take_along_axis(logits, labels[..., None], -1)[..., 0]
    return float(((scale - own) * weights).sum() / weights.sum())
