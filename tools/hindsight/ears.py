"""An ear that writes down what it hears, and one that has heard it all before."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from edgeagent.detect.deaf import Deaf
from edgeagent.detect.ear import Ear
from edgeagent.ports import Model
from edgeagent.signal.canceller import Cancelled
from edgeagent.turn.policy import Percept
from edgeagent.units import HOP

Memory = NDArray[np.float64]
"""(steps, n): of each step the fields of its percept, but for when it was; exact, so that nothing is decided otherwise
for having been written down."""


class Recording(Ear):
    """The ear of the device, with a memory."""

    restless = True

    def __init__(self, near_end: Model, backchannel: Model) -> None:
        super().__init__(near_end, backchannel)
        self._heard: list[tuple[float, ...]] = []

    @property
    def memory(self) -> Memory:
        """Of all that it was shown: every step of a scene."""
        return np.array(self._heard)

    def hear(self, cancelled: Cancelled, at: int) -> Percept:
        """See `Ear`."""
        percept = super().hear(cancelled, at)
        self._heard.append(astuple(percept)[1:])
        return percept


class Remembering(Deaf):
    """Hears what was heard then, whatever there is to hear."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(None)
        self._memory = memory

    def hear(self, _cancelled: Cancelled, at: int) -> Percept:
        """See `Ear`."""
        return self.unknown(at)

    def unknown(self, at: int) -> Percept:
        """The same."""
        return Percept(at, *self._memory[at // HOP - 1].tolist())
