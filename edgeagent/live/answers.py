"""From a sentence to its sound: one thread asks the talker, one answer after the other, and leaves what it gives as
notes for the engine thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edgeagent.live.inbox import Inbox
from edgeagent.live.worker import Working
from edgeagent.ports import Sound, Talk, Talker, Voiced
from edgeagent.signal.pauses import PauseFinder
from edgeagent.turn.events import Word

NOBODY = -1
"""The turn of a sentence that answers none."""

WAITING = 8
"""Answers that may wait for a talker that is stuck."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is known of an utterance so far."""

    text: str
    words: tuple[Word, ...] = ()
    pauses: tuple[tuple[int, int], ...] = ()
    length: int = 0


@dataclass(slots=True)
class Answer:
    """One utterance of ours in the making. The engine thread makes and cancels it; the worker fills it."""

    utterance: int
    text: str
    turn: int = NOBODY
    """The user's turn that it answers."""

    protected: bool = False
    """Voices may lower it, and not stop it."""

    patient: bool = False
    """Waits until nobody has the floor, rather than being dropped for it, until it has begun to be played."""

    ordered: bool = False
    """The worker has it, and not only the voice."""

    cancelled: bool = False
    talk: Talk | None = None
    started: bool = False
    """Its first sound has been handed over."""

    over: bool = False
    """It has sounded to its end, or failed."""

    script: Script | None = None
    """What is known of it, and `told`: what the engine knows."""

    told: Script | None = None


class Receiver(Protocol):
    """Who takes what is made; every method is called on the engine thread, never for a cancelled answer."""

    def sounds(self, answer: Answer, sound: Sound) -> None:
        """The next sound of it."""

    def knows(self, answer: Answer, script: Script) -> None:
        """More is known of it. For the first time before its sound."""

    def done(self, answer: Answer) -> None:
        """All its sound has been handed over; there may have been none."""

    def failed(self, answer: Answer, reason: str) -> None:
        """No more will come of it."""


class Worker(Working[Answer]):
    """`order`, `cancel` and `close` are for the engine thread."""

    def __init__(self, talker: Talker, inbox: Inbox, receiver: Receiver) -> None:
        super().__init__("answers", inbox)
        self._talker = talker
        self._receiver = receiver
        self._orders: list[Answer] = []
        self._current: Answer | None = None
        self._start()

    def order(self, answer: Answer) -> None:
        """Make this, after all that has been ordered before; when too many wait, the oldest of them fails."""
        with self._changed:
            waiting = [*(order for order in self._orders if not order.cancelled), answer]
            self._orders = waiting[-WAITING:]
            self._changed.notify()
        for late in waiting[:-WAITING]:
            self._receiver.failed(late, "too many answers wait for one that does not come")
            late.cancelled = True

    def cancel(self, answer: Answer) -> None:
        """Nothing more of it. Returns at once."""
        answer.cancelled = True
        if answer.talk is not None:
            answer.talk.cancel()

    def close(self) -> None:
        """Ends the thread, and gives back the talker."""
        self._close(self._cut)
        self._talker.close()

    def _cut(self) -> None:
        if self._current is not None:
            self.cancel(self._current)

    def _waiting(self) -> Answer | None:
        self._current = self._orders.pop(0) if self._orders else None
        return self._current

    def _do(self, job: Answer) -> None:
        self._speak(job)
        self._tell(job, self._receiver.done, job)

    def _failed(self, job: Answer, reason: str) -> None:
        self._receiver.failed(job, reason)

    def _speak(self, answer: Answer) -> None:
        voiced = answer.text.talk if isinstance(answer.text, Voiced) else None
        talk = answer.talk = voiced or self._talker.say(answer.text)
        if answer.cancelled:  # meanwhile, by one who saw no talk to cancel
            talk.cancel()
            return
        finder, length = PauseFinder(), 0
        told = Script(answer.text)
        self._tell(answer, self._receiver.knows, answer, told)
        for sound in talk:
            if answer.cancelled:
                return
            finder.push(sound)
            length += sound.size
            text = voiced.text if voiced else answer.text
            if (script := Script(text, talk.words, finder.pauses)) != told:
                self._tell(answer, self._receiver.knows, answer, script)
                told = script
            self._tell(answer, self._receiver.sounds, answer, sound)
        text = voiced.text if voiced else answer.text
        self._tell(answer, self._receiver.knows, answer, Script(text, talk.words, finder.pauses, length))
