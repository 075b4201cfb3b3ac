"""Makes the vitals: ten times a second the engine thread looks at itself and leaves what it saw under one attribute.

Whoever wants to know takes the last ones. Nobody asks the engine anything, so nobody can hold it up; and if it hangs,
its vitals grow old, which shows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from edgeagent.engine import Engine
from edgeagent.ports import Sound
from edgeagent.turn import states as s
from edgeagent.turn.naming import name
from edgeagent.turn.outputs import outputs
from edgeagent.units import milliseconds
from edgeagent.vitals import SILENT_DBFS, Vitals, Watcher

EVERY_S = 0.1
"""Between two vitals at least, and at most twice that: a meter that moves, and nothing to feel beside the blocks of the
card."""


class Level:
    """Power of a stretch of sound."""

    def __init__(self) -> None:
        self._energy, self._count, self._peak = 0.0, 0, 0.0

    def hear(self, sound: Sound) -> None:
        """(n,) float32."""
        if sound.size:
            self._energy += float(sound @ sound)
            self._count += sound.size
            self._peak = max(self._peak, float(np.abs(sound).max()))

    def take(self) -> tuple[float, float]:
        """Mean level in dBFS and largest magnitude since the last time."""
        power, peak = self._energy / max(1, self._count), self._peak
        self._energy, self._count, self._peak = 0.0, 0, 0.0
        known = math.isfinite(power) and power > 0.0
        return (max(SILENT_DBFS, 10 * math.log10(power)) if known else SILENT_DBFS), peak


class Gauge:
    """Engine thread only, but for `vitals`."""

    def __init__(self) -> None:
        self.vitals = Vitals()
        """The last ones. Any thread."""
        self.watchers: list[Watcher] = []
        """Get every new one. To be filled before the device runs."""
        self.lost = 0
        """Samples of the microphone that never came."""
        self.reopened = 0
        """How often the card was opened anew."""
        self._microphone = Level()
        self._loudspeaker = Level()
        self._due = 0.0

    def hear(self, reference: Sound, microphone: Sound) -> None:
        """What the engine gets: (n,) float32 each."""
        self._loudspeaker.hear(reference)
        self._microphone.hear(microphone)

    def look(
        self,
        now: float,
        engine: Engine,
        card: str,
        trouble: str,
        facts: Mapping[str, int | float | str],
        believed: bool = True,
        excused: bool = False,
    ) -> None:
        """New vitals, if the last ones are old enough, or it hears no longer, or again. now: time.monotonic(). trouble:
        why it cannot hear, "" if it can. believed: sound that makes sense has been heard. excused: see `Vitals`."""
        state = engine.state
        reason = state.reason if isinstance(state, s.MicLost | s.Faulty) else ""
        hears = engine.at > 0 and believed and not (trouble or reason)
        if now < self._due and hears is self.vitals.hears:
            return
        self._due = now + EVERY_S
        microphone_dbfs, peak = self._microphone.take()
        confidence, percept = engine.confidence, engine.percept
        self.vitals = Vitals(
            engine.at,
            now,
            name(state),
            outputs(state, awake=engine.moderator.attention.awake(engine.at)).light.value,
            tuple(sorted(engine.moderator.impaired)),
            card,
            hears,
            excused,
            trouble or reason,
            microphone_dbfs,
            self._loudspeaker.take()[0],
            peak,
            confidence.erle_db if confidence else 0.0,
            confidence.trust.value if confidence else "converging",
            milliseconds(confidence.delay) if confidence and confidence.delay >= 0 else -1.0,
            engine.drift_ppm,
            percept.near,
            percept.floor,
            self.lost,
            self.reopened,
            facts,
        )
        for watcher in self.watchers:
            watcher(self.vitals)
