"""The shadow with its ear: models that are tried hear what the live ones hear, and a policy of their own makes of it
what it will. Without models of its own the shadow is told what the live ear has heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgeagent.detect.ear import Ear
from edgeagent.settings import Turns
from edgeagent.signal.canceller import Cancelled
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.levels import Level
from edgeagent.turn.moderator import DOUBT_MOST, Moderator
from edgeagent.turn.policy import Percept
from edgeagent.turn.shadow import Shadow

Write = Callable[[Mapping[str, object]], None]


class Beside:
    """Engine thread only. It changes nothing but the journal."""

    def __init__(self, turns: Turns, ear: Ear | None) -> None:
        """turns: as they are tried. ear: with the models that are tried, None to hear with the live one."""
        self._turns = turns
        self._ear = ear
        self._rests = False
        self._shadow: Shadow | None = None
        self._write: Write = lambda _entry: None

    def attach(self, live: Moderator, ear: Ear, write: Write) -> None:
        """To an engine that is new. What is known of how loud the person usually is, both ears share."""
        self._shadow = Shadow(self._turns, live.policy, DOUBT_MOST)
        self._write = write
        if self._ear is not None:
            self._ear.usual = ear.usual

    def take(self, told: e.Event | e.Fact) -> None:
        """What the engine was told, and the live policy knows. While the machine is too slow for anything the shadow
        rests, as the first."""
        match told:
            case e.Hint() if self._shadow is not None:
                self._shadow.hint(told)
            case e.Shed():
                self._rests = told.level > Level.NOTHING
        if self._shadow is not None:
            self._shadow.told()

    def hear(self, cancelled: Cancelled | None, percept: Percept, before: s.State, live: Moderator) -> None:
        """A step after the live policy has decided. cancelled: None for lost sound. percept: of the live ear. before:
        the state in which it was heard."""
        assert self._shadow is not None, "not attached"
        if self._rests:
            entry = self._shadow.follow(percept.at)
        else:
            if self._ear is not None:
                percept = self._heard(self._ear, cancelled, percept.at)
            percept, may_stop = live.in_context(percept, before)
            entry = self._shadow.hear(percept, before, live.state, may_stop)
        if entry is not None:
            self._write(entry)

    def _heard(self, ear: Ear, cancelled: Cancelled | None, at: int) -> Percept:
        percept = ear.unknown(at) if cancelled is None else ear.hear(cancelled, at)
        if reason := ear.take_failure():
            self._write({"at": at, "event": "shadow_failed", "reason": reason})
        return percept
