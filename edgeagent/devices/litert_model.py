"""A streaming model in LiteRT, behind the Model port.

LiteRT was TensorFlow Lite; `tflite-runtime` is its last release of that name and needs a numpy before 2. One thread:
the step is far too short to be shared out. Without XNNPACK, which it would use by default: that saves 10 us a hop,
and writes a line to stderr at every start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeagent.errors import ModelError, install

Array = NDArray[np.float32]

RESTORE = "restore the models folder from the release you installed, or update ai-edge-litert"


class LiteRtModel:
    """`inputs` and `outputs` are the names of the file's tensors; every size must be fixed. Engine thread only."""

    def __init__(self, data: bytes, name: str = "model") -> None:
        """data: a whole file whose checksum was verified; tflite-runtime reads beyond the end of half a one, which ends
        the process. Raises ModelError."""
        self._name = name
        try:
            self._interpreter = _interpreter(data, name)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{name}: {_first_line(error)}", RESTORE) from None
        given, made = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        self.inputs = {tensor["name"]: tuple(map(int, tensor["shape_signature"])) for tensor in given}
        self.outputs = tuple(tensor["name"] for tensor in made)
        if any(size < 0 for shape in self.inputs.values() for size in shape):
            raise ModelError(f"{name}: inputs of variable size {self.inputs}", RESTORE)
        self._given = {tensor["name"]: tensor["index"] for tensor in given}
        self._made = {tensor["name"]: tensor["index"] for tensor in made}

    def run(self, feeds: Mapping[str, Array]) -> Mapping[str, Array]:
        """One step. Raises ModelError."""
        if feeds.keys() != self._given.keys():
            raise ModelError(f"{self._name}: takes {[*self._given]}, not {[*feeds]}", RESTORE)
        try:
            for name, value in feeds.items():
                self._interpreter.set_tensor(self._given[name], value)
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{self._name}: {_first_line(error)}", RESTORE) from None
        return {name: self._interpreter.get_tensor(index) for name, index in self._made.items()}


def _interpreter(data: bytes, name: str) -> Any:
    """Of whichever library is installed."""
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    except ImportError as error:
        try:
            from tflite_runtime.interpreter import Interpreter, OpResolverType
        except ImportError:
            raise ModelError(f"{name}: ai_edge_litert cannot be imported ({error})", install("litert")) from None
    return Interpreter(
        model_content=data,
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
