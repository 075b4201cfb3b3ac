"""First backchannel rule: does what has been heard of late take the floor?

Looks at the last second and a quarter, each step weighted by how much it sounds like near-end speech, as a whole and
cut into parts of equal weight: beginning, middle, end, however fast it was said. That much tells "stop" from "yes", and
hums, coughs and clatter from both; what it cannot tell is what the words mean. Left out: pitch, which 16 ms hide.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeagent.detect.near_end import SURE
from edgeagent.errors import ModelError
from edgeagent.ports import Model
from edgeagent.signal.features import BANDS, SIZE, Vector

SPAN = 80
"""Hops looked at: 1.28 s."""

PARTS = 6
"""Of equal weight. A word of 0.4 s then has parts of 70 ms: about a sound of speech each."""

POOLED = SIZE + (1 + PARTS) * BANDS + 1
"""Length of what the model gets."""

FADE = (0.992 ** np.arange(SPAN)[::-1]).astype(np.float32)
"""Weight of each step by age: half after 1.4 s, so that "yeah" does not burden what follows it."""

LITTLE = np.float32(1e-3)
"""Weight of speech from which the pool means anything."""

ANYTHING = 0.5
"""Hops of near-end speech in the span from which there is an overlap to judge: most of the time nobody speaks, and
asking costs as much as the near-end detector."""

UNDECIDED = 0.5

EVERY = 3
"""Hops between two looks (48 ms): the answer moves slowly, and a look costs more than everything else in the ear."""

_PARTS = np.arange(PARTS, dtype=np.float32)[:, None]


def pooled(vectors: NDArray[np.float32], near: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., SPAN, SIZE) vectors, oldest first, and (..., SPAN) P(near-end speech), to (..., POOLED): the mean of all,
    the spread of the clean bands, the clean bands of each part, log10 of the weight."""
    weights = near * FADE
    total = np.maximum(weights.sum(axis=-1, keepdims=True), LITTLE)
    share = weights / total
    part = np.floor((np.cumsum(share, axis=-1) - np.float32(0.5) * share) * np.float32(PARTS))
    in_part = (part[..., None, :] == _PARTS) * (share * np.float32(PARTS))[..., None, :]
    bands = vectors[..., :BANDS]
    mean = (share[..., None, :] @ vectors)[..., 0, :]
    power = (share[..., None, :] @ (bands * bands))[..., 0, :]
    spread = np.sqrt(np.maximum(power - mean[..., :BANDS] ** 2, np.float32(0.0)))
    parts = (in_part @ bands).reshape(*share.shape[:-1], PARTS * BANDS)
    return np.concatenate((mean, spread, parts, np.log10(total)), axis=-1)


class Backchannel:
    """Keeps the last SPAN steps. One thread."""

    def __init__(self, model: Model) -> None:
        """model: `features` (POOLED,) to `logits` (1,), positive for taking the floor. Raises ModelError on another
        shape."""
        if dict(model.inputs) != {"features": (POOLED,)}:
            raise ModelError(
                f"backchannel model takes {dict(model.inputs)}, not features ({POOLED},)",
                "use the model of this release",
            )
        self._model = model
        # Everything is written twice, SPAN apart, so that the last SPAN steps always lie in one piece.
        self._vectors = np.zeros((2, SPAN, SIZE), np.float32)
        self._near = np.zeros((2, SPAN), np.float32)
        self._oldest = 0
        self._answer = UNDECIDED

    def hear(self, vector: Vector, near: float) -> float:
        """`vector` (SIZE,) of one hop, `near` P(near-end speech) in it, to P(this overlap takes the floor) in (0,
        1); UNDECIDED while there is none."""
        self._vectors[:, self._oldest] = vector
        self._near[:, self._oldest] = near
        self._oldest = (self._oldest + 1) % SPAN
        if self._oldest % EVERY == 0:
            self._answer = self._look()
        return self._answer

    def _look(self) -> float:
        last = slice(self._oldest, self._oldest + SPAN)
        heard = self._near.reshape(-1)[last]
        if float(heard.sum()) < ANYTHING:
            return UNDECIDED
        features = pooled(self._vectors.reshape(-1, SIZE)[last], heard)
        logit = float(self._model.run({"features": features})["logits"][0])
        return min(SURE, max(1.0 - SURE, 1.0 / (1.0 + float(np.exp(-logit)))))
