"""The look back of the backchannel rule: what it keeps of a word, whatever the pace and the pauses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from edgeagent.detect.backchannel import PARTS, POOLED, SPAN, Backchannel, pooled
from edgeagent.detect.perceptron import Array
from edgeagent.errors import ModelError
from edgeagent.signal.features import BANDS, SIZE

PARTS_AT = SIZE + BANDS


def spoken(word: Array, each: int, tail: int) -> tuple[Array, Array]:
    """`word` (PARTS, SIZE), each part lasting so many steps, then so many of silence; and how near it is."""
    vectors, near = np.zeros((SPAN, SIZE), np.float32), np.zeros(SPAN, np.float32)
    size = PARTS * each
    vectors[SPAN - tail - size : SPAN - tail] = np.repeat(word, each, axis=0)
    near[SPAN - tail - size : SPAN - tail] = 0.9
    return vectors, near


@pytest.fixture
def word() -> Array:
    return np.random.default_rng(3).uniform(0, 3, (PARTS, SIZE)).astype(np.float32)


@pytest.mark.parametrize("each", [2, 4, 8])
def test_parts_are_those_of_the_word_however_fast(word: Array, each: int) -> None:
    parts = pooled(*spoken(word, each, 5))[PARTS_AT:-1].reshape(PARTS, BANDS)
    nearest = [int(np.argmin(np.abs(word[:, :BANDS] - part).sum(axis=1))) for part in parts]
    assert nearest == list(range(PARTS))


@pytest.mark.parametrize("tail", [0, 10, 28])
def test_silence_after_it_takes_nothing_away(word: Array, tail: int) -> None:
    now, later = pooled(*spoken(word, 4, 0)), pooled(*spoken(word, 4, tail))
    np.testing.assert_allclose(now[:-1], later[:-1], atol=2e-3)


def test_what_is_not_near_does_not_count(word: Array) -> None:
    vectors, near = spoken(word, 4, 0)
    noisy = np.where(near[:, None] > 0, vectors, np.float32(3.0))
    np.testing.assert_allclose(pooled(vectors, near), pooled(noisy, near), atol=1e-5)


def test_the_weight_grows_with_the_length(word: Array) -> None:
    weights = [float(pooled(*spoken(word, each, 0))[-1]) for each in (1, 2, 4, 8)]
    assert weights == sorted(weights)
    assert len(set(weights)) == len(weights)


def test_one_by_one_is_as_all_at_once(word: Array) -> None:
    cases = [spoken(word, each, 3) for each in (1, 3, 6)]
    together = pooled(np.stack([v for v, _ in cases]), np.stack([n for _, n in cases]))
    for row, case in zip(together, cases, strict=True):
        np.testing.assert_allclose(row, pooled(*case), rtol=1e-5, atol=1e-5)


class Recorder:
    """A model that remembers what it got."""

    outputs = ("logits",)

    def __init__(self, logit: float = 0.0, size: int = POOLED) -> None:
        self.inputs = {"features": (size,)}
        self.got: list[Array] = []
        self._logit = logit

    def run(self, feeds: Mapping[str, Array]) -> Mapping[str, Array]:
        self.got.append(feeds["features"].copy())
        return {"logits": np.array([self._logit], np.float32)}


def test_hears_step_by_step_what_the_look_back_says(word: Array) -> None:
    vectors, near = spoken(word, 6, 9)
    model = Recorder()
    rule = Backchannel(model)
    for vector, share in zip(vectors, near, strict=True):
        rule.hear(vector, float(share))
    np.testing.assert_allclose(model.got[-1], pooled(vectors, near), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("logit", [-50.0, 50.0])
def test_nothing_is_certain(logit: float) -> None:
    assert 0.0 < Backchannel(Recorder(logit)).hear(np.zeros(SIZE, np.float32), 0.5) < 1.0


def test_refuses_a_model_of_another_shape() -> None:
    with pytest.raises(ModelError, match="backchannel model"):
        Backchannel(Recorder(size=POOLED - 1))
