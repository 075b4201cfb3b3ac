"""The near-end detector around its model: its bounds, what counts, its refusals."""

from __future__ import annotations

import pytest

from edgeagent.detect.near_end import CLASSES, NEAR, NearEnd
from edgeagent.errors import ModelError
from edgeagent.turn.policy import SURE
from tests.detect.made_up import NOTHING, Counting


@pytest.mark.parametrize(("logit", "said"), [(-100.0, 1 - SURE), (100.0, SURE)])
def test_nothing_is_certain(logit: float, said: float) -> None:
    logits = [0.0] * len(CLASSES)
    logits[NEAR] = logit
    assert NearEnd(Counting(logits)).hear(NOTHING).near == pytest.approx(said)


def test_only_near_speech_counts() -> None:
    said = []
    for winner in range(len(CLASSES)):
        logits = [0.0] * len(CLASSES)
        logits[winner] = 5.0
        said.append(NearEnd(Counting(logits)).hear(NOTHING).near > 0.5)
    assert said == [name == "near" for name in CLASSES]


def test_what_else_sounds_is_noise_and_far_speech_together() -> None:
    logits = [0.0] * len(CLASSES)
    assert NearEnd(Counting(logits)).hear(NOTHING) == pytest.approx((0.25, 0.5))


def test_refuses_a_model_of_another_shape() -> None:
    with pytest.raises(ModelError, match="near-end model"):
        NearEnd(Counting([0.0] * (len(CLASSES) - 1)))
