"""The worker behind a replier that is stuck: what waits is bounded, and what is not wanted is forgotten."""

from __future__ import annotations

from threading import Event
from time import monotonic

import numpy as np
import pytest

from edgeagent.live.answers import WAITING, Answer, Script, Worker
from edgeagent.live.inbox import Inbox
from edgeagent.ports import Sound
from edgeagent.services.tone_talker import ToneTalker


class Stuck:
    """See `ports.Replier`; answers nothing until it may."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.begun, self.may = Event(), Event()

    def reply(self, turn: Sound, text: str) -> str:  # noqa: ARG002
        self.asked.append(len(turn))
        self.begun.set()
        assert self.may.wait(10)
        return ""

    def cancel(self) -> None:
        pass

    def close(self) -> None:
        pass


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
def test_what_waits_behind_a_stuck_replier_is_bounded(wanted: bool) -> None:
    replier, told = Stuck(), Told()
    worker = Worker(ToneTalker(), replier, Inbox(), told)
    answers = [Answer(n, n, np.zeros(n + 1, np.float32)) for n in range(3 * WAITING)]
    worker.order(answers[0])
    assert replier.begun.wait(10)
    for answer in answers[1:]:
        worker.order(answer)
        if not wanted:
            worker.cancel(answer)
    assert len(worker._orders) <= WAITING
    gone = range(1, 2 * WAITING) if wanted else range(0)
    assert told.failures == list(gone)  # the newest are the ones that somebody waits for
    replier.may.set()
    last = Answer(99, 99, np.zeros(100, np.float32))
    if wanted:
        worker.cancel(answers[-1])
    worker.order(last)
    deadline = monotonic() + 10
    while replier.asked[-1] != 100:
        assert monotonic() < deadline
        Event().wait(0.002)
    assert replier.asked[1:] == [*(n + 1 for n in range(2 * WAITING, 3 * WAITING - 1) if wanted), 100]
    worker.close()


def test_closing_does_not_wait_for_what_was_ordered() -> None:
    replier, told = Stuck(), Told()
    worker = Worker(ToneTalker(), replier, Inbox(), told)
    for n in range(3):
        worker.order(Answer(n, n))
    assert replier.begun.wait(10)
    replier.may.set()
    worker.close()
    assert len(replier.asked) <= 3
    assert not worker._thread.is_alive()
