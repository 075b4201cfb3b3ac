"""A turn whose text comes late, when something else has happened meanwhile: it is not answered out of turn."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from threading import Event

import pytest

from edgeagent.app import build_dialogue
from edgeagent.dialogue.history import Who
from edgeagent.live.conversation import Told
from edgeagent.ports import Sound
from edgeagent.services.tone_talker import ToneTalk, ToneTalker
from edgeagent.settings import Capture, Settings, Turns
from edgeagent.turn import events as e
from tests.live.rig import VOICE, Rig
from tests.live.test_dialogue import LONG, Replier, Understanding, ask, heard, interrupt, quiet

SETTINGS = Settings(capture=Capture(on_turn="true"), turns=Turns(reply_timeout_ms=3000))


class Late(Understanding):
    """Tells the text of its first turn when it is asked to, whether or not anybody wants it; of the others at once."""

    def __init__(self, *texts: str) -> None:
        super().__init__(*texts)
        self.closed = count()
        self.dropped: list[int] = []

    def close_turn(self, turn: int, sound: Sound) -> None:
        if next(self.closed):
            super().close_turn(turn, sound)
        else:
            self.first = turn

    def drop_turn(self, turn: int) -> None:
        self.dropped.append(turn)

    def tell(self, text: str) -> None:
        self._recognised(self.first, text)

    _recognised: Told


class Halting(ToneTalker):
    """Begins with a sentence when it `may`."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.may = Event()
        self.may.set()

    def say(self, text: str) -> ToneTalk:
        self.asked.append(text)
        self.may.wait(10)
        return super().say(text)


@pytest.fixture
def talker() -> Halting:
    return Halting()


@pytest.fixture
def late() -> Late:
    return Late("How much is it?")


@pytest.fixture
def replier() -> Replier:
    return Replier(["Five euros."], ["Once upon a time."])


@pytest.fixture
def rig(late: Late, replier: Replier, talker: Halting) -> Iterator[Rig]:
    """It has been spoken to, does not know yet what was said, and begins to say something of its own."""
    made = Rig(talker, replier, late, SETTINGS, dialogue=build_dialogue(SETTINGS))
    made.turn(30)
    ask(made)
    assert made.state == "thinking"
    made.speak(LONG)
    yield made
    made.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_of_two_turns_the_newer_is_answered_whenever_the_text_of_the_older_comes(
    rig: Rig, late: Late, replier: Replier, when: str
) -> None:
    rig.until(lambda: rig.state == "yielding", level=VOICE)
    if when == "before":  # it is known while the newer one is still being spoken
        late.tell("Tell me a story.")
    interrupt(rig)
    if when == "after":
        late.tell("Tell me a story.")
    quiet(rig)
    answer = "Five euros." if when == "after" else "Once upon a time."
    assert heard(rig)[1:] == [answer, "Shall I go on?"]
    assert replier.asked[-1].text == "How much is it?"
    assert len(replier.asked) == (2 if when == "before" else 1)
    assert len(heard(rig)) == 3
    told = [line for line in rig.terminal if "the next one came" in line]
    assert told == ["trouble with a turn: the next one came before its text"] * (when == "after")
    assert late.dropped == [late.first] * (when == "after")


def test_a_press_stops_what_is_not_understood_yet_as_well(rig: Rig, late: Late, replier: Replier) -> None:
    rig.inbox.post(lambda: rig.door.tell(e.ButtonShort(0)))
    rig.until(lambda: rig.state == "idle")
    assert late.dropped == [late.first]
    late.tell("Tell me a story.")
    rig.turn(200)
    assert rig.state == "idle"
    assert not replier.asked
    ask(rig)
    quiet(rig)
    assert heard(rig)[1:] == ["Five euros."]


def test_nothing_that_is_made_for_an_older_turn_is_said_after_a_newer_one(
    rig: Rig, late: Late, talker: Halting
) -> None:
    talker.may.clear()
    rig.until(lambda: rig.state == "yielding", level=VOICE)
    late.tell("Tell me a story.")
    rig.until(lambda: "Five euros." in talker.asked, most=0, level=VOICE)
    interrupt(rig)
    talker.may.set()
    quiet(rig)
    assert heard(rig)[1:] == ["Once upon a time.", "Shall I go on?"]


def test_nothing_is_left_of_an_answer_of_which_nothing_was_heard() -> None:
    """Who pauses and then goes on asks one question, and its beginning was never answered."""
    talker = Halting()
    talker.may.clear()  # a voice that takes its time
    replier = Replier(["It is sunny here."], ["It rains there."], ["Fine."])
    texts = "What's the weather?", "What's the weather in Bangalore tomorrow?", "Yes."
    rig = Rig(talker, replier, Understanding(*texts), SETTINGS, dialogue=build_dialogue(SETTINGS))
    try:
        rig.turn(30)
        ask(rig)
        rig.until(lambda: bool(talker.asked))  # the first answer is known, and makes no sound yet
        assert rig.state == "thinking"
        rig.until(lambda: rig.state == "hearing", level=VOICE)
        rig.turn(60, VOICE)
        talker.may.set()
        rig.until(lambda: rig.state not in ("idle", "hearing"), most=200)
        quiet(rig)
        ask(rig)
        quiet(rig)
        assert heard(rig) == ["It rains there.", "Fine."]
    finally:
        rig.close()


def test_who_talks_long_with_pauses_is_understood_in_parts_and_answered_once() -> None:
    """Each part is whole, and whoever answers the last one knows the others."""
    settings = Settings(capture=Capture(on_turn="true"), turns=Turns(longest_turn_ms=2000, reply_timeout_ms=3000))
    texts = [f"that was part number {number}" for number in range(1, 7)]
    replier = Replier(*[["An answer."]] * len(texts))
    rig = Rig(ToneTalker(), replier, Understanding(*texts), settings, dialogue=build_dialogue(settings))
    try:
        rig.turn(30)
        replier.may.clear()
        for _ in texts:
            ask(rig)
        replier.may.set()
        quiet(rig)
    finally:
        rig.close()
    assert heard(rig) == ["An answer."]
    known = [line.text for line in replier.asked[-1].history if line.who is Who.PERSON]
    assert known == texts[1::2]  # the text of a turn that is taken up again is that of the whole
