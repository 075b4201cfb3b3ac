"""The near-end detector around its model: its memory, its bounds, its refusals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from edgeagent.detect.near_end import CLASSES, CONTEXT, NEAR, SURE, Context, NearEnd
from edgeagent.detect.perceptron import Array
from edgeagent.errors import ModelError
from edgeagent.signal.features import SIZE


class Fixed:
    """A model that always says the same."""

    def __init__(self, logits: list[float], size: int = CONTEXT) -> None:
        self.inputs = {"features": (size,)}
        self.outputs = ("logits",)
        self._logits = np.array(logits, np.float32)

    def run(self, feeds: Mapping[str, Array]) -> Mapping[str, Array]:
        assert feeds["features"].shape == (CONTEXT,)
        return {"logits": self._logits}


def test_the_means_forget_at_their_own_pace() -> None:
    context = Context()
    for _ in range(200):
        context.push(np.ones(SIZE, np.float32))
    for _ in range(5):
        after = context.push(np.zeros(SIZE, np.float32))
    now, fast, slow = after[: 3 * SIZE].reshape(3, SIZE)[:, 0]
    assert now == 0.0
    assert 0.1 < fast < 0.25 < 0.5 < slow < 0.7


def test_a_peak_is_held_and_then_let_go() -> None:
    context = Context()
    context.push(np.full(SIZE, 2.0, np.float32))
    held = [float(context.push(np.zeros(SIZE, np.float32))[-1]) for _ in range(60)]
    assert held[0] > 1.9
    assert held[30] > 0.3
    assert held[-1] == 0.0
    assert held == sorted(held, reverse=True)


def test_nothing_is_certain() -> None:
    for logit in (-100.0, 100.0):
        logits = [0.0] * len(CLASSES)
        logits[NEAR] = logit
        near = NearEnd(Fixed(logits)).hear(np.zeros(SIZE, np.float32))
        assert near == pytest.approx(SURE if logit > 0 else 1 - SURE)


def test_only_near_speech_counts() -> None:
    said = []
    for winner in range(len(CLASSES)):
        logits = [0.0] * len(CLASSES)
        logits[winner] = 5.0
        said.append(NearEnd(Fixed(logits)).hear(np.zeros(SIZE, np.float32)) > 0.5)
    assert said == [name == "near" for name in CLASSES]


def test_refuses_a_model_of_another_shape() -> None:
    with pytest.raises(ModelError, match="near-end model"):
        NearEnd(Fixed([0.0] * 4, CONTEXT + 1))
