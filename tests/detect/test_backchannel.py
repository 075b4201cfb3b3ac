"""The backchannel model: three kinds of overlap, none of them ever certain."""

from __future__ import annotations

import pytest

from edgeagent.detect.backchannel import KINDS, Backchannel
from edgeagent.errors import ModelError
from edgeagent.turn.policy import SURE
from tests.detect.made_up import NOTHING, Counting


@pytest.mark.parametrize("winner", KINDS)
def test_says_which_kind_it_is_and_is_never_certain(winner: str) -> None:
    logits = [-100.0] * len(KINDS)
    logits[KINDS.index(winner)] = 100.0
    overlap = Backchannel(Counting(logits)).hear(NOTHING)
    for name, said in overlap._asdict().items():
        assert said == pytest.approx(SURE if name == winner else 1 - SURE)


def test_who_does_not_know_says_so() -> None:
    overlap = Backchannel(Counting([0.0] * len(KINDS))).hear(NOTHING)
    assert overlap.floor == overlap.backchannel == pytest.approx(1 / len(KINDS))


def test_refuses_a_model_of_another_shape() -> None:
    with pytest.raises(ModelError, match="backchannel model"):
        Backchannel(Counting([0.0] * (len(KINDS) + 1)))
