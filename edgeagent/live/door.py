"""The engine's three doors, and who writes down what goes through them.

What is recorded is exactly what the engine got, in its order and with its stamps; so a replay decides the same.
"""

from __future__ import annotations

from typing import Protocol

from edgeagent.engine import Engine
from edgeagent.ports import Sound
from edgeagent.turn.events import Event, Fact


class Recorder(Protocol):
    """A session being recorded (`store.session.Recording`). No method may wait for a disk."""

    def reference(self, block: Sound) -> None: ...

    def capture(self, block: Sound) -> None: ...

    def tell(self, event: Event | Fact) -> None: ...


class Door:
    """Engine thread only."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._recorder: Recorder | None = None

    def record(self, recorder: Recorder) -> None:
        """Record everything. Before anything went through."""
        self._recorder = recorder

    def tell(self, told: Event | Fact) -> None:
        """See `Engine.tell`; at 0 means now."""
        stamped = self.engine.tell(told)
        if self._recorder is not None:
            self._recorder.tell(stamped)

    def hear(self, reference: Sound, microphone: Sound) -> None:
        """(n,) float32 each: what sounded and what was heard at the same instant. Decides every step that is
        complete."""
        if self._recorder is not None:
            self._recorder.reference(reference)
            self._recorder.capture(microphone)
        self.engine.reference(reference)
        self.engine.capture(microphone)
