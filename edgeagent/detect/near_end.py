"""Near-end detector: the probability that a person is speaking here, step by step.

Sees the canceller's three outputs as mel bands above the noise floor, with their own recent past: two leaky means
(about 50 and 150 ms), and peaks held for half a second. Four hypotheses compete: nothing, near speech, noise, far
speech; only the second counts. It has to use the reference, not the timbre: our voice is what the echo estimate
explains.
"""

from __future__ import annotations

from math import exp

import numpy as np

from edgeagent.errors import ModelError
from edgeagent.ports import Model
from edgeagent.signal.features import BANDS, SIZE, Vector

MEMORY = np.array([[0.3], [0.1]], np.float32)
"""Share of the newest step in each leaky mean."""

LEVELS = 3 * BANDS
"""The elements of a vector that are bands, in decades."""

PEAK_FALL = np.float32(0.05)
"""Decades by which a held peak falls each hop: 31 dB a second."""

CONTEXT = 3 * SIZE + LEVELS
"""Length of what the model gets."""

CLASSES = ("nothing", "near", "noise", "far")
NEAR = CLASSES.index("near")

SURE = 0.999
"""Probabilities stay inside [1 - SURE, SURE]: no single step is ever certain."""


MOST = 50.0
"""Largest difference of logits (nats) that is told from a larger one."""


class Context:
    """A vector with its leaky means and held peaks. One thread."""

    def __init__(self) -> None:
        self._all = np.zeros(CONTEXT, np.float32)
        self._now = self._all[:SIZE]
        self._means = self._all[SIZE : 3 * SIZE].reshape(2, SIZE)
        self._peaks = self._all[3 * SIZE :]

    def push(self, vector: Vector) -> Vector:
        """`vector` (SIZE,) of one hop to (CONTEXT,); valid until the next push."""
        self._now[:] = vector
        self._means += MEMORY * (vector - self._means)
        self._peaks -= PEAK_FALL
        np.maximum(self._peaks, vector[:LEVELS], out=self._peaks)
        return self._all


class NearEnd:
    """Keeps the context. One thread."""

    def __init__(self, model: Model) -> None:
        """model: `features` (CONTEXT,) to `logits` (4,), in the order of CLASSES. Raises ModelError on another
        shape."""
        if dict(model.inputs) != {"features": (CONTEXT,)}:
            raise ModelError(
                f"near-end model takes {dict(model.inputs)}, not features ({CONTEXT},)",
                "use the model of this release",
            )
        self._model = model
        self._context = Context()

    def hear(self, vector: Vector) -> float:
        """`vector` (SIZE,) of one hop to P(near-end speech), in (0, 1)."""
        logits = self._model.run({"features": self._context.push(vector)})["logits"]
        scores = logits.tolist()
        total = sum(exp(min(score - scores[NEAR], MOST)) for score in scores)
        return min(SURE, max(1.0 - SURE, 1.0 / total))
