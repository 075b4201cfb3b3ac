"""What a trained network computes in one hop, step by step: the one description from which all files are written.

In the files the weights are quantized per output, symmetrically; the computation stays in float32. At this size integer
arithmetic is not faster, it gives other numbers on other processors, and activations in eight bits are what destroys
models of this kind (Jacob et al. 2018, "Quantization and training of neural networks", is the usual recipe). The steps
are those that every runtime has, so that the same graph goes into any of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from edgeagent.signal.features import SIZE
from tools.train.networks import Recurrent
from tools.train.truth import Floats


class Kind(Enum):
    """What is computed element by element."""

    ADD = "add"
    SUB = "sub"
    MUL = "mul"
    RELU = "relu"
    SIGMOID = "sigmoid"
    TANH = "tanh"


@dataclass(frozen=True, slots=True)
class Elementwise:
    kind: Kind
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Linear:
    """`x` times `weights` (inputs, outputs), plus `bias` (outputs,)."""

    x: str
    weights: Floats
    bias: Floats

    def eight_bits(self) -> tuple[NDArray[np.int8], Floats]:
        """The weights, and the scale of each output by which they are to be multiplied."""
        scale = np.maximum(np.abs(self.weights).max(axis=0) / 127, 1e-12).astype(np.float32)
        return np.clip(np.round(self.weights / scale), -127, 127).astype(np.int8), scale


@dataclass(frozen=True, slots=True)
class Part:
    """The elements of `x` from `start` to before `stop`."""

    x: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Join:
    """`parts` one after the other."""

    parts: tuple[str, ...]


Step = Elementwise | Linear | Part | Join


@dataclass(slots=True)
class Graph:
    """Each value is a row of floats: `sizes` says how long, by name. `steps` say how it is made, those that it is made
    of first; `inputs` are given."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    sizes: dict[str, int]
    steps: dict[str, Step] = field(default_factory=dict)

    def _step(self, name: str, step: Step, size: int) -> str:
        self.steps[name] = step
        self.sizes[name] = size
        return name

    def of_each(self, kind: Kind, name: str, *inputs: str) -> str:
        return self._step(name, Elementwise(kind, inputs), self.sizes[inputs[0]])

    def linear(self, name: str, x: str, weights: Floats, bias: Floats) -> str:
        return self._step(name, Linear(x, weights, bias), bias.size)

    def part(self, name: str, x: str, start: int, stop: int) -> str:
        return self._step(name, Part(x, start, stop), stop - start)

    def join(self, name: str, parts: tuple[str, ...]) -> str:
        return self._step(name, Join(parts), sum(self.sizes[part] for part in parts))


def graph_of(network: Recurrent, name: str) -> Graph:
    """The network for one hop: `features` (SIZE,) and `state` (n,) to `logits` and `state_out` (n,)."""
    weights = {key: value.detach().numpy().astype(np.float32) for key, value in network.state_dict().items()}
    layers = [
        {key: weights[f"recurrent.{layer}.{key}_l0"] for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
        for layer in range(len(network.recurrent))
    ]
    whole = sum(layer["weight_hh"].shape[1] for layer in layers)
    graph = Graph(name, ("features", "state"), ("logits", "state_out"), {"features": SIZE, "state": whole})
    dense = weights["dense.weight"].T / weights["scale"][:, None]
    scores = graph.linear("dense", "features", dense, weights["dense.bias"] - weights["mean"] @ dense)
    below = graph.of_each(Kind.RELU, "inner", scores)
    states: tuple[str, ...] = ()
    at = 0
    for number, layer in enumerate(layers):
        units = layer["weight_hh"].shape[1]
        below = _gated(graph, f"layer{number}", below, graph.part(f"before{number}", "state", at, at + units), layer)
        states += (below,)
        at += units
    graph.linear("logits", below, weights["output.weight"].T, weights["output.bias"])
    graph.join("state_out", states)
    return graph


def _gated(graph: Graph, name: str, x: str, before: str, weights: dict[str, Floats]) -> str:
    """One step of a gated recurrent layer, reset after the product, as torch has it."""
    units = graph.sizes[before]
    new = graph.linear(f"{name}_new", x, weights["weight_ih"].T, weights["bias_ih"])
    old = graph.linear(f"{name}_old", before, weights["weight_hh"].T, weights["bias_hh"])
    opened = (graph.part(f"{name}_{side}_gates", of, 0, 2 * units) for side, of in (("new", new), ("old", old)))
    gates = graph.of_each(Kind.SIGMOID, f"{name}_gates", graph.of_each(Kind.ADD, f"{name}_gates_sum", *opened))
    reset = graph.part(f"{name}_reset", gates, 0, units)
    keep = graph.part(f"{name}_keep", gates, units, 2 * units)
    old_state = graph.part(f"{name}_old_state", old, 2 * units, 3 * units)
    recalled = graph.of_each(Kind.MUL, f"{name}_recalled", reset, old_state)
    new_state = graph.part(f"{name}_new_state", new, 2 * units, 3 * units)
    candidate = graph.of_each(
        Kind.TANH, f"{name}_candidate", graph.of_each(Kind.ADD, f"{name}_sum", new_state, recalled)
    )
    away = graph.of_each(Kind.SUB, f"{name}_away", before, candidate)
    return graph.of_each(Kind.ADD, f"{name}_state", candidate, graph.of_each(Kind.MUL, f"{name}_kept", keep, away))
