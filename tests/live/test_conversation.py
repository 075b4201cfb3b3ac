"""Turns out, answers in: whatever the talker, the replier or the person does, the device listens on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Event

import numpy as np
import pytest

from edgeagent.errors import ServiceError
from edgeagent.live.conversation import Told
from edgeagent.ports import Request, Sound, Voiced
from edgeagent.services.command_talker import CommandTalker
from edgeagent.services.ready_reply import ReadyReply
from edgeagent.services.tone_talker import GAP, TONE, ToneTalk, ToneTalker
from edgeagent.settings import Capture, Settings, Talker, Turns
from edgeagent.turn import events as e
from edgeagent.turn.events import Word
from edgeagent.units import samples
from tests.live.rig import BLOCK, PATIENCE_S, VOICE, Rig

TEXT = "one two three four five six"


class Replier:
    """Says what it is told to say; see `ports.Replier`."""

    def __init__(self, answer: str | Exception = TEXT) -> None:
        self.answer = answer
        self.asked: list[Request] = []

    def reply(self, request: Request) -> ReadyReply:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return ReadyReply(self.answer)

    def close(self) -> None:
        pass


class Hook:
    """See `turns.Listener`; answers at once with the same text."""

    def __init__(self, recognised: Told, kept: Told, answer: str | None = "hello") -> None:
        self.names: list[str] = []
        self.closed: list[Sound] = []
        self.calls: list[tuple[str, int]] = []
        self.heard: dict[int, list[Sound]] = {}
        self._recognised = recognised
        self._kept = kept
        self._answer = answer

    def open_turn(self, turn: int, audio: str) -> None:
        self.names.append(audio)
        self.calls.append(("open", turn))
        self.heard[turn] = []

    def sound(self, turn: int, block: Sound) -> None:
        self.heard[turn].append(block)

    def close_turn(self, turn: int, sound: Sound) -> None:
        self.closed.append(sound)
        self.calls.append(("close", turn))
        self._kept(turn, f"/turns/{self.names[-1]}")
        if self._answer is not None:
            self._recognised(turn, self._answer)

    def drop_turn(self, turn: int) -> None:
        self.calls.append(("drop", turn))

    def close(self) -> None:
        self.calls.append(("end", 0))


Make = Callable[..., Rig]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Rig] = []

    def one(*args: object, **options: object) -> Rig:
        made.append(Rig(*args, **options))  # type: ignore[arg-type]
        return made[-1]

    yield one
    for rig in made:
        rig.close()


def speak_up(rig: Rig, blocks: int = 60) -> None:
    """The person says something."""
    rig.turn(blocks, VOICE)


def test_a_turn_is_handed_over_with_its_beginning_and_answered(make: Make) -> None:
    replier = Replier()
    hooks: list[Hook] = []

    def listen(recognised: Told, _trouble: Told, kept: Told) -> Hook:
        hooks.append(Hook(recognised, kept))
        return hooks[0]

    rig = make(replier=replier, listener=listen)
    rig.turn(100)
    speak_up(rig)
    rig.until(lambda: rig.state == "speaking", most=200)
    turn, text, (hook,) = replier.asked[0].sound, replier.asked[0].text, hooks
    heard = rig.entries("heard")[0]
    assert text == "hello"
    assert turn.size == round((heard["end_s"] - heard["start_s"]) * 16000)
    assert [call for call, _ in hook.calls] == ["open", "close"]
    streamed = np.concatenate(hook.heard[heard["turn"]])
    assert streamed.size >= turn.size
    assert np.array_equal(streamed[: turn.size], turn)
    assert np.array_equal(hook.closed[0], turn)
    assert heard["turn"] - round(heard["start_s"] * 16000) == samples(Capture().pre_roll_ms)
    kept, recognised = ({key: note[key] for key in note if key != "at"} for note in rig.notes.entries)
    assert kept == {"event": "kept", "turn": heard["turn"], "wav": f"/turns/{heard['audio']}"}
    assert recognised == {"event": "recognised", "turn": heard["turn"], "text": "hello"}
    rig.until(lambda: rig.state == "idle")
    assert rig.entries("heard_words")[-1]["text_heard"] == TEXT


@pytest.mark.parametrize("answer", ["", ServiceError("no brain", "buy one"), ValueError("a bug of theirs")])
def test_no_answer_and_the_device_listens_on(make: Make, answer: str | Exception) -> None:
    rig = make(replier=Replier(answer))
    rig.turn(20)
    speak_up(rig)
    rig.until(lambda: rig.state == "thinking", most=200)
    rig.until(lambda: rig.state == "idle")
    if answer:
        assert str(answer) in rig.entries("reply_failed")[0]["reason"]
    else:
        assert rig.entries("no_reply")
    speak_up(rig)
    rig.until(lambda: rig.state == "thinking", most=200)


def test_a_talker_that_dies_is_told_with_what_was_heard(make: Make) -> None:
    class Dying(ToneTalker):
        """Dies after three words have been heard."""

        def say(self, text: str) -> ToneTalk:
            return DyingTalk(text, "done", 0)

    class DyingTalk(ToneTalk):
        def __iter__(self) -> Iterator[Sound]:
            for index, sound in enumerate(super().__iter__()):
                if index == 3:
                    while rig.state != "speaking":
                        pass
                    begun = rig.playback.dac
                    while rig.playback.dac < begun + 3 * (TONE + GAP) - 800:
                        pass
                    raise ServiceError("the tone died")
                yield sound

    rig = make(Dying())
    rig.conversation.say(TEXT)
    rig.until(lambda: bool(rig.entries("reply_failed")))
    rig.until(lambda: bool(rig.entries("heard_words")))  # when the loudspeaker has given what it still had
    assert rig.state == "idle"
    assert rig.entries("heard_words")[-1]["text_heard"].startswith("one two")
    rig.until(lambda: rig.state == "hearing", most=50, level=VOICE)


@pytest.mark.parametrize("chunks", [0, 3])
def test_an_utterance_without_a_sample_has_failed(make: Make, chunks: int) -> None:
    class Mute(ToneTalker):
        def say(self, text: str) -> ToneTalk:
            return MuteTalk(text, "done", 0)

    class MuteTalk(ToneTalk):
        def __iter__(self) -> Iterator[Sound]:
            yield from [np.zeros(0, np.float32)] * chunks

    rig = make(Mute(), Replier())
    utterance = rig.conversation.say(TEXT)
    rig.until(lambda: bool(rig.entries("reply_failed")))
    assert rig.entries("reply_failed")[0]["utterance"] == utterance
    assert not rig.entries("reply_ready")
    speak_up(rig)
    rig.until(lambda: rig.state == "thinking", most=200)
    rig.until(lambda: len(rig.entries("reply_failed")) == 2)
    rig.turn(3)
    assert rig.state == "idle"
    assert not rig.conversation._voice._answers


@pytest.mark.parametrize("signal", ["KILL", "STOP"])
def test_a_talker_child_killed_or_stopped_in_mid_sentence(make: Make, signal: str) -> None:
    command = f"sh -c 'head -c 32000 /dev/urandom; kill -{signal} $$'"
    rig = make(CommandTalker(Talker(kind="command", command=command, stall_ms=300)))
    rig.conversation.say(TEXT)
    rig.until(lambda: bool(rig.entries("reply_failed")))
    rig.turn(3)
    assert rig.state == "idle"
    rig.until(lambda: rig.state == "hearing", most=50, level=VOICE)


def test_a_stalled_talker_does_not_hold_up_a_stop(make: Make) -> None:
    rig = make(ToneTalker("stalls", 2))
    rig.conversation.say(TEXT)
    rig.until(lambda: len(rig.entries("ceased")) == 1)  # ran dry
    assert rig.state == "speaking"
    rig.inbox.post(lambda: rig.door.tell(e.ButtonShort(0)))
    rig.until(lambda: rig.state == "idle", most=3)
    rig.conversation.say("seven")  # the worker is free again
    rig.until(lambda: rig.state == "speaking")


def test_late_sound_of_a_cancelled_answer_is_dropped(make: Make) -> None:
    gate = {"open": False}

    class Slow(ToneTalker):
        def say(self, text: str) -> ToneTalk:
            return SlowTalk(text, "done", 0)

    class SlowTalk(ToneTalk):
        """Ignores its cancel."""

        def __iter__(self) -> Iterator[Sound]:
            while not gate["open"]:
                pass
            self.words = (Word(0, 160, "late"),)
            yield np.full(160, 0.5, np.float32)

        def cancel(self) -> None:
            pass

    rig = make(Slow(), replier=Replier())
    rig.turn(20)
    speak_up(rig)
    rig.until(lambda: bool(rig.conversation._voice._answers), most=200)
    speak_up(rig, 20)  # goes on before we answered
    assert rig.state == "hearing"
    gate["open"] = True
    rig.until(lambda: rig.state == "speaking", most=300)
    playing = rig.entries("reply_ready")
    assert [entry["utterance"] for entry in playing] == [1]


def test_a_turn_taken_up_again_is_handed_over_whole(make: Make) -> None:
    hooks: list[Hook] = []

    def listen(recognised: Told, _trouble: Told, kept: Told) -> Hook:
        hooks.append(Hook(recognised, kept, None))
        return hooks[0]

    rig = make(replier=Replier(), listener=listen)
    rig.turn(60)
    speak_up(rig)
    rig.until(lambda: rig.state == "thinking", most=200)
    turn = rig.entries("heard")[0]["turn"]
    speak_up(rig, 20)
    assert hooks[0].calls == [("open", turn), ("close", turn), ("drop", turn), ("open", turn)]
    rig.until(lambda: rig.state == "thinking", most=200)
    first, again = rig.entries("heard")
    assert again["start_s"] == first["start_s"]
    assert hooks[0].names == [first["audio"], again["audio"]] == ["turn-001.wav", "turn-002.wav"]
    assert sum(map(len, hooks[0].heard[turn])) >= (again["end_s"] - again["start_s"]) * 16000


def test_an_endless_talker_is_cut_off(make: Make) -> None:
    class Endless(ToneTalker):
        def say(self, text: str) -> ToneTalk:
            return EndlessTalk(text, "done", 0)

    class EndlessTalk(ToneTalk):
        def __iter__(self) -> Iterator[Sound]:
            while not self._cancelled.is_set():
                yield np.full(160_000, 0.1, np.float32)

    rig = make(Endless())
    rig.conversation.say("on and on")
    rig.until(lambda: bool(rig.entries("reply_failed")))
    assert "180 s" in rig.entries("reply_failed")[0]["reason"]
    assert len(rig.inbox._notes) < 100


def test_replies_are_not_kept_for_ever(make: Make) -> None:
    rig = make(settings=Settings(turns=Turns()))
    for _ in range(5):
        rig.conversation.say("one")
    rig.until(lambda: len(rig.entries("heard_words")) == 5)
    assert len(rig.conversation._voice._answers) == len(rig.playback._utterances) == 1


class Lingering:
    """See `ports.Replier` and `ports.Reply`: two sentences of its own voice, the second when it may, and so the end."""

    def __init__(self) -> None:
        self.goes_on, self.ends = Event(), Event()

    def reply(self, _request: Request) -> Lingering:
        return self

    def __iter__(self) -> Iterator[str]:
        yield voiced("one")
        self.goes_on.wait()
        yield voiced("two")
        self.ends.wait()

    def cancel(self) -> None:
        self.goes_on.set()
        self.ends.set()

    close = cancel


def voiced(text: str) -> Voiced:
    talk = ToneTalker().say(text)
    talk.text = text  # type: ignore[attr-defined]
    return Voiced(text, talk)  # type: ignore[arg-type]


def left(rig: Rig, notes: int) -> None:
    """Others' threads leave so many notes."""
    begun = time.monotonic()
    while len(rig.inbox._notes) < notes:
        assert time.monotonic() - begun < PATIENCE_S
        time.sleep(0.001)


def test_what_was_patient_and_is_offered_behind_a_later_sentence_is_said_after_it(make: Make) -> None:
    """Where the end of a reply and the sound of its last sentence come together, between two steps of the engine."""
    reply = Lingering()
    rig = make(replier=reply)
    rig.turn(20)
    rig.until(lambda: rig.state == "hearing", level=VOICE)
    rig.conversation.say("announced", patient=True)
    rig.until(lambda: bool(rig.entries("reply_ready")), level=VOICE)
    rig.until(lambda: rig.state == "speaking")
    rig.until(lambda: rig.state == "idle" and rig.engine.wanting > BLOCK)
    reply.goes_on.set()
    left(rig, 1)
    rig.inbox.deliver()
    left(rig, 5)  # its text, its words, its sound, its length, its end
    reply.ends.set()
    left(rig, 6)
    rig.until(lambda: len(rig.entries("heard_words")) == 3)
    assert [entry["text_heard"] for entry in rig.entries("heard_words")] == ["one", "two", "announced"]
