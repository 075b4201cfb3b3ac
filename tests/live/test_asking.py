"""The worker behind the replier: sentences as they come, a few ahead, and nothing of what was called off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Condition, Event
from time import monotonic

import numpy as np
import pytest

from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.errors import ServiceError
from edgeagent.live import worker
from edgeagent.live.asking import AHEAD, AT_ONCE, Asker, Question
from edgeagent.live.inbox import Inbox
from edgeagent.ports import Request

GIVE_UP_S = 10.0


class Streaming:
    """See `ports.Reply`; waits for `may` before each piece. Counts what was taken of it."""

    def __init__(self, pieces: Iterator[str], may: Event, stubborn: bool = False) -> None:
        self.pieces, self.may, self.stubborn = pieces, may, stubborn
        self.taken = 0
        self.cancelled = Event()

    def __iter__(self) -> Iterator[str]:
        for piece in self.pieces:
            while not self.may.wait(0.002):
                if self.cancelled.is_set() and not self.stubborn:
                    return
            if self.cancelled.is_set() and not self.stubborn:
                return
            self.taken += 1
            yield piece

    def cancel(self) -> None:
        self.cancelled.set()


class Replier:
    """See `ports.Replier`; hands out what it is given."""

    def __init__(self, *replies: Streaming | Exception) -> None:
        self.replies = list(replies)
        self.asked: list[str] = []
        self.closed = False

    def reply(self, request: Request) -> Streaming:
        self.asked.append(request.text)
        reply = self.replies[len(self.asked) - 1]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def close(self) -> None:
        self.closed = True


class Told:
    """See `asking.Receiver`."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def sentence(self, question: Question, text: str) -> None:
        self.log.append(f"{question.request.text}: {text}")

    def answered(self, question: Question) -> None:
        self.log.append(f"{question.request.text} answered")

    def refused(self, question: Question, reason: str) -> None:
        self.log.append(f"{question.request.text} refused, {reason}")


def question(text: str) -> Question:
    return Question(Request(0, np.zeros(0, np.float32), text, Understood(Kind.REQUEST)))


def endless() -> Iterator[str]:
    count = 0
    while True:
        yield f"Sentence {count}. "
        count += 1


@pytest.fixture
def may() -> Event:
    return Event()


@pytest.fixture
def make() -> Iterator[Callable[..., tuple[Asker, Inbox, Told, Replier]]]:
    made: list[Asker] = []

    def one(*replies: Streaming | Exception) -> tuple[Asker, Inbox, Told, Replier]:
        inbox, told, replier = Inbox(), Told(), Replier(*replies)
        made.append(Asker(replier, inbox, told))
        return made[-1], inbox, told, replier

    yield one
    for asker in made:
        asker.close()
        assert not asker._thread.is_alive()


Make = Callable[..., tuple[Asker, Inbox, Told, Replier]]


def until(inbox: Inbox, so: Callable[[], bool]) -> None:
    begun = monotonic()
    while not so():
        inbox.deliver()
        Event().wait(0.001)
        assert monotonic() - begun < GIVE_UP_S


