"""The engine's three doors, and who writes down what goes through them.

What is recorded is exactly what the engine got, in its order and with its stamps; so a replay decides the same.
"""

from __future__ import annotations

from typing import Protocol

from edgeagent.engine import Engine
from edgeagent.ports import Sound
from edgeagent.turn.events import Event, Fact
from edgeagent.turn.policy import Percept
from edgeagent.units import HOP


class Recorder(Protocol):
    """A session being recorded (`store.session.Recording`). No method may wait for a disk."""

    def reference(self, block: Sound) -> None: ...

    def capture(self, block: Sound) -> None: ...

    def tell(self, event: Event | Fact) -> None: ...


class Follower(Recorder, Protocol):
    """A recorder that also wants to know what the engine makes of it (`store.flight.Flight`)."""

    def thought(self, percept: Percept, evidence: float, clean: Sound) -> None:
        """Of the step that ended at sample `percept.at`, after what was decided in it is in the journal. evidence: of
        the policy, in nats. clean: what the ear heard, (n,) float32, HOP samples behind the microphone."""


class Door:
    """Engine thread only."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._recorders: list[Recorder] = []
        self._followers: list[Follower] = []

    def record(self, recorder: Recorder) -> None:
        """Record everything. Before anything went through; any number of them."""
        self._recorders.append(recorder)

    def follow(self, follower: Follower) -> None:
        """Record everything, and what the engine thinks at each step. Likewise."""
        self._recorders.append(follower)
        self._followers.append(follower)

    def tell(self, told: Event | Fact) -> None:
        """See `Engine.tell`; at 0 means now."""
        stamped = self.engine.tell(told)
        for recorder in self._recorders:
            recorder.tell(stamped)

    def hear(self, reference: Sound, microphone: Sound) -> None:
        """(n,) float32 each: what sounded and what was heard at the same instant. Decides every step that is
        complete."""
        for recorder in self._recorders:
            recorder.reference(reference)
            recorder.capture(microphone)
        size = HOP if self._followers else max(1, microphone.size)
        for start in range(0, microphone.size, size):  # followers see every step: one at a time
            before = self.engine.at
            self.engine.reference(reference[start : start + size])
            self.engine.capture(microphone[start : start + size])
            if self.engine.at > before:
                self._show()

    def _show(self) -> None:
        engine = self.engine
        for follower in self._followers:
            clean = engine.clean.read(max(engine.clean.start, engine.clean.end - HOP), engine.clean.end)
            follower.thought(engine.percept, engine.moderator.policy.evidence, clean)
