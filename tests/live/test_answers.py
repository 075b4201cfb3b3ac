"""The worker behind a talker that is stuck: what waits is bounded, and what is not wanted is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from time import monotonic

import pytest

from edgeagent.live.answers import WAITING, Answer, Script, Worker
from edgeagent.live.inbox import Inbox
from edgeagent.ports import Sound
from edgeagent.services.tone_talker import ToneTalk, ToneTalker


class Stuck(ToneTalker):
    """Says nothing until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.begun, self.may = Event(), Event()

    def say(self, text: str) -> ToneTalk:
        self.asked.append(text)
        return StuckTalk(self, text)


class StuckTalk(ToneTalk):
    def __init__(self, talker: Stuck, text: str) -> None:
        super().__init__(text, "done", 0)
        self._talker = talker

    def __iter__(self) -> Iterator[Sound]:
        self._talker.begun.set()
        assert self._talker.may.wait(10)
        yield from ()


class Told:
    """See `answers.Receiver`."""

    def __init__(self) -> None:
        self.failures: list[int] = []
        self.finished: list[int] = []

    def sounds(self, answer: Answer, sound: Sound) -> None: ...

    def knows(self, answer: Answer, script: Script) -> None: ...

    def done(self, answer: Answer) -> None:
        self.finished.append(answer.utterance)

    def failed(self, answer: Answer, reason: str) -> None:
        assert "too many answers wait" in reason
        self.failures.append(answer.utterance)


@pytest.mark.parametrize("wanted", [True, False])
def test_what_waits_behind_a_stuck_talker_is_bounded(wanted: bool) -> None:
    talker, told = Stuck(), Told()
    worker = Worker(talker, Inbox(), told)
    answers = [Answer(n, f"text {n}") for n in range(3 * WAITING)]
    worker.order(answers[0])
    assert talker.begun.wait(10)
    for answer in answers[1:]:
        worker.order(answer)
        if not wanted:
            worker.cancel(answer)
    assert len(worker._orders) <= WAITING
    gone = range(1, 2 * WAITING) if wanted else range(0)
    assert told.failures == list(gone)  # the newest are the ones that somebody waits for
    talker.may.set()
    last = Answer(99, "the last")
    if wanted:
        worker.cancel(answers[-1])
    worker.order(last)
    deadline = monotonic() + 10
    while talker.asked[-1] != "the last":
        assert monotonic() < deadline
        Event().wait(0.002)
    kept = [f"text {n}" for n in range(2 * WAITING, 3 * WAITING - 1) if wanted]
    assert talker.asked[1:] == [*kept, "the last"]
    worker.close()


def test_closing_does_not_wait_for_what_was_ordered() -> None:
    talker, told = Stuck(), Told()
    worker = Worker(talker, Inbox(), told)
    for n in range(3):
        worker.order(Answer(n, "text"))
    assert talker.begun.wait(10)
    talker.may.set()
    worker.close()
    assert len(talker.asked) <= 3
    assert not worker._thread.is_alive()


def test_one_that_is_called_off_while_the_talker_begins_is_cut_all_the_same() -> None:
    begun: list[ToneTalk] = []
    done = Event()

    class Beginning(ToneTalker):
        """Already at work when it returns, and called off just then."""

        def say(self, text: str) -> ToneTalk:
            begun.append(super().say(text))
            if text == "next":
                done.set()
            else:
                worker.cancel(answers[0])
            return begun[-1]

    worker = Worker(Beginning(), Inbox(), Told())
    answers = [Answer(0, "text"), Answer(1, "next")]
    for answer in answers:
        worker.order(answer)
    assert done.wait(10)
    assert begun[0]._cancelled.is_set()
    worker.close()
