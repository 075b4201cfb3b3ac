"""Whole stories of the moments in which an interruption is hardest to get right, with everything real but the card: the
dialogue and its history, the chat replier and its server. What was heard is read off the card's own air."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from threading import Event

import pytest

from edgeagent import settings
from edgeagent.app import build_dialogue
from edgeagent.dialogue.history import Line, Who
from edgeagent.services.chat_replier import BEGUN, ChatReplier
from edgeagent.settings import Capture, Settings, Turns
from edgeagent.signal.bypass import Bypass
from edgeagent.turn import events as e
from edgeagent.units import RATE
from tests.live.rig import VOICE, Rig
from tests.live.spelling import SpellingTalker, accounts_for, words_in
from tests.live.test_dialogue import Understanding, ask, plans, quiet
from tests.services.chat_server import ChatServer, Talking, serving

SETTINGS = Settings(capture=Capture(on_turn="true"), turns=Turns(reply_timeout_ms=3000))

STORY = "Ann had an axe, Bob had a boat, Cid had a cat, Dan had a dog."
ANSWERS = ("Five euros for one.", "Seven hours by sea.", "Nine of them came.")
OFFER = "Shall I go on?"
MOMENT = round(0.3 * RATE)


class Device:
    """A device with a server that answers in turn, as soon as it `may`."""

    def __init__(self, server: ChatServer, texts: tuple[str, ...]) -> None:
        self.server = server
        self.may = Event()
        self.may.set()
        self.talker = SpellingTalker()
        self.dialogue = build_dialogue(SETTINGS)
        replier = ChatReplier(settings.Replier(kind="chat", url=server.url, model="small", system=""))
        listener = Understanding(*texts)
        self.rig = Rig(self.talker, replier, listener, SETTINGS, dialogue=self.dialogue, canceller=Bypass())
        self.rig.turn(30)

    @property
    def heard(self) -> list[str]:
        """Every word that sounded whole."""
        return words_in(self.rig.card.air, self.talker.said)

    @property
    def lines(self) -> tuple[Line, ...]:
        assert self.dialogue is not None
        self.rig.conversation._begin(self.dialogue)
        return self.dialogue.history.lines

    @property
    def told(self) -> list[list[str]]:
        """The conversation as the server got it, request by request; a dash where we were cut."""
        return [[message["content"] for message in request["messages"]] for request in self.server.requests]

    def begins(self, text: str = STORY, blocks: int = 60) -> None:
        """It speaks by itself, for so long."""
        self.rig.conversation.say(text)
        self.rig.until(lambda: self.rig.state == "speaking")
        self.rig.turn(blocks)

    def is_stopped(self) -> int:
        """Somebody speaks until it stops; the sample at which it does."""
        self.rig.until(lambda: self.rig.state == "yielding", level=VOICE)
        return self.rig.engine.at

    def hears(self, blocks: int = 100) -> None:
        """The person goes on for so long, has finished, and it is over with the turn."""
        self.rig.turn(blocks, VOICE)
        self.rig.until(lambda: self.rig.state not in ("yielding", "hearing"), most=200)

    def ends_well(self) -> None:
        """What holds of every story when it is quiet: the history is what was heard, one of us spoke at a time, and
        somebody who speaks now is answered."""
        quiet(self.rig)
        assert accounts_for(self.lines, self.heard), (self.lines, self.heard)
        speaking: list[object] = []
        for entry in self.rig.journal.entries:
            if entry["event"] == "playing":
                assert not speaking
                speaking = [entry["utterance"]]
            elif entry["event"] == "ceased":
                assert speaking in ([], [entry["utterance"]])
                speaking = []
        assert not speaking
        before = len(self.heard)
        ask(self.rig)
        quiet(self.rig)
        assert " ".join(self.heard[before:]) in ANSWERS
        assert self.rig.state == "idle"


class Made(ExitStack):
    """Devices that are closed in the end."""

    def __call__(self, *texts: str) -> Device:
        """texts: what is understood, turn by turn; of one more in the end, too."""
        answers = iter(ANSWERS)

        def act(talking: Talking) -> None:
            talking.begin()
            while not device.may.wait(0.002):
                if talking.gone(0):
                    device.server.leave()
                    return
            talking.say(next(answers))
            talking.done()

        device = Device(self.enter_context(serving(act)), (*texts, "Tell me more."))
        self.callback(device.rig.close)
        return device


@pytest.fixture
def make() -> Iterator[Made]:
    with Made() as made:
        yield made


def ours(lines: tuple[Line, ...]) -> list[tuple[str, bool]]:
    """What was heard of us, and whether it was cut."""
    return [(line.text, line.interrupted) for line in lines if line.who is Who.DEVICE]


# Twice in 300 ms ------------------------------------------------------------------------------------------------------


def test_interrupted_by_two_words_within_300_ms_it_is_one_interruption(make: Made) -> None:
    """ "Hey -- wait": the second begins while the first is still being judged."""
    device = make("How much is it?")
    device.begins()
    began = device.rig.engine.at
    device.rig.turn(12, VOICE)
    device.rig.turn(8)
    assert device.rig.engine.at - began <= MOMENT
    device.is_stopped()
    device.hears()
    quiet(device.rig)
    assert len(device.rig.entries("heard")) == device.rig.log.count("abort") == 1
    (cut, answer, offer) = ours(device.lines)
    assert STORY.startswith(cut[0])
    assert cut[1]
    assert [answer, offer] == [(ANSWERS[0], False), (OFFER, False)]
    assert device.told == [[BEGUN, f"{cut[0]} —", "How much is it?"]]
    device.ends_well()


def test_stopped_by_a_voice_and_by_the_button_within_300_ms_it_stays_silent(make: Made) -> None:
    device = make("[cough]")
    device.begins()
    stopped = device.is_stopped()
    device.rig.turn(15, VOICE)
    assert device.rig.engine.at - stopped <= MOMENT
    device.rig.inbox.post(lambda: device.rig.door.tell(e.ButtonShort(0)))
    device.rig.until(lambda: device.rig.state == "idle")
    before = device.heard
    device.rig.turn(300)
    assert device.heard == before
    assert ours(device.lines) == [(" ".join(before), True)]
    assert not device.server.requests
    ask(device.rig)  # a cough takes nothing up again
    device.ends_well()


def test_interrupted_again_within_300_ms_after_a_false_alarm_no_word_is_lost(make: Made) -> None:
    device = make("uh-huh")
    device.begins(blocks=130)
    device.is_stopped()
    device.rig.until(lambda: device.rig.state == "speaking", most=200)
    resumed = device.rig.engine.at
    device.rig.turn(10)
    again = device.is_stopped()
    assert again - resumed <= MOMENT
    device.hears()
    quiet(device.rig)
    assert [entry["from"] for entry in device.rig.entries("state") if entry["state"] == "yielding"] == ["doubting"] * 2
    assert plans(device.rig) == [("backchannel", "resume")]
    assert [word for word in STORY.split() if word not in device.heard] == []
    said = ours(device.lines)
    assert (said[0][1], said[-1][1]) == (True, False)
    assert STORY.endswith(said[-1][0])
    device.ends_well()


def test_interrupted_again_within_300_ms_after_the_reply_began_only_the_last_question_is_answered(make: Made) -> None:
    device = make("How much is it?", "How long does it take?")
    device.begins()
    device.is_stopped()
    device.hears()
    device.rig.until(lambda: device.rig.state == "speaking")
    began = device.rig.engine.at
    assert device.is_stopped() - began <= MOMENT
    device.hears()
    quiet(device.rig)
    cut = ours(device.lines)[0][0]
    assert ours(device.lines)[1:] == [(ANSWERS[1], False), (OFFER, False)]
    assert [line.text for line in device.lines if line.who is Who.PERSON] == [
        "How much is it?",
        "How long does it take?",
    ]
    assert device.told[-1] == [BEGUN, f"{cut} —", "How much is it? How long does it take?"]
    device.ends_well()


# At the last word -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [True, False])
def test_interrupted_at_the_last_word(make: Made, cut: bool) -> None:
    """As long as a stop saves something, it stops, and the last word is not heard. In the middle of it there is nothing
    to save any more: it is said to its end, and whoever speaks has the floor from where they began."""
    device = make("How much is it?")
    device.begins(blocks=0)
    words = STORY.split()
    device.rig.until(lambda: len(device.heard) == len(words) - (3 if cut else 1))
    device.rig.turn(0 if cut else 5)
    onset = device.rig.engine.at
    if cut:
        device.is_stopped()
    else:
        device.rig.until(lambda: device.rig.state == "hearing", level=VOICE)
    device.hears()
    quiet(device.rig)
    text = " ".join(words[:-3] if cut else words)
    assert ours(device.lines)[0] == (text, cut)
    assert ours(device.lines)[1:] == [(ANSWERS[0], False), *([(OFFER, False)] if cut else [])]
    assert device.told == [[BEGUN, f"{text} —" if cut else text, "How much is it?"]]
    (turn,) = device.rig.entries("heard")
    assert onset / RATE - 1.0 <= turn["start_s"] <= onset / RATE  # its first word is in it
    assert device.rig.log.count("abort") == cut
    device.ends_well()


# Before the first sound -----------------------------------------------------------------------------------------------


def stopped_unheard(device: Device) -> None:
    """The card has taken the first half second and has let none of it into the air yet: a Bluetooth loudspeaker."""
    device.rig.card.buffered = RATE
    device.begins(blocks=0)
    device.is_stopped()
    assert not any(device.rig.card.air)
    device.rig.card.buffered = 480
    device.hears()
    quiet(device.rig)


def test_interrupted_before_the_first_sound_it_was_never_said(make: Made) -> None:
    device = make("How much is it?")
    stopped_unheard(device)
    assert ours(device.lines) == [(ANSWERS[0], False), (OFFER, False)]
    assert device.told == [["How much is it?"]]
    device.ends_well()


def test_what_was_cut_before_its_first_sound_is_said_whole_after_a_false_alarm(make: Made) -> None:
    device = make("uh-huh")
    stopped_unheard(device)
    assert ours(device.lines) == [(STORY, False)]
    assert device.heard == STORY.split()
    device.ends_well()


def test_who_goes_on_before_the_first_sound_of_the_reply_is_answered_once(make: Made) -> None:
    """The reply is thought of, and perhaps made; nothing of it sounds, and the turn is one turn."""
    device = make("How much is it", "How much is it for two?")
    device.may.clear()
    device.rig.turn(60, VOICE)
    device.rig.until(lambda: bool(device.server.requests))
    device.rig.until(lambda: device.rig.state == "hearing", level=VOICE)
    assert device.server.gone.wait(10)
    device.may.set()
    device.hears()
    quiet(device.rig)
    assert ours(device.lines) == [(ANSWERS[0], False)]
    assert [line.text for line in device.lines if line.who is Who.PERSON] == ["How much is it for two?"]
    assert device.told == [["How much is it"], ["How much is it for two?"]]
    device.ends_well()
