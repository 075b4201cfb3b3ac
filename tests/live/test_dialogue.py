"""Whole conversations on the cranked card: what is said after an interruption, and what a replier is told was heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from threading import Event

import pytest

from edgeagent.app import build_dialogue
from edgeagent.dialogue.dialogue import Dialogue
from edgeagent.dialogue.history import Who
from edgeagent.errors import ServiceError
from edgeagent.live import conversation
from edgeagent.live.answers import WAITING
from edgeagent.live.conversation import Listen, Told
from edgeagent.live.voice import BEHIND
from edgeagent.ports import Request, Sound, Talker
from edgeagent.report.timeline import remark
from edgeagent.services.tone_talker import ToneTalk, ToneTalker
from edgeagent.settings import Capture, Settings, Turns
from edgeagent.turn import events as e
from tests.live.rig import VOICE, Rig

LONG = "one two three, four five six, seven eight nine, ten eleven twelve."
OFFER = "Shall I go on?"
NAMES = ("anna", "ben", "carl", "dora", "emil", "fritz", "gina", "hans")


class Understanding:
    """See `turns.Listener`; understands what it is told to understand, turn by turn."""

    def __init__(self, *texts: str) -> None:
        self.texts = deque(texts)

    def __call__(self, recognised: Told, _trouble: Told, _kept: Told) -> Understanding:
        self._recognised = recognised
        return self

    def open_turn(self, turn: int, audio: str) -> None: ...

    def sound(self, turn: int, block: Sound) -> None: ...

    def close_turn(self, turn: int, _sound: Sound) -> None:
        self._recognised(turn, self.texts.popleft())

    def drop_turn(self, turn: int) -> None: ...

    def close(self) -> None: ...


class Pieces:
    """See `ports.Reply`; each piece waits for `may`."""

    def __init__(self, pieces: list[str], may: Event) -> None:
        self.pieces, self.may = pieces, may
        self.cut = False

    def __iter__(self) -> Iterator[str]:
        for piece in self.pieces:
            while not self.may.wait(0.001):
                if self.cut:
                    return
            if self.cut:
                return
            yield piece

    def cancel(self) -> None:
        self.cut = True


class Slow(Pieces):
    """The first sentence at once, the others when they `may`."""

    def __iter__(self) -> Iterator[str]:
        yield "one two three. "
        yield from super().__iter__()


class Replier:
    """See `ports.Replier`; a list of pieces for each turn."""

    def __init__(self, *replies: list[str]) -> None:
        self.replies = deque(replies)
        self.asked: list[Request] = []
        self.given: list[Pieces] = []
        self.may = Event()
        self.may.set()

    def reply(self, request: Request) -> Pieces:
        self.asked.append(request)
        self.given.append(Pieces(self.replies.popleft(), self.may))
        return self.given[-1]

    def close(self) -> None: ...


Make = Callable[..., Rig]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Rig] = []

    def one(replier: Replier, *texts: str, listener: Listen | None = None, talker: Talker | None = None) -> Rig:
        dialogue = build_dialogue(Settings(capture=Capture(on_turn="true")))
        listener = listener or Understanding(*texts)
        settings = Settings(turns=Turns(reply_timeout_ms=3000))
        made.append(Rig(talker, replier, listener, settings, dialogue=dialogue))
        made[-1].turn(30)
        return made[-1]

    yield one
    for rig in made:
        rig.close()


def interrupt(rig: Rig) -> None:
    """Somebody takes the floor from us, and has finished."""
    rig.until(lambda: rig.state == "yielding", level=VOICE)
    rig.turn(130, VOICE)  # longer than what is taken back by itself
    rig.until(lambda: rig.state not in ("yielding", "hearing"), most=200)


def ask(rig: Rig) -> None:
    """Somebody speaks while we are silent."""
    rig.turn(60, VOICE)
    rig.until(lambda: rig.state not in ("idle", "hearing"), most=200)


def interrupt_each(rig: Rig, *blocks: int) -> None:
    """Each time it speaks, after so many periods."""
    for count in blocks:
        rig.until(lambda: rig.state == "speaking")
        rig.turn(count)
        interrupt(rig)


def quiet(rig: Rig) -> None:
    """Until nobody speaks any more, and nobody is about to."""
    rig.until(lambda: rig.state == "idle" and not rig.conversation._voice.busy and rig.conversation._question is None)


def heard(rig: Rig) -> list[str]:
    """What was heard of each utterance, in the order in which they ceased for the last time."""
    last: dict[int, str] = {}
    for entry in rig.entries("heard_words"):
        last.pop(entry["utterance"], None)
        last[entry["utterance"]] = entry["text_heard"]
    return [text for text in last.values() if text]


def plans(rig: Rig) -> list[tuple[str, str]]:
    return [(str(note["kind"]), str(note["reaction"])) for note in rig.notes.entries if note["event"] == "understood"]


def test_a_false_alarm_that_only_the_recogniser_finds_costs_no_word(make: Make) -> None:
    rig = make(Replier(), "uh-huh")
    rig.speak(LONG)
    interrupt(rig)
    quiet(rig)
    first, second = heard(rig)
    assert plans(rig) == [("backchannel", "resume")]
    assert LONG.startswith(first)
    assert LONG.endswith(second)
    words = LONG.split()
    missing = len(words) - len(first.split()) - len(second.split())
    assert -3 <= missing <= 0  # a phrase is repeated at most
    assert not rig.entries("no_reply")


def test_stop_means_silence_and_go_on_takes_it_back(make: Make) -> None:
    replier = Replier()
    rig = make(replier, "Stop!", "Okay, go on.")
    rig.speak(LONG)
    interrupt(rig)
    quiet(rig)
    rig.turn(300)
    assert len(heard(rig)) == 1
    ask(rig)
    quiet(rig)
    assert LONG.endswith(heard(rig)[1])
    assert not replier.asked


def test_a_side_question_is_answered_and_the_rest_is_offered(make: Make) -> None:
    replier = Replier(["Twenty rupees."])
    rig = make(replier, "How much is it?", "Yes, please.")
    rig.speak(LONG)
    interrupt(rig)
    quiet(rig)
    before, *side = heard(rig)
    assert side == ["Twenty rupees.", OFFER]
    (line, question) = replier.asked[0].history
    assert (line.who, line.text, line.interrupted) == (Who.DEVICE, before, True)
    assert (question.who, question.text) == (Who.PERSON, "How much is it?")
    ask(rig)
    quiet(rig)
    assert LONG.endswith(heard(rig)[-1])
    assert len(replier.asked) == 1


def test_a_correction_reaches_the_replier_as_one(make: Make) -> None:
    replier = Replier(["To Mangalore at ten."])
    rig = make(replier, "No, not two, seven.")
    rig.speak(LONG)
    interrupt(rig)
    quiet(rig)
    assert heard(rig)[1:] == ["Sorry.", "To Mangalore at ten."]
    assert (replier.asked[0].understood.wrong, replier.asked[0].understood.right) == ("two", "seven")


def test_a_replier_that_fails_to_go_on_is_asked_to_again(make: Make) -> None:
    class Failing(Replier):
        def reply(self, request: Request) -> Pieces:
            if len(self.asked) == 1:
                self.asked.append(request)
                raise ServiceError("the server is away")
            self.given.append(Slow(["four. "], self.may) if not self.asked else Pieces(["To sleep."], self.may))
            self.asked.append(request)
            return self.given[-1]

    replier = Failing()
    rig = make(replier, "Tell me a story.", "Stop.", "Go on.", "Go on.")
    replier.may.clear()
    ask(rig)
    rig.until(lambda: rig.state == "idle" and bool(heard(rig)))
    for _ in range(3):  # stop; go on, which fails; go on
        ask(rig)
        quiet(rig)
        replier.may.set()
    assert [request.resumes for request in replier.asked] == [False, True, True]
    assert heard(rig)[-1] == "To sleep."


def test_who_pauses_after_a_word_and_then_asks_has_dropped_nothing(make: Make) -> None:
    replier = Replier(["The first?"], ["Twenty."])
    rig = make(replier, "The ticket", "The ticket, how much is it?", "Yes.")
    rig.speak(LONG)
    replier.may.clear()
    interrupt(rig)
    rig.until(lambda: bool(replier.given))
    assert rig.state == "thinking"
    rig.turn(60, VOICE)
    assert rig.state == "hearing"
    replier.may.set()
    rig.until(lambda: rig.state == "speaking")
    quiet(rig)
    assert heard(rig)[1:] == ["Twenty.", OFFER]
    ask(rig)
    quiet(rig)
    assert heard(rig)[-1].endswith("twelve.")


def test_a_recogniser_that_repeats_itself_is_cut_short(make: Make) -> None:
    replier = Replier(["Fine."])
    rig = make(replier, "well you know " * 10_000)
    ask(rig)
    quiet(rig)
    (text,) = [str(note["text"]) for note in rig.notes.entries if note["event"] == "recognised"]
    assert len(text) == conversation.LONGEST_TEXT
    assert heard(rig) == ["Fine."]
    assert replier.asked[0].text == text


def test_the_first_sentence_sounds_while_the_second_is_thought_of(make: Make) -> None:
    class Slow(Pieces):
        def __iter__(self) -> Iterator[str]:
            yield "one two three. "
            while not slow.may.wait(0.001):
                pass
            yield "four five six."

    class Slowly(Replier):
        def reply(self, _request: Request) -> Pieces:
            return Slow([], self.may)

    slow = Slowly()
    slow.may.clear()
    rig = make(slow, "Tell me a story.")
    ask(rig)
    rig.until(lambda: rig.state == "speaking")
    rig.until(lambda: rig.state == "idle")
    assert heard(rig) == ["one two three."]
    slow.may.set()
    quiet(rig)
    assert heard(rig) == ["one two three.", "four five six."]


def test_an_interruption_calls_off_everything_of_its_turn(make: Make) -> None:
    sentences = [f"one two three four five, {word}. " for word in NAMES]
    replier = Replier(sentences, ["Fine."])
    rig = make(replier, "Tell me a story.", "Tell me another one.")
    ask(rig)
    rig.until(lambda: rig.state == "speaking")
    rig.turn(60)
    interrupt(rig)
    quiet(rig)
    assert replier.given[0].cut
    assert heard(rig)[-1] == "Fine."
    assert len(heard(rig)) <= 3  # what was begun, and the answer
    assert [line.text for line in replier.asked[1].history if line.who is Who.PERSON] == [
        "Tell me a story.",
        "Tell me another one.",
    ]


def test_a_reply_that_was_cut_off_for_nothing_is_taken_up_by_its_replier(make: Make) -> None:
    replier = Replier([f"one two three four five, {word}. " for word in NAMES], ["And that is the end."])
    rig = make(replier, "Tell me a story.", "uh-huh")
    ask(rig)
    rig.until(lambda: rig.state == "speaking")
    rig.turn(60)
    interrupt(rig)
    quiet(rig)
    assert replier.asked[1].resumes
    assert replier.asked[1].saying[-1].endswith(f"{NAMES[len(replier.asked[1].saying) - 1]}.")
    assert heard(rig)[-1] == "And that is the end."


AT_LENGTH = [f"one two three four five, {word}. " for word in NAMES]


def test_of_a_speech_longer_than_what_waits_to_be_known_no_sentence_comes_again(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "CEASED", 4)
    replier = Replier(AT_LENGTH, ["the end."])
    rig = make(replier, "Tell me a story.", "uh-huh")
    ask(rig)
    rig.until(lambda: len(rig.entries("playing")) == len(NAMES) - 1)
    rig.turn(60)
    interrupt(rig)
    quiet(rig)
    assert plans(rig)[1] == ("backchannel", "resume")
    assert [line.text for line in replier.asked[0].history] == ["Tell me a story."]
    assert [sum(name in text for text in heard(rig)) for name in NAMES] == [1] * len(NAMES)
    assert rig.conversation._dialogue is not None
    rig.conversation._begin(rig.conversation._dialogue)
    told = " ".join(line.text for line in rig.conversation._dialogue.history.lines)
    assert [name in told for name in NAMES] == [True] * len(NAMES)


@pytest.mark.parametrize("event", [e.ButtonShort(0), e.ButtonLong(0)])
def test_after_the_button_nothing_more_comes_whatever_sounds(make: Make, event: e.Event) -> None:
    replier = Replier([f"one two three {word}. " for word in NAMES])
    rig = make(replier, "Tell me a story.", "", "[cough]")
    ask(rig)
    rig.until(lambda: rig.state == "speaking")
    rig.turn(20)
    rig.inbox.post(lambda: rig.door.tell(event))
    rig.until(lambda: rig.state in ("idle", "muted"))
    if rig.state == "muted":
        rig.inbox.post(lambda: rig.door.tell(event))
    quiet(rig)
    said = len(rig.entries("reply_ready"))
    rig.turn(300)
    for _ in range(2):
        ask(rig)
        quiet(rig)
    assert len(plans(rig)) == 3
    assert len(rig.entries("reply_ready")) == said
    assert replier.given[0].cut


class Dying(ToneTalker):
    """Says one sentence."""

    said = 0

    def say(self, text: str) -> ToneTalk:
        self.said += 1
        if self.said > 1:
            raise ServiceError("the voice has died")
        return super().say(text)


class Fading(ToneTalker):
    """Says one sentence, and then fails as soon as it may."""

    def __init__(self) -> None:
        super().__init__()
        self.said = 0
        self.may = Event()

    def say(self, text: str) -> ToneTalk:
        self.said += 1
        if self.said > 1:
            self.may.wait(10)
            raise ServiceError("the voice has died")
        return super().say(text)


def test_a_voice_that_dies_between_two_sentences_keeps_nobody_waiting(make: Make) -> None:
    class Slowly(Replier):
        def reply(self, _request: Request) -> Pieces:
            self.given.append(Slow([f"{word}. " for word in NAMES], self.may))
            return self.given[-1]

    replier = Slowly()
    replier.may.clear()
    rig = make(replier, "Tell me a story.", talker=Dying())
    ask(rig)
    rig.until(lambda: rig.state == "speaking")
    rig.until(lambda: rig.state == "idle")
    replier.may.set()
    quiet(rig)
    assert replier.given[0].cut
    assert heard(rig) == ["one two three."]


def test_a_reply_that_breaks_off_is_said_so_far_and_told_in_one_line(make: Make) -> None:
    class Breaking(Replier):
        def reply(self, _request: Request) -> Pieces:
            self.given.append(Broken(["one two three. ", "four five"], self.may))
            return self.given[-1]

    class Broken(Pieces):
        def __iter__(self) -> Iterator[str]:
            yield from super().__iter__()
            raise ServiceError("it has more than 8000 characters")

    rig = make(Breaking(), "Tell me a story.")
    ask(rig)
    quiet(rig)
    assert heard(rig) == ["one two three."]
    (broken,) = [entry for entry in rig.notes.entries if entry["event"] == "reply_broken"]
    assert remark(broken) == "the reply breaks off: it has more than 8000 characters"
    assert not rig.entries("reply_failed")


def test_a_voice_that_dies_while_somebody_has_the_floor_keeps_nobody_waiting(make: Make) -> None:
    """Then it was a false alarm: what had been made goes on, and there is an end to it."""
    talker = Fading()
    rig = make(Replier([" ".join(f"{word}." for word in ("one two three", *NAMES))]), "Hi", talker=talker)
    ask(rig)
    rig.until(lambda: rig.state == "speaking")
    rig.until(lambda: rig.state == "yielding", level=VOICE)
    talker.may.set()
    rig.until(lambda: bool(rig.entries("reply_failed")), most=10)
    quiet(rig)
    assert rig.state == "idle"
    assert heard(rig) == ["one two three."]


class Speechless(ToneTalker):
    """Has no sound for one word."""

    def say(self, text: str) -> ToneTalk:
        return super().say("" if text == "hm." else text)


def test_a_sentence_without_a_sound_leaves_nothing_to_go_on_with(make: Make) -> None:
    replier = Replier(["one two three? hm."], ["four."])
    rig = make(replier, "Tell me a story.", "yes", talker=Speechless())
    for _ in range(2):
        ask(rig)
        quiet(rig)
    assert plans(rig)[1] == ("answer", "reply")
    assert heard(rig) == ["one two three?", "four."]


def test_the_button_between_two_sentences_calls_off_the_rest(make: Make) -> None:
    class Slowly(Replier):
        def reply(self, _request: Request) -> Pieces:
            self.given.append(Slow(["four five six."], self.may))
            return self.given[-1]

    replier = Slowly()
    replier.may.clear()
    rig = make(replier, "Tell me a story.")
    ask(rig)
    rig.until(lambda: rig.state == "speaking")
    rig.until(lambda: rig.state == "idle")
    rig.inbox.post(lambda: rig.door.tell(e.ButtonShort(0)))
    rig.until(lambda: rig.conversation._question is None)
    assert replier.given[0].cut
    replier.may.set()
    rig.turn(200)
    assert heard(rig) == ["one two three."]


def test_a_replier_that_never_answers_is_cut_at_its_deadline(make: Make) -> None:
    replier = Replier(["never"], ["Here."])
    replier.may.clear()
    rig = make(replier, "Tell me a story.", "Hello, are you there?")
    ask(rig)
    rig.until(lambda: rig.state == "idle")
    assert replier.given[0].cut
    replier.may.set()
    ask(rig)
    quiet(rig)
    assert heard(rig) == ["Here."]


def test_interrupted_again_while_resuming_no_word_is_lost(make: Make) -> None:
    rig = make(Replier(), "mm-hm", "uh-huh")
    rig.conversation.say(LONG)
    interrupt_each(rig, 60, 10)
    quiet(rig)
    assert plans(rig) == [("backchannel", "resume")] * 2
    assert LONG.endswith(heard(rig)[-1])
    words, place = LONG.split(), 0
    for text in heard(rig):
        found = text.split()
        starts = [n for n in range(len(words)) if words[n : n + len(found)] == found]
        assert starts[0] <= place
        place = max(place, starts[0] + len(found))
    assert place == len(words)


MANY = tuple(f"{name} and {other}." for name in NAMES for other in ("one", "two", "three"))


def test_a_long_rest_is_said_whole_however_many_sentences_it_has(make: Make) -> None:
    """More than the talker's thread and the machine let wait."""
    rig = make(Replier(), "uh-huh", "go on")
    for text in MANY:
        rig.conversation.say(text)
    interrupt_each(rig, 60, 200)
    quiet(rig)
    assert not rig.entries("reply_failed")
    assert [text for text in heard(rig) if text in MANY] == list(MANY)


