"""Backchannel model: what is the overlap that is going on, or has just ended?

A small recurrent network over the whole overlap, asked in every hop from its onset on: does this person take the floor,
do they only listen aloud, or is it no speech to us at all (cough, clatter, hum, somebody far away)? In the beginning
nobody can know, "okay" and "okay, but" share their onset; then the answer is as uncertain as it should be. It hears
words and their melody as far as mel bands show it; what it has learnt are the words in models/ear.md.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from edgeagent.detect.recurrent import Recurrent
from edgeagent.ports import Model
from edgeagent.signal.measure import Vector
from edgeagent.turn.policy import Likely

KINDS = tuple(kind.value for kind in Likely)

BEFORE = 32
"""Hops (0.5 s) before an overlap with which the network begins; with 64 as much comes out right. docs/state.md tells
what it would know by all that was before, and what that is worth."""


class Overlap(NamedTuple):
    """Probabilities in (0, 1); what is left is neither."""

    floor: float
    backchannel: float


NOBODY = Overlap(0.04, 0.02)
"""About what the network says where nothing sounds."""


class Backchannel:
    """Keeps the network's state. One thread."""

    def __init__(self, model: Model) -> None:
        """Raises ModelError on a model of another shape."""
        self._network = Recurrent(model, "backchannel", len(KINDS))
        self._passed: deque[Vector] = deque(maxlen=BEFORE)

    def hear(self, vector: Vector) -> Overlap:
        """`vector` (SIZE,) of one hop to what the overlap is; means nothing where there is none. Raises ModelError when
        the model fails. After hops that were passed over it begins anew, with the last of them."""
        if self._passed:
            self._network.restart()
            while self._passed:
                self._network.run(self._passed.popleft())
        floor, backchannel, _ = self._network.run(vector)
        return Overlap(floor, backchannel)

    def pass_over(self, vector: Vector) -> Overlap:
        """`vector` (SIZE,), which is kept and not to be changed, is of a hop in which nothing sounds."""
        self._passed.append(vector)
        return NOBODY

    def restart(self) -> None:
        """Forget everything, as at the start."""
        self._network.restart()
        self._passed.clear()
