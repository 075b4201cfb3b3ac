"""From a trained network to the .tflite that LiteRT runs: the same graph and the same weights as the .onnx.

Written through the schema that LiteRT brings; TensorFlow is not needed. The weights are in eight bits with a scale for
each output, and are made floats by a step of their own, once at start: a product of floats with eight-bit weights would
put the inputs into eight bits, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from tools.train.export_graph import Elementwise, Graph, Join, Kind, Linear, Part, Step, graph_of
from tools.train.networks import Recurrent

IDENTIFIER = b"TFL3"
VERSION = 3
"""Of the schema; the only one in use."""

ALIGNED = 16
"""Bytes: kernels read constants as vectors of the processor."""

PER_OUTPUT = 5
"""Version of DEQUANTIZE that knows a scale for each output. All other operators are of version 1."""

OPERATORS = {
    Kind.ADD: ("ADD", schema.AddOptionsT),
    Kind.SUB: ("SUB", schema.SubOptionsT),
    Kind.MUL: ("MUL", schema.MulOptionsT),
    Kind.RELU: ("RELU", None),
    Kind.SIGMOID: ("LOGISTIC", None),
    Kind.TANH: ("TANH", None),
}
"""Name and options."""


def to_tflite(network: Recurrent, name: str) -> bytes:
    """The network for one hop: `features` (1, SIZE) and `state` (1, n) to `logits` and `state_out`."""
    graph = graph_of(network, name)
    writer = _Writer(graph)
    for output, step in graph.steps.items():
        writer.write(output, step)
    builder = flatbuffers.Builder()
    builder.Finish(writer.model().Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


class _Aligned(schema.BufferT):  # type: ignore[misc]
    """The bytes of a constant where the kernels want them; the generated class forgets the schema's `force_align`."""

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802
        builder.Prep(ALIGNED, self.data.size)
        return int(super().Pack(builder))


class _Writer:
    """Tensors, their buffers and operators in the making."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._buffers = [schema.BufferT()]  # the first one means: no constant
        self._tensors: list[schema.TensorT] = []
        self._operators: list[schema.OperatorT] = []
        self._codes: dict[tuple[int, int], int] = {}
        self._at = {name: self._tensor(name, (1, size)) for name, size in graph.sizes.items()}

    def model(self) -> schema.ModelT:
        whole = schema.SubGraphT(
            tensors=self._tensors,
            inputs=[self._at[name] for name in self._graph.inputs],
            outputs=[self._at[name] for name in self._graph.outputs],
            operators=self._operators,
            name=self._graph.name,
        )
        # Codes below 127 stand in two places: readers of before 2020 know the first only.
        codes = [schema.OperatorCodeT(code, version=version, builtinCode=code) for code, version in self._codes]
        return schema.ModelT(VERSION, codes, [whole], "edgeagent", self._buffers)

    def write(self, name: str, step: Step) -> None:
        made = self._at[name]
        match step:
            case Elementwise():
                operator, options = OPERATORS[step.kind]
                self._operator(operator, [self._at[x] for x in step.inputs], made, options and options())
            case Linear():
                bias = self._constant(f"{name}_bias", step.bias)
                given = [self._at[step.x], self._weights(f"{name}_weight", step), bias]
                self._operator("FULLY_CONNECTED", given, made, schema.FullyConnectedOptionsT())
            case Part():
                begin = self._constant(f"{name}_from", np.array([0, step.start], np.int32))
                size = self._constant(f"{name}_size", np.array([1, step.stop - step.start], np.int32))
                self._operator("SLICE", [self._at[step.x], begin, size], made, schema.SliceOptionsT())
            case Join():
                options = schema.ConcatenationOptionsT(axis=1)
                self._operator("CONCATENATION", [self._at[part] for part in step.parts], made, options)

    def _weights(self, name: str, step: Linear) -> int:
        """(outputs, inputs) floats, made of eight bits."""
        rounded, scale = step.eight_bits()
        stored = self._constant(f"{name}_int8", rounded.T)
        self._tensors[stored].quantization = schema.QuantizationParametersT(
            scale=scale, zeroPoint=np.zeros(scale.size, np.int64), quantizedDimension=0
        )
        made = self._tensor(name, step.weights.T.shape)
        self._operator("DEQUANTIZE", [stored], made, schema.DequantizeOptionsT(), PER_OUTPUT)
        return made

    def _constant(self, name: str, value: NDArray[np.generic]) -> int:
        self._buffers.append(_Aligned(np.frombuffer(value.tobytes(), np.uint8)))
        return self._tensor(name, value.shape, value.dtype.name, len(self._buffers) - 1)

    def _tensor(self, name: str, shape: tuple[int, ...], dtype: str = "float32", buffer: int = 0) -> int:
        kind = getattr(schema.TensorType, dtype.upper())
        self._tensors.append(schema.TensorT(shape=list(shape), type=kind, buffer=buffer, name=name))
        return len(self._tensors) - 1

    def _operator(self, kind: str, inputs: Sequence[int], output: int, options: object, version: int = 1) -> None:
        """options: an object of the schema, or None for operators that have none."""
        code = self._codes.setdefault((getattr(schema.BuiltinOperator, kind), version), len(self._codes))
        of = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T")) if options else 0
        self._operators.append(schema.OperatorT(code, list(inputs), [output], of, options))