def test_of_a_long_rest_nothing_is_said_once_something_else_is_wanted(make: Make) -> None:
    rig = make(Replier(["Once upon a time."]), "tell me a story")
    for text in MANY:
        rig.conversation.say(text)
    rig.until(lambda: rig.state == "speaking")
    rig.turn(60)
    interrupt(rig)
    quiet(rig)
    assert heard(rig)[1:] == ["Once upon a time."]
    assert not rig.conversation._voice._behind


def test_what_is_too_much_fails_and_the_rest_is_said(make: Make) -> None:
    rig = make(Replier())
    rig.conversation.say("a. " * 100)
    for _ in range(BEHIND + WAITING):
        rig.conversation.say("and.")
    assert len(rig.conversation._voice._behind) == BEHIND
    rig.turn(20)
    assert [entry["utterance"] for entry in rig.entries("reply_failed")] == [BEHIND + WAITING]
    assert len(rig.conversation._voice._answers) == BEHIND + WAITING


@pytest.mark.parametrize("silent", ["", "[cough]"])
def test_a_noise_in_silence_is_answered_with_silence(make: Make, silent: str) -> None:
    replier = Replier()
    rig = make(replier, silent)
    rig.turn(60, VOICE)
    rig.until(lambda: bool(rig.entries("no_reply")), most=300)
    quiet(rig)
    assert not replier.asked


