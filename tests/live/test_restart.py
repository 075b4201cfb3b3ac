"""Whole stories on the cranked card: interrupted, killed, started again, and asked whether to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgeagent.app import build_dialogue
from edgeagent.app.beside import recall_talk
from edgeagent.dialogue.history import Who
from edgeagent.dialogue.saved import Saved
from edgeagent.settings import Capture, Memory, Settings, Turns
from edgeagent.store.keeper import Keeper
from edgeagent.store.memory_file import Part, forget
from edgeagent.turn.events import Remembered
from tests.live.rig import Rig
from tests.live.test_dialogue import LONG, NAMES, OFFER, Replier, Understanding, ask, heard, interrupt, quiet

SETTINGS = Settings(capture=Capture(on_turn="true"), turns=Turns(reply_timeout_ms=3000))
AFTER = "Then it was over."


class Start:
    """One start of the device, with the store of those before. Without a thread: what was to be written is, at once."""

    def __init__(self, path: Path, now: float, replier: Replier, *texts: str) -> None:
        self.keeper = Keeper(path, 24, clock=lambda: now)
        self.keeper.start(self.forgotten, self.troubles, thread=False)
        dialogue = build_dialogue(SETTINGS)
        assert dialogue is not None
        self.closed = False
        self.asks = recall_talk(self.keeper, Memory(talk=True), dialogue)
        self.dialogue = dialogue
        self.replier = replier
        self.rig = Rig(replier=replier, listener=Understanding(*texts), dialogue=dialogue, settings=SETTINGS)
        self.rig.turn(30)
        if self.asks:
            self.rig.conversation.say(self.asks)
            self.rig.until(lambda: self.rig.state == "speaking")
            quiet(self.rig)

    def forgotten(self, part: Part, _remembered: Remembered | None) -> bool:
        if part == "talk":
            self.dialogue.forget()
        self.keeper.begin_again(part)
        return True

    def troubles(self, text: str) -> None:
        raise AssertionError(text)

    def killed(self) -> None:
        """The power goes: nothing of ours runs any more."""
        self.keeper.look()
        self.dialogue.keep = lambda _saved: None
        self.close()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.rig.close()
            self.keeper.close()


Begin = Callable[..., Start]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    starts: list[Start] = []

    def one(*texts: str, replier: Replier | None = None, now: float = 1e9) -> Start:
        starts.append(Start(tmp_path / "memory.db", now, replier or Replier(), *texts))
        return starts[-1]

    yield one
    for start in starts:
        start.close()


def interrupted(begin: Begin) -> str:
    """Somebody says "stop" in the middle of the first of two sentences; then the power goes. What was heard of it."""
    first = begin("stop")
    first.rig.conversation.say(LONG)
    first.rig.conversation.say(AFTER)
    first.rig.until(lambda: first.rig.state == "speaking")
    first.rig.turn(130)
    interrupt(first.rig)
    quiet(first.rig)
    (before,) = heard(first.rig)
    first.killed()
    return before


def test_after_a_power_cut_it_asks_and_goes_on_at_the_phrase(begin: Begin) -> None:
    before = interrupted(begin)
    second = begin("yes please")
    assert second.asks == OFFER
    ask(second.rig)
    quiet(second.rig)
    offered, rest, after = heard(second.rig)
    assert (offered, after) == (OFFER, AFTER)
    assert LONG.startswith(before)
    assert LONG.endswith(rest)
    twice = len(before.split()) + len(rest.split()) - len(LONG.split())
    assert 0 <= twice <= 3  # no word lost, and at most one phrase repeated
    assert before.split()[-1] != LONG.split()[-1]
    assert not second.replier.asked


def test_what_was_heard_before_the_power_cut_reaches_the_replier(begin: Begin) -> None:
    before = interrupted(begin)
    replier = Replier(["Gladly."])
    second = begin("tell me something else", replier=replier)
    ask(second.rig)
    quiet(second.rig)
    (request,) = replier.asked
    told = [(line.who, line.text, line.interrupted) for line in request.history]
    assert told == [
        (Who.DEVICE, before, True),
        (Who.PERSON, "stop", False),
        (Who.DEVICE, OFFER, False),
        (Who.PERSON, "tell me something else", False),
    ]
    assert len({(line.who, line.number) for line in request.history}) == 4
    second.killed()
    assert begin().asks == ""  # a new request has dropped the rest


def test_a_no_drops_the_rest(begin: Begin) -> None:
    interrupted(begin)
    second = begin("no thanks")
    ask(second.rig)
    quiet(second.rig)
    second.killed()
    assert begin().asks == ""


def test_who_is_not_answered_asks_again_at_the_next_start(begin: Begin) -> None:
    interrupted(begin)
    begin().killed()
    third = begin("go on")
    assert third.asks == OFFER
    ask(third.rig)
    quiet(third.rig)
    assert heard(third.rig)[-1] == AFTER


def test_a_power_cut_in_the_middle_of_a_sentence_goes_on_with_that_sentence(begin: Begin) -> None:
    first = begin()
    first.rig.conversation.say(AFTER)
    first.rig.conversation.say(LONG)
    first.rig.until(lambda: bool(heard(first.rig)) and first.rig.state == "speaking")
    first.rig.turn(60)
    first.killed()
    second = begin("yes")
    ask(second.rig)
    quiet(second.rig)
    assert heard(second.rig) == [OFFER, LONG]


def test_a_reply_that_was_still_being_thought_of_is_asked_for(begin: Begin) -> None:
    first = begin("tell me a story", replier=Replier([f"{name} is here. " for name in NAMES]))
    ask(first.rig)
    first.rig.until(lambda: first.rig.state == "speaking")
    first.killed()
    other = Replier(["And so on."])
    second = begin("yes", replier=other)
    ask(second.rig)
    quiet(second.rig)
    (request,) = other.asked
    assert request.resumes
    _, *story, last = heard(second.rig)
    assert story == [f"{name} is here." for name in NAMES[: len(story)]]
    assert 1 < len(story) < len(NAMES)
    assert last == "And so on."


def test_what_is_too_old_is_not_asked_about(begin: Begin) -> None:
    interrupted(begin)
    second = begin(now=1e9 + 31 * 60)
    assert second.asks == ""
    assert [line.who for line in second.dialogue.history.lines] == [Who.DEVICE, Who.PERSON]


def test_what_was_forgotten_is_not_asked_about(begin: Begin, tmp_path: Path) -> None:
    first = begin("stop")
    first.rig.conversation.say(LONG)
    first.rig.until(lambda: first.rig.state == "speaking")
    interrupt(first.rig)
    first.keeper.look()
    forget(tmp_path / "memory.db")
    first.keeper.look()
    assert first.dialogue.history.lines == ()
    first.killed()
    second = begin()
    assert (second.asks, second.dialogue.history.lines) == ("", ())


def test_a_second_power_cut_right_after_the_yes_costs_nothing(begin: Begin) -> None:
    interrupted(begin)
    second = begin("yes")
    kept: list[Saved] = []
    second.dialogue.keep = kept.append
    ask(second.rig)
    second.rig.until(lambda: second.rig.state == "speaking")
    assert kept
    assert kept[-1].rest[-1:] == (AFTER,)
    assert all(saved.unfinished for saved in kept)


def test_a_service_that_is_stopped_in_the_middle_of_a_sentence_goes_on_at_the_phrase(begin: Begin) -> None:
    first = begin()
    first.rig.conversation.say(LONG)
    first.rig.until(lambda: first.rig.state == "speaking")
    first.rig.turn(130)
    first.rig.loop._actuators.silence(first.rig.loop._path)  # as `Loop.run` does when it ends
    first.rig.loop._settle()
    first.rig.conversation._learn_what_was_heard()
    first.killed()
    second = begin("yes")
    ask(second.rig)
    quiet(second.rig)
    rest = heard(second.rig)[-1]
    assert LONG.endswith(rest)
    assert 0 < len(rest) < len(LONG)
