"""First backchannel rule: does what has been heard since the onset take the floor?

Pools the overlap so far: mean and spread of the bands over the steps that sound like near-end speech, and how much of
it there has been. Backchannels, hums, coughs and clatter are short, narrow in spectrum and weak; a word that takes the
floor has consonants and energy. It forgets over about two seconds, so that "yeah" does not burden what follows it.
"""

from __future__ import annotations

import numpy as np

from edgeagent.detect.near_end import SURE
from edgeagent.errors import ModelError
from edgeagent.ports import Model
from edgeagent.signal.features import SIZE, Vector

MEMORY = np.float32(0.992)
"""Kept of the pool per hop: half is forgotten after 1.4 s."""

LITTLE = np.float32(1e-3)
"""Weight of speech from which the pool means anything."""


class Backchannel:
    """Keeps the pool. One thread."""

    def __init__(self, model: Model) -> None:
        """model: `features` (2 * SIZE + 1,) to `logits` (1,), positive for taking the floor."""
        if dict(model.inputs) != {"features": (2 * SIZE + 1,)}:
            raise ModelError(
                f"backchannel model takes {dict(model.inputs)}, not features ({2 * SIZE + 1},)",
                "use the model of this release",
            )
        self._model = model
        self._weight = np.float32(0.0)
        self._sum = np.zeros(SIZE, np.float32)
        self._squares = np.zeros(SIZE, np.float32)

    def hear(self, vector: Vector, near: float) -> float:
        """`vector` (SIZE,) of one hop, `near` P(near-end speech) in it, to P(this overlap takes the floor) in (0,
        1)."""
        share = np.float32(near)
        self._weight = self._weight * MEMORY + share
        self._sum *= MEMORY
        self._sum += share * vector
        self._squares *= MEMORY
        self._squares += share * vector * vector
        weight = max(self._weight, LITTLE)
        mean = self._sum / weight
        spread = np.sqrt(np.maximum(self._squares / weight - mean * mean, np.float32(0.0)))
        pooled = np.concatenate((mean, spread, np.log10(weight).reshape(1)))
        logit = float(self._model.run({"features": pooled})["logits"][0])
        return min(SURE, max(1.0 - SURE, 1.0 / (1.0 + float(np.exp(-logit)))))
