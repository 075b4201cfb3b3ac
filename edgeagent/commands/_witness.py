"""An engine that is watched: it remembers what it was told and what it made of each step.

For simulations, where memory is no concern; the device itself records to disk as it goes. Whatever number the ear adds
to its percept is remembered and drawn without a change here.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from edgeagent.detect.beside import Beside
from edgeagent.detect.ear import Ear
from edgeagent.engine import Engine, Told
from edgeagent.ports import EchoCanceller, Journal, Sound
from edgeagent.report.record import Trace
from edgeagent.settings import Settings
from edgeagent.turn.events import Event, Fact
from edgeagent.turn.policy import CEILING, EVEN, SUSPICION, VOICED, Percept
from edgeagent.units import HOP

HEARD = tuple(field.name for field in fields(Percept) if str(field.type).startswith("float") and field.name != "power")
"""The probabilities of a percept, by the names of its fields. Its power is in the sound."""

DRAWN = {"near": ("Somebody speaks", {"voice": VOICED}), "floor": ("Takes the floor", {"even": EVEN})}
"""Name and marks of a trace; others are called after their field."""


class Witness(Engine):
    """An engine like any other. `capture` takes at most HOP samples at a time."""

    def __init__(
        self, settings: Settings, journal: Journal, canceller: EchoCanceller, ear: Ear, beside: Beside | None = None
    ) -> None:
        super().__init__(settings, journal, canceller, ear, beside)
        self.told: list[Event | Fact] = []
        """As stamped, in order."""
        self._thoughts: list[list[float]] = []
        self._clean: list[Sound] = []

    def tell(self, told: Told) -> Told:
        stamped = super().tell(told)
        self.told.append(stamped)
        return stamped

    def capture(self, block: Sound) -> None:
        before = self.at
        super().capture(block)
        if self.at > before:
            self._thoughts.append([getattr(self.percept, name) for name in HEARD])
            self._thoughts[-1].append(self.moderator.policy.evidence)
            self._clean.append(self.clean.read(max(self.clean.start, self.clean.end - HOP), self.clean.end))

    def clean_sound(self) -> Sound:
        """(n,) float32: the whole run without our own voice."""
        return np.concatenate([np.zeros(0, np.float32), *self._clean])

    def traces(self) -> tuple[Trace, ...]:
        """What it thought, a value a step, with the bounds of its policy."""
        *heard, evidence = np.array(self._thoughts, np.float32).reshape(-1, len(HEARD) + 1).T
        bounds = {"duck": SUSPICION, "stop": round(self.moderator.policy.bound, 1)}
        traces = (_trace(name, values) for name, values in zip(HEARD, heard, strict=True))
        return (*traces, Trace("Evidence", evidence, CEILING, bounds))


def _trace(name: str, values: NDArray[np.float32]) -> Trace:
    """Of a field of the percept: a probability, or whatever else is not negative."""
    label, marks = DRAWN.get(name, (name.replace("_", " ").capitalize(), {}))
    return Trace(label, values, max(1.0, float(np.nanmax(values, initial=0.0))), marks)