class Writing(Understanding):
    """See `turns.Partly`."""

    def tell_so_far(self, told: Told) -> None:
        self.so_far = told


def test_who_is_in_the_middle_of_a_sentence_is_waited_for(make: Make) -> None:
    """By the words alone: the silence is the same."""
    waited = {}
    for text in ("I want a ticket to", "I want a ticket"):
        writing = Writing(text)
        rig = make(Replier([]), listener=writing)
        rig.turn(80, VOICE)
        writing.so_far(rig.conversation.turns.current or 0, text)
        writing.so_far(-5, "of another turn and")
        rig.turn(5)
        before = rig.engine.at
        rig.until(lambda: rig.state == "thinking")  # noqa: B023
        waited[text] = rig.engine.at - before
        assert [entry["complete"] for entry in rig.entries("completeness")] == [0.1 if text.endswith("to") else 0.5]
    assert waited["I want a ticket to"] > 1.8 * waited["I want a ticket"]


def test_of_a_recogniser_that_repeats_itself_while_it_listens_the_end_is_looked_at(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it would hold up the sound for seconds."""
    looked: list[int] = []
    complete = Dialogue.completeness

    def completeness(dialogue: Dialogue, text: str) -> float:
        looked.append(len(text))
        return complete(dialogue, text)

    monkeypatch.setattr(Dialogue, "completeness", completeness)
    writing = Writing("")
    rig = make(Replier([]), listener=writing)
    rig.turn(80, VOICE)
    writing.so_far(rig.conversation.turns.current or 0, "[" * 60_000 + " I want a ticket to")
    rig.turn(5)
    assert looked == [conversation.LONGEST_TEXT]
    assert [entry["complete"] for entry in rig.entries("completeness")] == [0.1]
