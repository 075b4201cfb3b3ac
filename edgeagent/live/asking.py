"""From a user's turn to sentences: one thread asks the replier, and leaves each sentence as a note as soon as it is
complete, so that the first is spoken while the others are still being thought of.

It keeps a few sentences ahead of the loudspeaker and no more: an endless reply waits for its listener. What a replier
has said in one piece goes on at once: what is left of it after an interruption is then known, and a replier that cannot
go on in the middle (rules, a script) is not asked to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edgeagent.dialogue.sentences import Sentences
from edgeagent.live.inbox import Inbox
from edgeagent.live.worker import Working
from edgeagent.ports import Replier, Reply, Request, Voiced

AHEAD = 4
"""Sentences that may wait for the loudspeaker: no pause between them, and little to throw away at an interruption."""

AT_ONCE = 128
"""Likewise of those that have come in one piece: half of what the voice keeps behind each other."""


@dataclass(slots=True, eq=False)
class Question:
    """One turn that wants a reply. The engine thread makes and cancels it. last: to be said after the reply."""

    request: Request
    last: tuple[str, ...] = ()
    said: int = 0
    """Sentences that the engine thread has taken."""

    ahead: int = 0
    """Sentences that have not been spoken yet."""

    cancelled: bool = False
    reply: Reply | None = None


class Receiver(Protocol):
    """Who takes what the replier says; every method is called on the engine thread, never for a cancelled question."""

    def sentence(self, question: Question, text: str) -> None:
        """The next sentence of the reply."""

    def answered(self, question: Question) -> None:
        """That was all of it."""

    def refused(self, question: Question, reason: str) -> None:
        """No more will come of it."""


class Asker(Working[Question]):
    """All methods are for the engine thread and return at once, but for `close`. One question at a time: a new one
    calls off the one before."""

    def __init__(self, replier: Replier, inbox: Inbox, receiver: Receiver) -> None:
        super().__init__("replier", inbox)
        self._replier = replier
        self._receiver = receiver
        self._question: Question | None = None
        self._done: Question | None = None
        """The last that was begun."""
        self._start()

    def ask(self, question: Question) -> None:
        """Ask this, and nothing else any more."""
        if self._question is not None:
            self._cut(self._question)  # first: whom the notice wakes looks for that
        with self._changed:
            self._question = question
            self._changed.notify()

    def cancel(self, question: Question) -> None:
        """Nothing more of it."""
        self._cut(question)  # first, as above
        with self._changed:
            if self._question is question:
                self._question = None
            self._changed.notify()

    def spoken(self, question: Question) -> None:
        """One of its sentences is over: there is room for another."""
        with self._changed:
            question.ahead -= 1
            self._changed.notify()

    def close(self) -> None:
        """Ends the thread, and gives back the replier."""
        question = self._question
        self._close(lambda: self._cut(question) if question is not None else None)
        self._replier.close()

    def _cut(self, question: Question) -> None:
        question.cancelled = True
        if question.reply is not None:
            question.reply.cancel()

    def _waiting(self) -> Question | None:
        if self._question is self._done:
            return None
        self._done = self._question
        return self._question

    def _do(self, job: Question) -> None:
        self._pursue(job)
        self._tell(job, self._receiver.answered, job)

    def _failed(self, job: Question, reason: str) -> None:
        self._receiver.refused(job, reason)

    def _pursue(self, question: Question) -> None:
        reply = question.reply = self._replier.reply(question.request)
        if question.cancelled:  # meanwhile, by one who saw no reply to cancel
            reply.cancel()
            return
        splitter = Sentences()
        for piece in reply:
            if isinstance(piece, Voiced):
                self._pass_on(question, [*splitter.rest(), piece])
            else:
                self._pass_on(question, splitter.feed(piece))
            if question.cancelled:
                return
        self._pass_on(question, splitter.rest(), AT_ONCE)

    def _pass_on(self, question: Question, sentences: list[str], most: int = AHEAD) -> None:
        """most: of them may wait for the loudspeaker before the first of these."""
        for text in sentences:
            self._wait(question, most)
            self._tell(question, self._receiver.sentence, question, text)
            most = AT_ONCE

    def _wait(self, question: Question, most: int) -> None:
        """Until there is room for another sentence."""
        with self._changed:
            self._changed.wait_for(lambda: question.ahead < most or question.cancelled or self._closing)
            question.ahead += 1
