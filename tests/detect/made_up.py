"""Models that say what a test wants, and vectors to show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeagent.detect.backchannel import KINDS
from edgeagent.detect.near_end import CLASSES
from edgeagent.signal.features import SIZE

Array = NDArray[np.float32]

NOTHING = np.zeros(SIZE, np.float32)

SCORES, KIND_SCORES = [0.0] * len(CLASSES), [0.0] * len(KINDS)
"""Of networks that know nothing."""


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
    """After `good` hops it gives for `bad_hops` hops what is no number, as the output `where`."""

    def __init__(
        self, logits: Sequence[float], good: int, bad: float = np.nan, bad_hops: int = 10**9, where: str = "logits"
    ) -> None:
        super().__init__(logits)
        self._bad_from, self._bad_hops = good + 1, bad_hops  # one run is the trial at the start
        self._bad, self._where = np.float32(bad), where

    def run(self, feeds: Mapping[str, Array]) -> Mapping[str, Array]:
        run = len(self.states)
        told = dict(super().run(feeds))
        if 0 <= run - self._bad_from < self._bad_hops:
            told[self._where] = np.full_like(told[self._where], self._bad)
        return told
