"""The perceptron against a network computed by hand, one unit after the other."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.detect.perceptron import Array, Perceptron
from edgeagent.errors import ModelError

INPUTS, UNITS, OUTPUTS = 5, 7, 3


def weights(seed: int = 0) -> dict[str, Array]:
    dice = np.random.default_rng(seed)
    shapes = {
        "mean": (INPUTS,),
        "scale": (INPUTS,),
        "hidden": (INPUTS, UNITS),
        "hidden_bias": (UNITS,),
        "output": (UNITS, OUTPUTS),
        "output_bias": (OUTPUTS,),
    }
    arrays = {name: dice.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    arrays["scale"] = np.abs(arrays["scale"]) + np.float32(0.5)
    return arrays


def unit_by_unit(w: dict[str, Array], x: Array) -> list[float]:
    scaled = [(float(x[i]) - float(w["mean"][i])) / float(w["scale"][i]) for i in range(INPUTS)]
    units = []
    for j in range(UNITS):
        total = float(w["hidden_bias"][j])
        for i in range(INPUTS):
            total += scaled[i] * float(w["hidden"][i, j])
        units.append(max(total, 0.0))
    return [
        float(w["output_bias"][k]) + sum(units[j] * float(w["output"][j, k]) for j in range(UNITS)) for k in range(3)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_same_as_unit_by_unit(seed: int) -> None:
    w = weights(seed)
    x = np.random.default_rng(100 + seed).normal(size=INPUTS).astype(np.float32)
    logits = Perceptron(w).run({"features": x})["logits"]
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, unit_by_unit(w, x), rtol=1e-4, atol=1e-4)


def test_tells_its_inputs() -> None:
    assert Perceptron(weights()).inputs == {"features": (INPUTS,)}


@pytest.mark.parametrize("name", sorted(weights()))
def test_refuses_a_missing_array(name: str) -> None:
    lacking = {key: array for key, array in weights().items() if key != name}
    with pytest.raises(ModelError, match=name):
        Perceptron(lacking)


@pytest.mark.parametrize("name", sorted(weights()))
def test_refuses_an_array_of_another_shape(name: str) -> None:
    w = weights()
    w[name] = w[name][..., :-1]
    with pytest.raises(ModelError, match="fit together"):
        Perceptron(w)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_refuses_what_is_no_number(wrong: float) -> None:
    w = weights()
    w["hidden"][0, 0] = wrong
    with pytest.raises(ModelError, match="fit together"):
        Perceptron(w)