@pytest.mark.parametrize("way", ["cancel", "ask"])
def test_who_is_woken_finds_that_it_is_called_off(
    make: Make, may: Event, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Or it would go back to sleep, with nobody left to wake it."""
    found: list[bool] = []

    class Watched(Condition):
        def notify(self, n: int = 1) -> None:
            found.append(first.cancelled)
            super().notify(n)

    monkeypatch.setattr(worker, "Condition", Watched)
    first = question("first")
    asker, inbox, told, _ = make(Streaming(endless(), may), Streaming(iter(()), may))
    asker.ask(first)
    may.set()
    until(inbox, lambda: len(told.log) == AHEAD)
    found.clear()
    if way == "ask":
        asker.ask(question("second"))
    else:
        asker.cancel(first)
    assert found == [True]


def test_each_sentence_as_soon_as_it_is_complete(make: Make, may: Event) -> None:
    pieces = iter(["Hel", "lo. How are", " you? Fine"])
    asker, inbox, told, _ = make(Streaming(pieces, may))
    may.set()
    asker.ask(question("a"))
    until(inbox, lambda: "a answered" in told.log)
    assert told.log == ["a: Hello.", "a: How are you?", "a: Fine", "a answered"]


def test_an_endless_reply_waits_for_its_listener(make: Make, may: Event) -> None:
    stream = Streaming(endless(), may)
    asker, inbox, told, _ = make(stream)
    asked = question("a")
    may.set()
    asker.ask(asked)
    until(inbox, lambda: len(told.log) == AHEAD)
    Event().wait(0.02)
    assert stream.taken <= AHEAD + 2
    asker.spoken(asked)
    until(inbox, lambda: len(told.log) == AHEAD + 1)
    asker.cancel(asked)
    assert stream.cancelled.is_set()


def test_a_new_question_calls_off_the_one_before_though_it_is_stalled(make: Make, may: Event) -> None:
    stalled = [Streaming(endless(), may) for _ in range(3)]
    asker, inbox, told, replier = make(*stalled, Streaming(iter(["Two."]), may))
    took = []
    for asked, text in enumerate("abcd", 1):
        begun = monotonic()
        asker.ask(question(text))
        took.append(monotonic() - begun)
        until(inbox, lambda: len(replier.asked) == asked)  # noqa: B023
    assert sorted(took[1:])[1] < 0.01  # the median: a busy machine
    may.set()
    until(inbox, lambda: "d answered" in told.log)
    assert told.log == ["d: Two.", "d answered"]


def test_what_still_comes_of_one_that_ignores_its_cancel_is_dropped(make: Make, may: Event) -> None:
    asker, inbox, told, replier = make(
        Streaming(iter(["Late. ", "Later. "]), may, stubborn=True), Streaming(iter(["B."]), may)
    )
    asked = question("a")
    asker.ask(asked)
    until(inbox, lambda: len(replier.asked) == 1)
    asker.cancel(asked)
    asker.ask(question("b"))
    may.set()
    until(inbox, lambda: "b answered" in told.log)
    assert told.log == ["b: B.", "b answered"]


def test_notes_that_were_left_before_the_cancel_are_dropped_too(make: Make, may: Event) -> None:
    stream = Streaming(iter(["One. ", "Two. "]), may)
    asker, inbox, told, _ = make(stream)
    asked = question("a")
    may.set()
    asker.ask(asked)
    begun = monotonic()
    while len(inbox._notes) < 2:
        assert monotonic() - begun < GIVE_UP_S
    asker.cancel(asked)
    inbox.deliver()
    assert told.log == []


@pytest.mark.parametrize("error", [ServiceError("gone", "start it"), ValueError("a bug of theirs")])
def test_a_replier_that_fails_is_told_and_asked_again(make: Make, may: Event, error: Exception) -> None:
    asker, inbox, told, _ = make(error, Streaming(iter(["Back."]), may))
    may.set()
    asker.ask(question("a"))
    until(inbox, lambda: bool(told.log))
    assert told.log[0].startswith("a refused, ")
    assert str(error) in told.log[0]
    asker.ask(question("b"))
    until(inbox, lambda: "b answered" in told.log)


def test_half_a_reply_is_told_as_far_as_it_came(make: Make, may: Event) -> None:
    def breaks() -> Iterator[str]:
        yield "One. "
        raise ServiceError("connection reset")

    asker, inbox, told, _ = make(Streaming(breaks(), may))
    may.set()
    asker.ask(question("a"))
    until(inbox, lambda: len(told.log) == 2)
    assert told.log == ["a: One.", "a refused, connection reset"]


def test_closing_cuts_what_is_stalled(may: Event) -> None:
    inbox, replier = Inbox(), Replier(Streaming(endless(), may))
    asker = Asker(replier, inbox, Told())
    asker.ask(question("a"))
    until(inbox, lambda: len(replier.asked) == 1)
    asker.close()
    assert replier.closed
    assert not asker._thread.is_alive()


def test_what_has_come_in_one_piece_goes_on_at_once(make: Make, may: Event) -> None:
    may.set()
    texts = [f"Sentence {number}." for number in range(3 * AHEAD)]
    asker, inbox, told, _ = make(Streaming(iter([" ".join(texts)]), may))
    asker.ask(question("a"))
    until(inbox, lambda: told.log[-1:] == ["a answered"])
    assert told.log[:-1] == [f"a: {text}" for text in texts]


def test_of_very_much_in_one_piece_the_rest_waits(make: Make, may: Event) -> None:
    may.set()
    asker, inbox, told, _ = make(Streaming(iter(["Word. " * (AT_ONCE + 5)]), may))
    asker.ask(asked := question("a"))
    for more in range(5):
        until(inbox, lambda: len(told.log) == AT_ONCE + more)  # noqa: B023
        assert asked.ahead == AT_ONCE
        asker.spoken(asked)
    until(inbox, lambda: told.log[-1:] == ["a answered"])
