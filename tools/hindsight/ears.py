"""An ear that writes down what it hears, and one that has heard it all before."""

from __future__ import annotations

from dataclasses import astuple, fields

import numpy as np
from numpy.typing import NDArray

from edgeagent.detect.ear import Ear, Upsets
from edgeagent.detect.usual import Usual
from edgeagent.signal.canceller import Cancelled
from edgeagent.turn.policy import Percept
from edgeagent.units import HOP

Memory = NDArray[np.float64]
"""(steps, n): of each step the fields of its percept, but for when it was; exact, so that nothing is decided otherwise
for having been written down."""

WIDTH = len(fields(Percept)) - 1


class Recording(Ear):
    """The ear of the device, with a memory."""

    restless = True

    def hear(self, cancelled: Cancelled, at: int) -> Percept:
        """See `Ear`."""
        percept = super().hear(cancelled, at)
        self.heard[at // HOP - 1] = astuple(percept)[1:]
        return percept

    def listen(self, steps: int) -> None:
        """To be called first: for so many."""
        self.heard: Memory = np.zeros((steps, WIDTH))


class Remembering(Ear):
    """Hears what was heard then, whatever there is to hear."""

    restless = True

    def __init__(self, memory: Memory) -> None:
        self.usual = Usual()
        self.every = 1
        self._memory = memory

    def hear(self, _cancelled: Cancelled, at: int) -> Percept:
        """See `Ear`."""
        return self.unknown(at)

    def unknown(self, at: int) -> Percept:
        """The same."""
        return Percept(at, *self._memory[at // HOP - 1].tolist())

    @property
    def well(self) -> bool:
        """See `Ear`; always."""
        return True

    def take_failure(self) -> str:
        """See `Ear`; never."""
        return ""

    def take_upsets(self) -> Upsets | None:
        """See `Ear`; never."""
        return None
