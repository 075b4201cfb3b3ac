"""Near-end detector: the probability that a person is speaking here, hop by hop.

A small recurrent network that sees the canceller's three outputs as mel bands above the noise floor, and what the
canceller believes of itself. Four hypotheses compete: nothing, near speech, noise, far speech.
It has to use the reference, not the timbre: our voice is what the echo estimate explains. In training the roles were
swapped, too (see models/ear.md).
"""

from __future__ import annotations

from typing import NamedTuple

from edgeagent.detect.recurrent import Recurrent
from edgeagent.ports import Model
from edgeagent.signal.measure import Vector

CLASSES = ("nothing", "near", "noise", "far")
NEAR = CLASSES.index("near")


class Presence(NamedTuple):
    """Probabilities in (0, 1): near speech, and whatever else sounds, noise or far speech. What is left is nothing."""

    near: float
    other: float


class NearEnd:
    """Keeps the network's state. One thread."""

    def __init__(self, model: Model) -> None:
        """Raises ModelError on a model of another shape."""
        self._network = Recurrent(model, "near-end", len(CLASSES))

    def hear(self, vector: Vector) -> Presence:
        """`vector` (SIZE,) of one hop to what is heard in it. Raises ModelError when the model fails."""
        _, near, noise, far = self._network.run(vector)
        return Presence(near, noise + far)

    def restart(self) -> None:
        """Forget everything, as at the start."""
        self._network.restart()
