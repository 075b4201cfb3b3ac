"""Random conversations on the cranked card: whatever people, recogniser, replier and talker do, what must hold holds.

Ten by default; 10,000 with `-m slow`, and a look at the memory (`FUZZ_DIALOGUES` and `FUZZ_SEED` choose others)."""

from __future__ import annotations

import gc
import os
import random
from collections import Counter, deque
from collections.abc import Callable
from functools import reduce
from itertools import count
from pathlib import Path
from threading import Event, active_count
from typing import Any, cast

import pytest

from edgeagent.app import build_dialogue
from edgeagent.dialogue.dialogue import Dialogue
from edgeagent.dialogue.history import LINES, History, Line, Who
from edgeagent.dialogue.saved import Saved
from edgeagent.live.answers import NOBODY
from edgeagent.live.asking import Question
from edgeagent.settings import Capture, Settings, Turns
from edgeagent.signal.bypass import Bypass
from edgeagent.turn import events as e
from tests.live.moods import Moody, Replier, Understanding, sentence
from tests.live.rig import VOICE, Rig
from tests.live.spelling import accounts_for, words_in

SETTINGS = Settings(capture=Capture(on_turn="true"), turns=Turns(reply_timeout_ms=3000))

SETTLING = 4000
"""Blocks (40 s) within which nobody speaks any more, the longest deadline twice over."""

SEED, DIALOGUES = int(os.environ.get("FUZZ_SEED", "1000")), int(os.environ.get("FUZZ_DIALOGUES", "10000"))

