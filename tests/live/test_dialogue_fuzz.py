"""Random conversations on the cranked card: whatever people, recogniser, replier and talker do, what must hold holds.

Ten by default; 10,000 with `-m slow` (`FUZZ_DIALOGUES` and `FUZZ_SEED` choose others)."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from threading import Event, active_count

import pytest

from edgeagent.app import build_dialogue
from edgeagent.dialogue.dialogue import Dialogue
from edgeagent.dialogue.history import LINES, Who
from edgeagent.dialogue.saved import Saved
from edgeagent.errors import ServiceError
from edgeagent.live.conversation import Told
from edgeagent.ports import Request, Sound
from edgeagent.services.tone_talker import ToneTalk, ToneTalker
from edgeagent.settings import Capture, Settings, Turns
from edgeagent.signal.bypass import Bypass
from edgeagent.turn import events as e
from tests.live.rig import VOICE, Rig

SETTINGS = Settings(capture=Capture(on_turn="true"), turns=Turns(reply_timeout_ms=3000))

SAID = ("", "[cough]", "uh-huh", "yeah", "stop", "wait", "go on", "say that again", "no", "not two, seven",
        "what does that mean?", "how much is it?", "tell me a story", "yes please", "no thanks", "louder")  # fmt: skip

SENTENCE = "one two three, four five."

SETTLING = 4000
"""Blocks (40 s) within which nobody speaks any more, the longest deadline twice over."""


class Moody(ToneTalker):
    """A talker that sometimes stalls, dies, or says nothing."""

    def __init__(self, mood: random.Random) -> None:
        super().__init__()
        self.mood = mood

    def say(self, text: str) -> ToneTalk:
        chance = self.mood.random()
        if chance < 0.04:
            return DyingTalk(text, "done", 0)
        return StallingTalk(text, "done", 0) if chance < 0.08 else ToneTalk(text, "done", 0)


class DyingTalk(ToneTalk):
    def __iter__(self) -> Iterator[Sound]:
        for index, sound in enumerate(super().__iter__()):
            if index == 2:
                raise ServiceError("the tone died")
            yield sound


class StallingTalk(ToneTalk):
    def __iter__(self) -> Iterator[Sound]:
        for index, sound in enumerate(super().__iter__()):
            if index == 1 and not self._cancelled.wait(0.02):
                raise ServiceError("no sound for 20 ms")
            yield sound


class Pieces:
    """See `ports.Reply`."""

    def __init__(self, mood: random.Random) -> None:
        self.kind = mood.choice(["whole", "whole", "whole", "empty", "endless", "stalls", "breaks", "slow"])
        self.count = mood.randrange(1, 6)
        self.cut = Event()

    def __iter__(self) -> Iterator[str]:
        if self.kind == "empty":
            return
        for _ in range(10_000 if self.kind == "endless" else self.count):
            if self.kind == "slow":
                self.cut.wait(0.002)
            if self.cut.is_set():
                return
            yield SENTENCE + " "
        if self.kind == "stalls" and not self.cut.wait(0.03):
            raise ServiceError("does not answer")
        if self.kind == "breaks":
            raise ServiceError("connection reset")

    def cancel(self) -> None:
        self.cut.set()


class Replier:
    """See `ports.Replier`."""

    def __init__(self, mood: random.Random) -> None:
        self.mood = mood
        self.asked: list[Request] = []

    def reply(self, request: Request) -> Pieces:
        self.asked.append(request)
        if self.mood.random() < 0.05:
            raise ServiceError("refused")
        return Pieces(self.mood)

    def close(self) -> None: ...


class Understanding:
    """See `turns.Listener`; sometimes it takes its time."""

    def __init__(self, mood: random.Random) -> None:
        self.mood = mood
        self.owed: list[int] = []
        self.suspected: int | None = None
        self.open: int | None = None
        self.heard = 0

    def __call__(self, recognised: Told, _trouble: Told, _kept: Told) -> Understanding:
        self._recognised = recognised
        return self

    def suspect_turn(self, turn: int, _audio: str) -> bool:
        """See `turns.Early`; sometimes it is busy."""
        assert self.suspected is None
        if self.mood.random() < 0.2:
            return False
        self.suspected, self.heard = turn, 0
        return True

    def open_turn(self, turn: int, _audio: str) -> None:
        if self.suspected is None:
            self.heard = 0
        assert self.suspected in (None, turn)
        self.open, self.suspected = turn, None

    def sound(self, turn: int, block: Sound) -> None:
        assert turn in (self.suspected, self.open)
        self.heard += block.size

    def close_turn(self, turn: int, sound: Sound) -> None:
        assert turn == self.open
        assert self.suspected is None
        assert self.heard >= sound.size
        if self.mood.random() < 0.8:
            self._recognised(turn, self.mood.choice(SAID))
        else:
            self.owed.append(turn)

    def pay(self) -> None:
        """Late texts."""
        while self.owed:
            self._recognised(self.owed.pop(), self.mood.choice(SAID))

    def drop_turn(self, turn: int) -> None:
        assert self.suspected in (None, turn)
        self.suspected = None

    def close(self) -> None: ...


def settled(rig: Rig) -> bool:
    conversation = rig.conversation
    waits = conversation._closed or conversation._question is not None or conversation._voice.busy
    return rig.state == "idle" and not waits


def ceased(rig: Rig) -> bool:
    """Whether the engine knows that what began to sound is over: of a stop it learns with the next step."""
    told = [entry["event"] for entry in rig.journal.entries if entry["event"] in ("playing", "ceased")]
    return told[-1:] != ["playing"]


def converse(seed: int) -> None:
    """One random conversation, and what must hold of it."""
    mood = random.Random(seed)
    understanding, replier = Understanding(mood), Replier(mood)
    dialogue = build_dialogue(SETTINGS)
    assert dialogue is not None
    kept: list[Saved] = []
    dialogue.keep = kept.append
    rig = Rig(Moody(mood), replier, understanding, SETTINGS, dialogue=dialogue, canceller=Bypass())
    try:
        rig.turn(10)
        for _ in range(mood.randrange(3, 14)):
            act(rig, mood, understanding)
        for block in range(SETTLING):
            rig.turn()
            understanding.pay()
            if settled(rig) and ceased(rig):
                break
            if block == SETTLING // 2:  # an endless reply has to be stopped
                rig.inbox.post(lambda: rig.door.tell(e.ButtonShort(0)))
            if block % 50 == 0:
                Event().wait(0.002)  # the workers' turn
        check(rig)
        what_is_kept(dialogue, kept)
    finally:
        rig.close()


def act(rig: Rig, mood: random.Random, understanding: Understanding) -> None:
    """Something happens."""
    match mood.choice(["speaks", "speaks", "speaks", "listens", "listens", "says", "button", "blip", "late"]):
        case "speaks":
            rig.turn(mood.randrange(20, 200), VOICE)
        case "blip":
            rig.turn(mood.randrange(1, 15), VOICE)
        case "listens":
            rig.turn(mood.randrange(10, 250))
        case "says":
            rig.conversation.say(SENTENCE)
        case "button":
            rig.inbox.post(lambda: rig.door.tell(e.ButtonShort(0)))
            rig.turn(mood.randrange(1, 30))
        case "late":
            understanding.pay()


def check(rig: Rig) -> None:
    conversation = rig.conversation
    assert settled(rig), f"{rig.state}, {conversation._question}"
    assert not conversation._closed
    assert len(conversation._voice._answers) <= 8
    one_speaker(rig)
    what_was_heard(rig)
    turns_are_answered(rig)


def one_speaker(rig: Rig) -> None:
    """Nobody of ours begins before the one before has ceased."""
    speaking = None
    for entry in rig.journal.entries:
        if entry["event"] == "playing":
            assert speaking is None
            speaking = entry["utterance"]
        elif entry["event"] == "ceased" and speaking is not None:
            assert entry["utterance"] == speaking
            speaking = None
    assert speaking is None


def what_was_heard(rig: Rig) -> None:
    """The history is what left the converter, in the order in which it first did."""
    dialogue = rig.conversation._dialogue
    assert dialogue is not None
    rig.conversation._begin(dialogue)
    last = {entry["utterance"]: entry["text_heard"] for entry in rig.entries("heard_words")}
    lines = {line.number: line.text for line in dialogue.history.lines if line.who is Who.DEVICE}
    assert {number: text for number, text in last.items() if text} == {n: text for n, text in lines.items() if text}
    assert len(dialogue.history.lines) <= LINES


def what_is_kept(dialogue: Dialogue, kept: list[Saved]) -> None:
    """The newest state is what there is, and a device that begins with it has as much left to say."""
    assert not kept or kept[-1] == dialogue.saved
    assert all(len(saved.lines) <= LINES for saved in kept)
    again = build_dialogue(SETTINGS)
    assert again is not None
    again.recall(dialogue.saved)
    assert (again.rest, again.saved.more) == (dialogue.saved.rest, dialogue.saved.more)


def turns_are_answered(rig: Rig) -> None:
    """Each turn that was handed over led to something, or was dropped, or was taken up again."""
    owed = None
    for entry in rig.journal.entries:
        match entry["event"]:
            case "heard":
                assert owed is None
                owed = entry["turn"]
            case "reply_ready" | "no_reply" | "reply_failed" | "passed" | "button_short" | "button_long":
                owed = None
            case "action" if entry["action"] in ("drop_turn", "reopen_turn"):
                owed = None
    assert owed is None


@pytest.mark.parametrize("seed", range(10))
def test_a_random_conversation(seed: int) -> None:
    converse(seed)


@pytest.mark.slow
def test_ten_thousand_random_conversations() -> None:
    first = int(os.environ.get("FUZZ_SEED", "1000"))
    threads = active_count()
    for seed in range(first, first + int(os.environ.get("FUZZ_DIALOGUES", "10000"))):
        try:
            converse(seed)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
    assert active_count() <= threads + 2
