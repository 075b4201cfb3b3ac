"""While the device sleeps, what it hears goes to whoever listens for the wake word, and to nobody otherwise.

It stands where sessions are recorded, for it wants to see every block; what it hands on is the cleaned sound, which the
engine has made of the blocks before. It goes on a moment back from when the device fell asleep.
"""

from __future__ import annotations

from typing import Protocol

from edgeagent.engine import Engine
from edgeagent.ports import Sound
from edgeagent.turn import states as s
from edgeagent.turn.events import Event, Fact
from edgeagent.units import samples

BACK = samples(500)
"""Handed over from before: who says the wake word just as the device falls asleep has said the first half."""

PIECE = samples(100)
"""Handed over at a time: servers look at 80 ms and more at once."""

NOBODY = -1


class Sleeper(Protocol):
    """Who listens for the wake word (`services.wyoming_wake.WyomingWake`). Both methods return at once."""

    def feed(self, start: int, sound: Sound) -> None: ...

    def rest(self) -> None: ...


class Vigil:
    """See `door.Recorder`. Engine thread only."""

    def __init__(self, engine: Engine, sleeper: Sleeper) -> None:
        self._engine = engine
        self._sleeper = sleeper
        self._sent = NOBODY

    def reference(self, block: Sound) -> None:
        """Not asked for."""

    def tell(self, event: Event | Fact) -> None:
        """Not asked for."""

    def capture(self, _block: Sound) -> None:
        """Before the engine hears the block."""
        engine, clean = self._engine, self._engine.clean
        if not isinstance(engine.state, s.Idle) or engine.moderator.attention.awake(engine.at):
            if self._sent != NOBODY:
                self._sleeper.rest()
                self._sent = NOBODY
            return
        if self._sent == NOBODY:
            self._sent = max(clean.start, engine.moderator.attention.start(clean.end, BACK))
        self._sent = max(self._sent, clean.start)
        while clean.end - self._sent >= PIECE:
            self._sleeper.feed(self._sent, clean.read(self._sent, self._sent + PIECE))
            self._sent += PIECE
