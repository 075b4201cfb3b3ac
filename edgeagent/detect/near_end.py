"""Near-end detector: the probability that a person is speaking here, hop by hop.

A small recurrent network that sees the canceller's three outputs as mel bands above the noise floor, and what the
canceller believes of itself. Four hypotheses compete: nothing, near speech, noise, far speech; only the second counts.
It has to use the reference, not the timbre: our voice is what the echo estimate explains. In training the roles were
swapped, too (see models/ear.md).
"""

from __future__ import annotations

from edgeagent.detect.recurrent import Recurrent
from edgeagent.ports import Model
from edgeagent.signal.measure import Vector

CLASSES = ("nothing", "near", "noise", "far")
NEAR = CLASSES.index("near")


class NearEnd:
    """Keeps the network's state. One thread."""

    def __init__(self, model: Model) -> None:
        """Raises ModelError on a model of another shape."""
        self._network = Recurrent(model, "near-end", len(CLASSES))

    def hear(self, vector: Vector) -> float:
        """`vector` (SIZE,) of one hop to P(near-end speech), in (0, 1). Raises ModelError when the model
        fails."""
        return self._network.run(vector)[NEAR]

    def restart(self) -> None:
        """Forget everything, as at the start."""
        self._network.restart()
