"""Near-end detector: the probability that a person is speaking here, step by step.

Sees the canceller's three outputs as mel bands above the noise floor, with their own recent past as two leaky means
(about 50 and 150 ms). Four hypotheses compete: nothing, near speech, noise, far speech; only the second counts. It has
to use the reference, not the timbre: our voice is what the echo estimate explains.
"""

from __future__ import annotations

import numpy as np

from edgeagent.errors import ModelError
from edgeagent.ports import Model
from edgeagent.signal.features import SIZE, Vector

MEMORY = np.array([[0.3], [0.1]], np.float32)
"""Share of the newest step in each leaky mean."""

CLASSES = ("nothing", "near", "noise", "far")
NEAR = CLASSES.index("near")

SURE = 0.999
"""Probabilities stay inside [1 - SURE, SURE]: no single step is ever certain."""


class NearEnd:
    """Keeps the leaky means. One thread."""

    def __init__(self, model: Model) -> None:
        """model: `features` (3 * SIZE,) to `logits` (4,), in the order of CLASSES. Raises ModelError on another
        shape."""
        if dict(model.inputs) != {"features": (3 * SIZE,)}:
            raise ModelError(
                f"near-end model takes {dict(model.inputs)}, not features ({3 * SIZE},)",
                "use the model of this release",
            )
        self._model = model
        self._means = np.zeros((2, SIZE), np.float32)
        self._input = np.zeros((3, SIZE), np.float32)

    def hear(self, vector: Vector) -> float:
        """`vector` (SIZE,) of one hop to P(near-end speech), in (0, 1)."""
        self._means += MEMORY * (vector - self._means)
        self._input[0] = vector
        self._input[1:] = self._means
        logits = self._model.run({"features": self._input.ravel()})["logits"]
        odds = np.exp(logits - logits.max())
        return min(SURE, max(1.0 - SURE, float(odds[NEAR] / odds.sum())))
