"""Overruns, underruns, drift and how far the engine was behind, as facts for the notes: when they grow, when the card
is changed, and at the end.

They are no part of the engine's journal, which a replay must repeat and which knows no card.
"""

from __future__ import annotations

from collections.abc import Callable

from edgeagent.live.gauge import Gauge
from edgeagent.live.pace import Pace
from edgeagent.live.sound_path import SoundPath
from edgeagent.signal.playback import Playback
from edgeagent.units import RATE

EVERY_S = 1.0
"""Between two looks: trouble seldom comes alone."""

TROUBLE = ("overflows", "underflows", "failures", "unwritten", "player_underruns", "reference_holes")
"""Counters that stand still while all goes well."""

DRIFT_PPM = 10.0
"""A change of the clocks against each other that is worth a line; the estimate wavers by a few."""

Facts = dict[str, int | float | str]


class Health:
    """Engine thread only. drift: by how many ppm the loudspeaker's clock is fast. pace: whether the engine keeps up.

    What is told are the card's facts and ours, and under `worse`, by how much each of TROUBLE has grown."""

    def __init__(self, playback: Playback, drift: Callable[[], float], pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self.gauge = Gauge()
        """The same and more for whoever looks, many times a second."""
        self.latest: Facts = {}
        """The facts at the last look."""
        self._playback = playback
        self._drift = drift
        self._looked = 0.0
        self._told: Facts = {}

    def news(self, path: SoundPath, now: float) -> dict[str, object] | None:
        """If there is trouble since the last time, or the drift has changed. At most once in EVERY_S."""
        if now < self._looked + EVERY_S:
            return None
        self._looked = now
        facts = self.latest = self._facts(path)
        worse = self._worse(facts)
        if not worse and abs(self._grown(facts, "drift_ppm")) < DRIFT_PPM:
            return None
        self._told = facts
        return {**facts, "worse": worse}

    def last(self, path: SoundPath) -> dict[str, object]:
        """Of a card that is done with; the next one counts anew."""
        facts = self._facts(path)
        worse = self._worse(facts)
        self._told = {name: facts[name] for name in ("player_underruns", "drift_ppm")}
        return {**facts, "worse": worse}

    def _facts(self, path: SoundPath) -> Facts:
        ours = {"player_underruns": self._playback.underruns, "reference_holes": path.timeline.holes}
        behind = {"behind_ms": self.pace.most * 1000 // RATE, "left_out": int(self.pace.level)}
        return {**path.card.facts(), **ours, **behind, "drift_ppm": round(self._drift(), 1)}

    def _worse(self, facts: Facts) -> dict[str, float]:
        grown = {name: self._grown(facts, name) for name in TROUBLE}
        return {name: count for name, count in grown.items() if count > 0}

    def _grown(self, facts: Facts, name: str) -> float:
        now, then = facts.get(name, 0), self._told.get(name, 0)
        return now - then if not isinstance(now, str) and not isinstance(then, str) else 0