WARM = min(150, DIALOGUES // 2)
"""Conversations after which whatever is kept for good is there."""

OBJECTS, MEBIBYTES = 1000, 64
"""By which the process may have grown from then on, however many conversations come: what caches hold for other texts,
and the allocator for nobody. One object or 7 kB for each of 10,000 would be more."""


OFTEN = 5
"""Conversations after which what goes in circles is given back: piled up it leaves holes that look like growth."""

ROUNDS = 70
"""Of a conversation in which everything that is kept of old is kept, and of that there should be no more afterwards."""

LOOKS = 3
"""Times that memory is looked at: a thread may still be at the last that was called off."""

SPREAD = 40
"""Objects by which a class may vary, as the words of the last sentences do. One object a round would be more."""


class Talk:
    """A device, and what its journal does not tell."""

    def __init__(self, seed: int) -> None:
        self.mood = mood = random.Random(seed)
        self.understanding, self.talker = Understanding(mood), Moody(mood)
        self.numbers = count(1000)
        dialogue = build_dialogue(SETTINGS)
        assert dialogue is not None
        self.dialogue = dialogue
        self.kept: deque[Saved] = deque(maxlen=1000)
        dialogue.keep = self.kept.append
        self.rig = Rig(self.talker, Replier(mood), self.understanding, SETTINGS, dialogue=dialogue, canceller=Bypass())
        self.turns: dict[int, int] = {}
        """Which turn an utterance answers; NOBODY for none."""
        self.told: list[tuple[tuple[Line, ...], int]] = []
        """The history as the replier got it, and how much the card had been given by then."""
        self._watch(pytest.MonkeyPatch())

    def _watch(self, patch: pytest.MonkeyPatch) -> None:
        conversation, air = self.rig.conversation, self.rig.card.air
        voice, asker = conversation._voice, conversation._asker
        assert asker is not None
        say, ask, refused = voice.say, asker.ask, conversation.refused

        def says(text: str, *, turn: int = NOBODY, protected: bool = False, patient: bool = False) -> int:
            self.turns[utterance := say(text, turn=turn, protected=protected, patient=patient)] = turn
            return utterance

        def asks(question: Question) -> None:
            self.told.append((question.request.history, len(air)))
            ask(question)

        def refuses(question: Question, reason: str) -> None:
            self.turns[voice._next] = question.request.turn  # the number of a reply that there is not
            refused(question, reason)

        patch.setattr(voice, "say", says)
        patch.setattr(asker, "ask", asks)
        patch.setattr(conversation, "refused", refuses)

    @property
    def settled(self) -> bool:
        """Whether nobody speaks, or is about to, and the engine knows that what began to sound is over: of a stop it
        learns with the next step."""
        conversation = self.rig.conversation
        waits = conversation._closed or conversation._question is not None or conversation._voice.busy
        told = [entry["event"] for entry in self.rig.journal.entries if entry["event"] in ("playing", "ceased")]
        return self.rig.state == "idle" and not waits and told[-1:] != ["playing"]

    def act(self) -> None:
        """Something happens."""
        rig, mood = self.rig, self.mood
        match mood.choice(["speaks", "speaks", "speaks", "listens", "listens", "says", "button", "blip", "late"]):
            case "speaks":
                rig.turn(mood.randrange(20, 200), VOICE)
            case "blip":
                rig.turn(mood.randrange(1, 15), VOICE)
            case "listens":
                rig.turn(mood.randrange(10, 250))
            case "says":
                rig.conversation.say(sentence(next(self.numbers)), patient=mood.random() < 0.5)
            case "button":
                self.press()
                rig.turn(mood.randrange(1, 30))
            case "late":
                self.understanding.pay()

    def press(self) -> None:
        self.rig.inbox.post(lambda: self.rig.door.tell(e.ButtonShort(0)))

    def settle(self) -> None:
        """Nobody says anything any more."""
        for block in range(SETTLING):
            self.rig.turn()
            self.understanding.pay()
            if self.settled:
                break
            if block == SETTLING // 2:  # an endless reply has to be stopped
                self.press()
            if block % 50 == 0:
                Event().wait(0.002)  # the workers' turn
        assert self.settled, f"{self.rig.state}, {self.rig.conversation._question}"


def converse(seed: int) -> None:
    """One random conversation, and what must hold of it."""
    talk = Talk(seed)
    try:
        talk.rig.turn(10)
        for _ in range(talk.mood.randrange(3, 14)):
            talk.act()
        talk.settle()
        assert not talk.rig.conversation._closed
        assert len(talk.rig.conversation._voice._answers) <= 8
        one_speaker(talk.rig)
        what_was_heard(talk)
        turns_are_answered(talk)
        what_is_kept(talk.dialogue, talk.kept)
    finally:
        talk.rig.close()


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


def what_was_heard(talk: Talk) -> None:
    """The history is what left the converter, in the order in which it first did: by the ledger, and by the air. So it
    was, too, whenever a replier was told of it."""
    talk.rig.conversation._begin(talk.dialogue)
    history = talk.dialogue.history.lines
    last = {entry["utterance"]: entry["text_heard"] for entry in talk.rig.entries("heard_words")}
    lines = {line.number: line.text for line in history if line.who is Who.DEVICE}
    assert {number: text for number, text in last.items() if text} == {n: text for n, text in lines.items() if text}
    air, said = talk.rig.card.air, talk.talker.said
    assert accounts_for(history, heard := words_in(air, said)), (history, heard)
    for told, until in talk.told:
        assert accounts_for(told, words_in(air[:until], said), more=True), told
    assert len(history) <= LINES


def what_is_kept(dialogue: Dialogue, kept: deque[Saved]) -> None:
    """The newest state is what there is, and a device that begins with it has as much left to say."""
    assert not kept or kept[-1] == dialogue.saved
    assert all(len(saved.lines) <= LINES for saved in kept)
    again = build_dialogue(SETTINGS)
    assert again is not None
    again.recall(dialogue.saved)
    assert (again.rest, again.saved.more) == (dialogue.saved.rest, dialogue.saved.more)


def turns_are_answered(talk: Talk) -> None:
    """Each turn that was handed over led to something of its own, was dropped, taken up again, or overtaken by a newer
    one; and nothing is said to one that is not wanted any more."""
    owed = wanted = None
    entries = cast("list[dict[str, Any]]", talk.rig.journal.entries)
    for entry in entries:
        match entry["event"]:
            case "heard":
                owed = wanted = entry["turn"]
            case "reply_ready" | "reply_failed" if talk.turns[entry["utterance"]] == owed:
                owed = None
            case "no_reply" if entry["turn"] == owed:
                owed = None
            case "button_short":
                owed = wanted = None
            case "action" if entry["action"] in ("drop_turn", "reopen_turn"):
                owed, wanted = (None if turn == entry["turn"] else turn for turn in (owed, wanted))
            case "action" if entry["action"] == "play":
                assert talk.turns[entry["utterance"]] in (NOBODY, wanted)
    assert owed is None


@pytest.mark.parametrize("seed", range(10))
def test_a_random_conversation(seed: int) -> None:
    converse(seed)


@pytest.mark.slow
def test_a_long_conversation_holds_no_more_than_it_did_early_on() -> None:
    """A device is never begun anew as the conversations above are. Whatever the rig itself collects is thrown away, and
    the history is a short one."""
    talk = Talk(SEED)
    rig = talk.rig
    talk.dialogue.history = History(20)
    counts = []
    try:
        for number in range(2 * ROUNDS):
            rig.turn(60, VOICE)
            talk.act()
            talk.settle()
            for collected in (rig.journal, rig.notes, rig.told):
                collected.entries.clear()
            for several in (
                rig.recorded.told,
                rig.recorded.played,
                rig.recorded.heard,
                rig.card.air,
                rig.log,
                talk.told,
            ):
                several.clear()
            talk.turns.clear()
            talk.kept.clear()
            if number >= ROUNDS - LOOKS and (number + LOOKS) % ROUNDS < LOOKS:
                counts.append(ours())
    finally:
        rig.close()
    early, late = (least(several) for several in (counts[:LOOKS], counts[LOOKS:]))
    assert sum(early.values()) > 100
    assert {name: count - early[name] for name, count in late.items() if count > early[name] + SPREAD} == {}


def ours() -> Counter[str]:
    """How many objects of each class of ours there are."""
    gc.collect()
    kinds = [type(one) for one in gc.get_objects()]
    return Counter(kind.__qualname__ for kind in kinds if str(kind.__module__).startswith("edgeagent"))


def least(counts: list[Counter[str]]) -> Counter[str]:
    """In several looks, for what is being done in the moment of one is no growth."""
    return reduce(lambda one, other: one & other, counts)


def grows(work: Callable[[int], None], warm: int, times: int) -> tuple[int, int]:
    """By how many objects and bytes the process has grown from the `warm`th to the last of so many times."""
    sizes = []
    for number in range(times):
        work(number)
        if number % OFTEN == 0:
            gc.collect()
        if number + LOOKS >= times or warm <= number + LOOKS < warm + LOOKS:
            gc.collect()
            sizes.append((len(gc.get_objects()), resident()))
    early, late = (map(min, zip(*several, strict=True)) for several in (sizes[:LOOKS], sizes[-LOOKS:]))
    objects, held = (after - before for before, after in zip(early, late, strict=True))
    return objects, held


def resident() -> int:
    """Bytes of memory that the process holds."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
def test_ten_thousand_random_conversations() -> None:
    def one(number: int) -> None:
        try:
            converse(SEED + number)
        except BaseException as error:
            error.add_note(f"seed {SEED + number}")
            raise

    threads = active_count()
    objects, held = grows(one, WARM, DIALOGUES)
    assert active_count() <= threads + 2
    assert objects <= OBJECTS
    assert held <= MEBIBYTES << 20
