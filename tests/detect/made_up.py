"""Models that say what a test wants, and vectors to show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeagent.signal.features import SIZE

Array = NDArray[np.float32]

NOTHING = np.zeros(SIZE, np.float32)


class Counting:
    """Its state counts the hops; its scores are fixed."""

    def __init__(self, logits: Sequence[float], size: int = SIZE, states: int = 2) -> None:
        self.inputs: Mapping[str, tuple[int, ...]] = {"features": (1, size), "state": (1, states)}
        self.outputs: tuple[str, ...] = ("logits", "state_out")
        self.states: list[Array] = []
        self.seen: list[Array] = []
        self._logits = np.array([logits], np.float32)

    def run(self, feeds: Mapping[str, Array]) -> Mapping[str, Array]:
        self.states.append(feeds["state"].copy())
        self.seen.append(feeds["features"].copy())
        return {"logits": self._logits, "state_out": feeds["state"] + 1}


class Breaking(Counting):
    """After `good` hops it gives what is no number."""

    def __init__(self, logits: Sequence[float], good: int, bad: float = np.nan) -> None:
        super().__init__(logits)
        self._good, self._bad = good, np.float32(bad)

    def run(self, feeds: Mapping[str, Array]) -> Mapping[str, Array]:
        told = super().run(feeds)
        broken = len(self.states) > self._good + 1  # one run is the trial at the start
        return {"logits": told["logits"] * self._bad if broken else told["logits"], "state_out": told["state_out"]}
