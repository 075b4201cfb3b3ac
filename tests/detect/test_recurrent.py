"""A recurrent classifier around its model: its state, its refusals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from edgeagent.detect.recurrent import Recurrent
from edgeagent.errors import ModelError
from edgeagent.signal.features import SIZE
from edgeagent.turn.policy import SURE
from tests.detect.made_up import NOTHING, Array, Breaking, Counting


def test_the_state_is_carried_from_hop_to_hop() -> None:
    model = Counting([0.0, 0.0])
    network = Recurrent(model, "made-up", 2)
    began = len(model.states)
    for _ in range(4):
        network.run(NOTHING)
    assert [state[0, 0] for state in model.states[began:]] == [0.0, 1.0, 2.0, 3.0]


def test_each_hop_is_shown_as_it_is() -> None:
    model = Counting([0.0, 0.0])
    network = Recurrent(model, "made-up", 2)
    vectors = np.random.default_rng(1).normal(size=(3, SIZE)).astype(np.float32)
    for vector in vectors:
        network.run(vector)
    np.testing.assert_array_equal(np.concatenate(model.seen[-3:]), vectors)


@pytest.mark.parametrize("scores", [[0.0, 0.0, 0.0], [-1000.0, 0.0, 1000.0], [5.0, 4.0, -3.0]])
def test_scores_become_probabilities_in_the_same_order(scores: list[float]) -> None:
    told = Recurrent(Counting(scores), "made-up", 3).run(NOTHING)
    assert sum(told) == pytest.approx(1.0, abs=0.01)
    assert all(1.0 - SURE <= each <= SURE for each in told), "nothing is ever certain"
    assert sorted(range(3), key=told.__getitem__) == sorted(range(3), key=scores.__getitem__)


@pytest.mark.parametrize("size", [SIZE - 1, SIZE + 1])
def test_refuses_other_features(size: int) -> None:
    with pytest.raises(ModelError, match="made-up model takes"):
        Recurrent(Counting([0.0, 0.0], size), "made-up", 2)


@pytest.mark.parametrize(
    "inputs",
    [
        {"features": (1, SIZE)},
        {"features": (1, SIZE), "state": (4,)},
        {"features": (1, SIZE), "state": (1, 2), "more": (1,)},
        {"state": (1, 2)},
    ],
)
def test_refuses_other_inputs(inputs: dict[str, tuple[int, ...]]) -> None:
    model = Counting([0.0, 0.0])
    model.inputs = inputs
    with pytest.raises(ModelError, match="made-up model takes"):
        Recurrent(model, "made-up", 2)


@pytest.mark.parametrize("outputs", [("logits",), ("state_out", "logits"), ("scores", "state_out")])
def test_refuses_other_outputs(outputs: tuple[str, ...]) -> None:
    model = Counting([0.0, 0.0])
    model.outputs = outputs
    with pytest.raises(ModelError, match="made-up model takes"):
        Recurrent(model, "made-up", 2)


@pytest.mark.parametrize("classes", [2, 4])
def test_refuses_another_number_of_classes(classes: int) -> None:
    with pytest.raises(ModelError, match=f"made-up model does not tell {classes} classes apart"):
        Recurrent(Counting([0.0] * 3), "made-up", classes)


@pytest.mark.parametrize("states", [1, 3])
def test_refuses_a_state_that_comes_back_in_another_shape(states: int) -> None:
    class Growing(Counting):
        def run(self, feeds: Mapping[str, Array]) -> Mapping[str, Array]:
            return {**super().run(feeds), "state_out": np.zeros((1, states), np.float32)}

    with pytest.raises(ModelError, match=r"made-up model takes a state \(1, 2\) and gives back"):
        Recurrent(Growing([0.0, 0.0]), "made-up", 2)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_says_so_when_the_model_gives_no_number(bad: float) -> None:
    network = Recurrent(Breaking([1.0, 2.0], 1, bad), "made-up", 2)
    network.run(NOTHING)
    with pytest.raises(ModelError, match="made-up model gives what is no number"):
        network.run(NOTHING)
