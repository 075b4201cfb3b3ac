"""A streaming model in onnxruntime, behind the Model port.

One thread, sequential: the engine's step is far too short to be shared out, and spinning worker threads would take the
processor from the audio callbacks.

Some releases of onnxruntime (1.32 is one) tell their maker about every session over the network, and keep a number for
the machine in the home folder, unless the environment says no before the library is loaded. Nothing leaves this device:
it says no.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edgeagent.errors import ModelError, install_package

Array = NDArray[np.float32]

RESTORE = "restore the models folder from the release you installed, or update onnxruntime"


class OnnxModel:
    """`inputs` and `outputs` are read from the file; every size must be fixed. One thread at a time."""

    def __init__(self, data: bytes, name: str = "model", *, foreign: bool = False) -> None:
        """foreign: not one of ours: a number of inputs at once that is left open is one, and it runs in as few bits as
        its file says. Raises ModelError."""
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read once, when the library is loaded
        try:
            import onnxruntime
        except ImportError as error:
            remedy = install_package("onnxruntime")
            raise ModelError(f"{name}: onnxruntime cannot be imported ({error})", remedy) from None
        self._name = name
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Else some releases put the activations into eight bits, as the weights are: slower, and other numbers.
        options.add_session_config_entry("session.disable_quant_qdq", "0" if foreign else "1")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exception classes are private and differ between releases
            raise ModelError(f"{name}: {_first_line(error)}", RESTORE) from None
        self.inputs = {node.name: tuple(node.shape) for node in self._session.get_inputs()}
        if foreign:
            self.inputs = {node: (_one(shape[:1]) + shape[1:]) for node, shape in self.inputs.items()}
        self.outputs = tuple(node.name for node in self._session.get_outputs())
        if not all(isinstance(size, int) for shape in self.inputs.values() for size in shape):
            raise ModelError(f"{name}: inputs of variable size {self.inputs}", RESTORE)

    def run(self, feeds: Mapping[str, Array]) -> Mapping[str, Array]:
        """One step. Raises ModelError."""
        try:
            made = self._session.run(self.outputs, dict(feeds))
        except Exception as error:  # as above
            raise ModelError(f"{self._name}: {_first_line(error)}", RESTORE) from None
        return dict(zip(self.outputs, made, strict=True))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _one(batch: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(size if isinstance(size, int) else 1 for size in batch)
