"""From the .onnx of a release back to a network that can go on learning.

The file holds all there is: weights in eight bits with a scale for each output, biases, and the scaling of the inputs
folded into the first layer. The network computes what the file computes, to rounding; written again it says the same.
What served only while it learnt (which word was said) is not in it and is not brought back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from edgeagent.devices.onnx_model import OnnxModel
from edgeagent.errors import ModelError
from edgeagent.signal.features import SIZE
from tools.train.learn import forward
from tools.train.networks import Recurrent
from tools.train.truth import Floats

REMEDY = "begin with models that this version of tools/train has written"

AGREE = 1e-3
"""Most by which a logit of the network may differ from one of the file."""

TRIED = 50
"""Hops of noise on which both are compared."""

Constants = Mapping[str, NDArray[np.generic]]


def reopened(data: bytes, name: str = "model") -> Recurrent:
    """The network in a file of `tools.train.export`. Raises ModelError when it is none, or computes something else."""
    try:
        model = onnx.load_from_string(data)
        network = _network({each.name: numpy_helper.to_array(each) for each in model.graph.initializer})
    except Exception as error:  # protobuf has many ways to say that it is no model
        raise ModelError(f"{name}: cannot be read as a network: {error}", REMEDY) from error
    vectors = np.random.default_rng(0).uniform(0, 2, (TRIED, SIZE)).astype(np.float32)
    off = float(np.abs(forward(network, vectors[None])[0] - through(OnnxModel(data, name), vectors)).max())
    if not off < AGREE:
        raise ModelError(f"{name}: the network read from it computes something else (by {off:.4f})", REMEDY)
    return network


def through(model: OnnxModel, vectors: Floats) -> Floats:
    """(hops, SIZE) hop by hop through the file, as the device runs it: (hops, classes) logits."""
    state = np.zeros(model.inputs["state"], np.float32)
    made = []
    for vector in vectors:
        told = model.run({"features": vector[None], "state": state})
        state = told["state_out"]
        made.append(told["logits"][0])
    return np.stack(made)


def rescaled(network: Recurrent, mean: Floats, scale: Floats) -> None:
    """Let it take its inputs less `mean` (SIZE,) and over `scale` (SIZE,), and compute the same: with inputs of like
    spread all weights learn at like pace."""
    with torch.no_grad():
        own = network.dense.weight / network.scale
        network.dense.bias.add_(own @ (torch.from_numpy(mean) - network.mean))
        network.mean.copy_(torch.from_numpy(mean))
        network.scale.copy_(torch.from_numpy(scale))
        network.dense.weight.copy_(own * network.scale)


def _network(constants: Constants) -> Recurrent:
    layers = sorted({int(found[1]) for each in constants if (found := re.match(r"layer(\d+)_new_bias", each))})
    units = tuple(constants[f"layer{layer}_old_bias"].size // 3 for layer in layers)
    network = Recurrent(constants["dense_bias"].size, units, constants["logits_bias"].size)
    state = {"mean": torch.zeros(SIZE), "scale": torch.ones(SIZE), **_linear(constants, "dense", "dense")}
    state |= _linear(constants, "logits", "output")
    for layer in layers:
        for side, own in (("new", "ih"), ("old", "hh")):
            read = _linear(constants, f"layer{layer}_{side}", "")
            state |= {f"recurrent.{layer}.{kind}_{own}_l0": read[f".{kind}"] for kind in ("weight", "bias")}
    network.load_state_dict(state)
    network.eval()
    return network


def _linear(constants: Constants, name: str, own: str) -> dict[str, torch.Tensor]:
    """Weights and bias of one product, by the names that torch gives them."""
    weights = constants[f"{name}_weight_int8"].astype(np.float32) * constants[f"{name}_weight_scale"].astype(np.float32)
    bias = np.array(constants[f"{name}_bias"], np.float32)
    return {f"{own}.weight": torch.from_numpy(weights.T.copy()), f"{own}.bias": torch.from_numpy(bias)}
