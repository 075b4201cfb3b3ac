"""A multilayer perceptron in numpy behind the Model port: small enough that no inference library pays.

One hidden layer of rectified linear units; output is left linear. At 32 units a step costs a few microseconds, where a
call into an inference library costs tens.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edgeagent.errors import ModelError

Array = NDArray[np.float32]


class Perceptron:
    """`run({"features": (n,)})` gives `{"logits": (m,)}`, both float32. Not thread-safe."""

    def __init__(self, weights: Mapping[str, Array], name: str = "perceptron") -> None:
        """weights: mean (n,), scale (n,), hidden (n, h), hidden_bias (h,), output (h, m), output_bias (m,). Raises
        ModelError when one is missing, of another shape, or not finite."""
        try:
            mean, scale = weights["mean"], weights["scale"]
            hidden, bias = weights["hidden"], weights["hidden_bias"]
            output, output_bias = weights["output"], weights["output_bias"]
        except KeyError as missing:
            raise ModelError(f"{name}: no array {missing}", "restore the file from the release you installed") from None
        fits = (
            hidden.ndim == output.ndim == 2
            and mean.shape == scale.shape == hidden.shape[:1]
            and bias.shape == hidden.shape[1:] == output.shape[:1]
            and output_bias.shape == output.shape[1:]
        )
        if not fits or not all(np.isfinite(array).all() for array in weights.values()):
            raise ModelError(f"{name}: arrays do not fit together", "restore the file from the release you installed")
        # (x - mean) / scale goes into the first layer, once
        self._hidden = np.ascontiguousarray((hidden / scale[:, None]).astype(np.float32))
        self._bias = (bias - (mean / scale) @ hidden).astype(np.float32)
        self._output, self._output_bias = output.astype(np.float32), output_bias.astype(np.float32)
        self.inputs = {"features": (int(hidden.shape[0]),)}
        self.outputs = ("logits",)

    def run(self, feeds: Mapping[str, Array]) -> Mapping[str, Array]:
        """One vector through the layers."""
        hidden = np.maximum(feeds["features"] @ self._hidden + self._bias, np.float32(0.0))
        return {"logits": hidden @ self._output + self._output_bias}
