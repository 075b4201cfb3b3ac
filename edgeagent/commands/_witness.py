"""An engine that is watched: it remembers what it was told and what it made of each step.

For simulations, where memory is no concern; the device itself records to disk as it goes.
"""

from __future__ import annotations

import numpy as np

from edgeagent.detect.ear import Ear
from edgeagent.engine import Engine, Told
from edgeagent.ports import EchoCanceller, Journal, Sound
from edgeagent.report.record import Trace
from edgeagent.settings import Settings
from edgeagent.turn.events import Event, Fact
from edgeagent.turn.policy import CEILING, SUSPICION, VOICED
from edgeagent.units import HOP


class Witness(Engine):
    """An engine like any other. `capture` takes at most HOP samples at a time."""

    def __init__(self, settings: Settings, journal: Journal, canceller: EchoCanceller, ear: Ear) -> None:
        super().__init__(settings, journal, canceller, ear)
        self.told: list[Event | Fact] = []
        """As stamped, in order."""
        self._thoughts: list[tuple[float, float, float]] = []
        self._clean: list[Sound] = []

    def tell(self, told: Told) -> Told:
        stamped = super().tell(told)
        self.told.append(stamped)
        return stamped

    def capture(self, block: Sound) -> None:
        before = self.at
        super().capture(block)
        if self.at > before:
            self._thoughts.append((self.percept.near, self.percept.floor, self.moderator.policy.evidence))
            self._clean.append(self.clean.read(max(self.clean.start, self.clean.end - HOP), self.clean.end))

    def clean_sound(self) -> Sound:
        """(n,) float32: the whole run without our own voice."""
        return np.concatenate([np.zeros(0, np.float32), *self._clean])

    def traces(self) -> tuple[Trace, ...]:
        """What it thought, a value a step, with the bounds of its policy."""
        near, floor, evidence = np.array(self._thoughts, np.float32).reshape(-1, 3).T
        bounds = {"duck": SUSPICION, "stop": self.moderator.policy.bound}
        return (
            Trace("Somebody speaks", near, marks={"voice": VOICED}),
            Trace("Takes the floor", floor, marks={"even": 0.5}),
            Trace("Evidence", evidence, CEILING, bounds),
        )
