"""Voices and recognisers of Home Assistant's protocol, against the servers of its own library."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Thread
from time import monotonic

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.services.wyoming_recogniser import WyomingRecogniser
from edgeagent.services.wyoming_talker import WyomingTalker
from edgeagent.signal.convert import to_int16

pytest.importorskip("wyoming", reason="needs the extra [wyoming]")

from wyoming.asr import Transcript, TranscriptChunk, TranscriptStart

from tests.services.wyoming_server import VOICE_RATE, Told, serving

Eventually = Callable[[Callable[[], object]], None]
SOUND = (0.1 * np.sin(np.arange(8000) / 5)).astype(np.float32)
GIVE_UP_S = 10.0


def talker(uri: str, stall_ms: int = 3000, voice: str = "en") -> WyomingTalker:
    return WyomingTalker(settings.Talker(kind="wyoming", uri=uri, stall_ms=stall_ms, voice=voice))


def nowhere() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{free.getsockname()[1]}"


def test_the_sound_is_whole_at_our_rate_and_of_the_voice_that_was_asked_for() -> None:
    with serving() as server:
        sound = np.concatenate(list(talker(server.uri, voice="amy").say("Hello.")))
        assert server.told[0].data == {"text": "Hello.", "voice": {"name": "amy"}}
    assert sound.size == round(65 * 1024 * 16_000 / VOICE_RATE)
    assert np.median(sound) == pytest.approx(0.1, abs=0.001)


@pytest.mark.parametrize(("text", "told"), [("Hello \ud83d.", "Hello ?."), ("Well \ud83d done.", "Well ? done.")])
def test_half_an_emoji_does_not_cost_the_sentence(text: str, told: str) -> None:
    """A chat server may send the halves of a surrogate pair in two pieces."""
    with serving() as server:
        assert sum(sound.size for sound in talker(server.uri).say(text)) > 0
        assert server.told[0].data["text"] == told


def test_a_long_sentence_may_come_in_one_piece() -> None:
    with serving("at once") as server:
        sound = np.concatenate(list(talker(server.uri).say("Hello.")))
    assert sound.size == round(1000 * 1024 * 16_000 / VOICE_RATE)


def test_of_two_channels_the_first_is_taken() -> None:
    with serving("stereo") as server:
        assert np.median(np.concatenate(list(talker(server.uri).say("x")))) == pytest.approx(0.1, abs=0.001)


def cancelled(mode: str) -> tuple[float, float, float]:
    """Seconds that a cancel takes, until the reader has seen it, and until the server has."""
    with serving(mode) as server:
        talk = talker(server.uri).say("on and on")
        ended: list[float] = []

        def read() -> None:
            for _ in talk:
                pass
            ended.append(monotonic())

        reader = Thread(target=read)
        reader.start()
        assert server.asked.wait(GIVE_UP_S)
        asked = monotonic()
        talk.cancel()
        took = monotonic() - asked
        reader.join(GIVE_UP_S)
        assert server.gone.wait(GIVE_UP_S)
        assert server.left is not None
        return took, ended[0] - asked, server.left - asked


@pytest.mark.timing
@pytest.mark.parametrize("mode", ["flowing", "stalled", "silent"])
def test_a_cancel_is_seen_at_once_on_both_sides(mode: str) -> None:
    took, ended, left = (sorted(times)[1] for times in zip(*(cancelled(mode) for _ in range(3)), strict=True))
    assert took < 0.01  # medians: a busy machine
    assert ended < 0.05
    assert left < 0.05


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("dies", "breaks off"),
        ("stalled", "does not answer"),
        ("refuses", "no such voice"),
        ("wide", "4 bytes"),
        ("odd", "at 191999 Hz; needed .* in steps of 25"),
    ],
)
def test_a_voice_that_fails_is_told_in_one_line(mode: str, told: str) -> None:
    with serving(mode) as server, pytest.raises(ServiceError, match=told) as failed:
        list(talker(server.uri, 300).say("x"))
    assert "\n" not in str(failed.value)
    assert len(str(failed.value)) < 300


def test_a_voice_that_is_gone() -> None:
    with pytest.raises(ServiceError, match="start the server"):
        list(talker(nowhere()).say("x"))


class Heard:
    """What a recogniser told."""

    def __init__(self) -> None:
        self.texts: list[tuple[int, str]] = []
        self.troubles: list[tuple[int, str]] = []
        self.so_far: list[tuple[int, str]] = []

    def recogniser(self, uri: str, patience_ms: int = 3000) -> WyomingRecogniser:
        wanted = settings.Recogniser(kind="wyoming", uri=uri, language="en", patience_ms=patience_ms)
        made = WyomingRecogniser(
            wanted,
            lambda turn, text: self.texts.append((turn, text)),
            lambda turn, text: self.troubles.append((turn, text)),
        )
        made.tell_so_far(lambda turn, text: self.so_far.append((turn, text)))
        return made


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_a_turn_goes_there_while_it_is_spoken_and_its_text_comes_back(heard: Heard, eventually: Eventually) -> None:
    with serving() as server:
        recogniser = heard.recogniser(server.uri)
        recogniser.open_turn(7, "turn-001.wav")
        recogniser.sound(7, SOUND[:3000])
        eventually(lambda: server.heard and len(server.heard[0]) == 6000)  # before it is over
        recogniser.sound(7, SOUND[3000:])
        assert not heard.texts
        recogniser.close_turn(7, SOUND)
        eventually(lambda: heard.texts)
        recogniser.close()
        assert heard.texts == [(7, "hello there")]
        assert server.heard == [to_int16(SOUND).tobytes()]
        assert server.told[0].data["language"] == "en"


def test_what_a_server_writes_while_it_listens_is_told_at_once(heard: Heard, eventually: Eventually) -> None:
    with serving("writes") as server:
        server.written = [
            [TranscriptStart().event(), TranscriptChunk("I want").event(), TranscriptChunk(" a ticket").event()],
            [TranscriptChunk(" to").event()],
        ]
        recogniser = heard.recogniser(server.uri)
        recogniser.open_turn(7, "")

        def goes_on() -> bool:
            recogniser.sound(7, SOUND[:160])
            return len(heard.so_far) == 3

        eventually(goes_on)
        assert heard.so_far == [(7, "I want"), (7, "I want a ticket"), (7, "I want a ticket to")]
        recogniser.close_turn(7, SOUND)
        eventually(lambda: heard.texts)
        recogniser.close()
    assert heard.texts == [(7, "hello there")]


def test_a_server_that_finds_the_end_before_us_is_believed(heard: Heard, eventually: Eventually) -> None:
    with serving("writes") as server:
        server.written = [[Transcript("wait a moment").event()]]
        recogniser = heard.recogniser(server.uri)
        recogniser.open_turn(7, "")
        recogniser.sound(7, SOUND)
        eventually(lambda: not server.written)
        recogniser.sound(7, SOUND)
        recogniser.close_turn(7, SOUND)
        eventually(lambda: heard.texts)
        recogniser.close()
    assert heard.texts == [(7, "wait a moment")]


def test_one_that_leaves_when_it_has_told_the_text_has_told_it(heard: Heard, eventually: Eventually) -> None:
    with serving("writes and goes") as server:
        recogniser = heard.recogniser(server.uri)
        recogniser.open_turn(7, "")

        def goes_on() -> bool:
            recogniser.sound(7, SOUND[:160])
            return server.gone.is_set()

        eventually(goes_on)
        for _ in range(20):
            recogniser.sound(7, SOUND)
        recogniser.close_turn(7, SOUND)
        eventually(lambda: heard.texts)
        recogniser.close()
    assert (heard.texts, heard.troubles) == ([(7, "hello there")], [])


def test_a_text_that_is_none_is_not_taken_for_a_word(heard: Heard, eventually: Eventually) -> None:
    with serving("writes") as server:
        server.written = [[Told("transcript", {"text": None})]]
        recogniser = heard.recogniser(server.uri)
        recogniser.open_turn(7, "")
        recogniser.sound(7, SOUND)
        eventually(lambda: not server.written)
        recogniser.close_turn(7, SOUND)
        eventually(lambda: heard.texts)
        recogniser.close()
    assert heard.texts == [(7, "")]


def test_a_turn_that_is_dropped_tells_nothing_and_is_cut(heard: Heard, eventually: Eventually) -> None:
    took = []
    for _ in range(3):
        with serving("stalled") as server:
            recogniser = heard.recogniser(server.uri)
            recogniser.open_turn(7, "")
            recogniser.sound(7, SOUND)
            recogniser.close_turn(7, SOUND)
            eventually(lambda: any(event.type == "audio-stop" for event in server.told))
            asked = monotonic()
            recogniser.drop_turn(7)
            took.append(monotonic() - asked)
            assert server.gone.wait(GIVE_UP_S)
            recogniser.open_turn(8, "")
            recogniser.close()
    assert sorted(took)[1] < 0.01  # the median: a busy machine
    assert not heard.texts
    assert not heard.troubles


@pytest.mark.parametrize(
    ("mode", "told"), [("stalled", "does not answer"), ("dies", "without a text"), ("refuses", "no model")]
)
def test_one_that_fails_costs_this_turns_text_only(heard: Heard, eventually: Eventually, mode: str, told: str) -> None:
    with serving(mode) as server:
        recogniser = heard.recogniser(server.uri, 500)
        recogniser.open_turn(7, "")
        recogniser.sound(7, SOUND)
        recogniser.close_turn(7, SOUND)
        eventually(lambda: heard.texts)
        assert heard.texts == [(7, "")]
        assert told in heard.troubles[0][1]
        server.mode = "whole"
        recogniser.open_turn(8, "")
        recogniser.close_turn(8, SOUND[:0])
        eventually(lambda: len(heard.texts) == 2)
        assert heard.texts[1] == (8, "hello there")
        recogniser.close()


def test_one_that_writes_without_end_is_left(heard: Heard, eventually: Eventually) -> None:
    with serving("writes without end") as server:
        recogniser = heard.recogniser(server.uri)
        recogniser.open_turn(7, "")

        def goes_on() -> bool:
            recogniser.sound(7, SOUND[:160])
            return bool(heard.troubles)

        eventually(goes_on)
        recogniser.close_turn(7, SOUND)
        eventually(lambda: heard.texts)
        recogniser.close()
        assert server.gone.wait(GIVE_UP_S)
    assert heard.texts == [(7, "")]
    assert "writes without end" in heard.troubles[0][1]


def test_a_server_that_is_gone_is_told_once_the_turn_is_over(heard: Heard, eventually: Eventually) -> None:
    recogniser = heard.recogniser(nowhere())
    recogniser.open_turn(7, "")
    eventually(lambda: heard.troubles)
    assert not heard.texts
    recogniser.close_turn(7, SOUND)
    eventually(lambda: heard.texts)
    assert heard.texts == [(7, "")]
    recogniser.close()
