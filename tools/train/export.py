"""From a trained network to the .onnx that the device runs: one hop a call, the state in and out, weights in eight
bits."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tools.train.export_graph import Elementwise, Graph, Join, Kind, Linear, Part, Step, graph_of
from tools.train.networks import Recurrent

OPSET = 17
IR = 9
"""Read by onnxruntime 1.17 and later."""

OPERATORS = {
    Kind.ADD: "Add",
    Kind.SUB: "Sub",
    Kind.MUL: "Mul",
    Kind.RELU: "Relu",
    Kind.SIGMOID: "Sigmoid",
    Kind.TANH: "Tanh",
}


def to_onnx(network: Recurrent, name: str, eight_bits: bool = True) -> bytes:
    """The network for one hop: `features` (1, SIZE) and `state` (1, n) to `logits` and `state_out`."""
    graph = graph_of(network, name)
    writer = _Writer(eight_bits)
    for output, step in graph.steps.items():
        writer.write(output, step)
    made = helper.make_graph(
        writer.nodes,
        graph.name,
        [_tensor(graph, name) for name in graph.inputs],
        [_tensor(graph, name) for name in graph.outputs],
        writer.constants,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="edgeagent")
    model.ir_version = IR
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _tensor(graph: Graph, name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, graph.sizes[name]])


class _Writer:
    """Nodes and constants in the making."""

    def __init__(self, eight_bits: bool) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._eight_bits = eight_bits

    def write(self, name: str, step: Step) -> None:
        match step:
            case Elementwise():
                self._node(OPERATORS[step.kind], step.inputs, name)
            case Linear():
                product = self._node("MatMul", (step.x, self._weights(f"{name}_weight", step)), f"{name}_product")
                self._node("Add", (product, self._constant(f"{name}_bias", step.bias)), name)
            case Part():
                edges = {"from": step.start, "to": step.stop, "axis": 1}
                given = (self._constant(f"{name}_{edge}", np.array([at])) for edge, at in edges.items())
                self._node("Slice", (step.x, *given), name)
            case Join():
                self._node("Concat", step.parts, name, axis=1)

    def _weights(self, name: str, step: Linear) -> str:
        if not self._eight_bits:
            return self._constant(name, step.weights)
        rounded, scale = step.eight_bits()
        stored = self._constant(f"{name}_int8", rounded)
        return self._node("DequantizeLinear", (stored, self._constant(f"{name}_scale", scale)), name, axis=1)

    def _constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def _node(self, kind: str, inputs: tuple[str, ...], name: str, axis: int | None = None) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, axis=axis))
        return name
