"""The device as one thing to start, to stop, and to leave in good order."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from edgeagent.live.conversation import Conversation
from edgeagent.live.door import Door, Follower, Recorder
from edgeagent.live.loan import Loan
from edgeagent.live.loop import Loop
from edgeagent.live.realtime import ENGINE_PRIORITY, Hygiene, urgently
from edgeagent.ports import Journal
from edgeagent.turn.events import Event
from edgeagent.vitals import Vitals, Watcher


class Runtime:
    """A context: leaving it silences and closes everything, whatever happened inside. Nothing is told, recorded or
    journalled before `run`. `stop` is for any thread and for signal handlers."""

    def __init__(
        self,
        door: Door,
        loop: Loop,
        conversation: Conversation,
        journals: tuple[Journal, Journal],
        head: Mapping[str, object],
        hygiene: Hygiene,
        closing: ExitStack,
    ) -> None:
        """journals: what the engine decides, and what happens beside it. head: the first entry of the former.
        hygiene: the first of the latter. closing: what to close, in reverse order."""
        self._door = door
        self._loop = loop
        self._conversation = conversation
        self._journal, self._notes = journals
        self._head = head
        self._hygiene = hygiene
        self._closing = closing

    def record(self, recorder: Recorder) -> None:
        """Record everything from the start; before `run`. Any number of recorders."""
        self._door.record(recorder)

    def follow(self, follower: Follower) -> None:
        """Record everything, and what the engine thinks at each step; before `run`."""
        self._door.follow(follower)

    @property
    def vitals(self) -> Vitals:
        """How the device is. Any thread."""
        return self._loop.gauge.vitals

    @property
    def loan(self) -> Loan:
        """Through which the card is lent for a while. Any thread."""
        return self._loop.loan

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` how the device is, ten times a second; before `run`."""
        self._loop.gauge.watchers.append(watcher)

    def run(self) -> None:
        """Listen and talk until `stop`, or until a card of files has no more; the caller becomes the engine thread,
        and its real time ends with it: what follows, such as packing up a recording, has time. Raises DeviceHung."""
        self._journal.write(self._head)
        with urgently(ENGINE_PRIORITY) as may:
            self._notes.write(self._hygiene.entry(may))
            self._loop.run()

    def stop(self) -> None:
        """Silence within a period of the card, then `run` returns."""
        self._loop.stop()

    def say(self, text: str, *, protected: bool = False) -> int:
        """Speak as soon as the floor allows; the number of the utterance. protected: voices may lower it, not stop it.
        Before `run`, or on the engine thread (a journal is written there)."""
        return self._conversation.say(text, protected=protected)

    def tell(self, event: Event) -> None:
        """Something has happened, now: a button, a hint. On the engine thread, from a recorder or a watcher."""
        self._door.tell(event)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.__exit__(kind, error, trace)
