"""How fast the machine is now, by the same work: a second engine that is asked for a hop now and then.

On a shared machine the same arithmetic takes half as long again when others are at work, and other arithmetic twice as
long. So what a period costs is told in hops of an engine that has hardly been used.
"""

from __future__ import annotations

import time

import numpy as np

from edgeagent import app
from edgeagent.ports import Sound
from edgeagent.settings import Settings
from edgeagent.store.journal import CallbackJournal
from edgeagent.units import HOP


class Yardstick:
    """`step` between whiles; `take` gives the cost of a hop since this was last called."""

    def __init__(self, played: Sound, heard: Sound) -> None:
        """(n,) each: what it is fed, over and over; at least a hop. Raises ModelError."""
        self._engine = app.build_engine(Settings(), CallbackJournal(lambda _entry: None))
        size = min(played.size, heard.size) // HOP * HOP
        self._pairs = list(zip(np.split(played[:size], size // HOP), np.split(heard[:size], size // HOP), strict=True))
        self._spent = 0.0
        self._steps = 0
        self._at = 0

    def step(self) -> None:
        """A hop."""
        played, heard = self._pairs[self._at]
        self._at = (self._at + 1) % len(self._pairs)
        begun = time.thread_time()
        self._engine.reference(played)
        self._engine.capture(heard)
        self._engine.decisions()
        self._spent += time.thread_time() - begun
        self._steps += 1

    def take(self) -> float:
        """Microseconds of processor time, mean; 0 for none."""
        cost = 1e6 * self._spent / self._steps if self._steps else 0.0
        self._spent, self._steps = 0.0, 0
        return cost
