"""The satellite against the library's own client, which plays Home Assistant on a real socket."""

from __future__ import annotations

import re
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from threading import Event, Thread
from time import monotonic
from typing import Any

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.errors import ServiceError
from edgeagent.monitor.places import listening
from edgeagent.ports import Reply, Request, Sound, Voiced
from edgeagent.services import satellite as module
from edgeagent.services import satellite_server
from edgeagent.services.satellite import Satellite
from edgeagent.services.satellite_talk import SatelliteTalk
from edgeagent.signal.convert import to_int16

pytest.importorskip("wyoming", reason="needs the extra [wyoming]")

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it imports audioop, where there is one
    from wyoming.info import Info

from tests.services.home_assistant import PIECE, VOICE_RATE, Connect, HomeAssistant, connecting

Eventually = Callable[[Callable[[], object]], None]
SOUND = (0.1 * np.sin(np.arange(8000) / 5)).astype(np.float32)


class Device:
    """The engine's and the conversation's part."""

    def __init__(self, satellite: Satellite) -> None:
        self.satellite = satellite
        self.texts: list[tuple[int, str]] = []
        self.troubles: list[str] = []
        self.notes: list[str] = []
        self.reached: list[bool] = []
        self.announced: list[Voiced] = []
        self.room = True
        satellite.listen(lambda turn, text: self.texts.append((turn, text)), lambda _, text: self.troubles.append(text))
        satellite.start(self)

    def announce(self, said: Voiced) -> bool:
        self.announced.append(said)
        return self.room

    def note(self, text: str, *, trouble: bool = False) -> None:
        self.notes.append(f"{'! ' if trouble else ''}{text}")

    def reach(self, there: bool) -> None:
        self.reached.append(there)

    def turn(self, number: int, sound: Sound = SOUND) -> None:
        """A whole turn."""
        self.satellite.open_turn(number, "")
        self.satellite.sound(number, sound)
        self.satellite.close_turn(number, sound)

    def ask(self, turn: int, *, resumes: bool = False) -> Reply:
        return self.satellite.reply(
            Request(turn, SOUND, "text", Understood(Kind.REQUEST), resumes=resumes),
        )

    def falls_silent(self) -> None:
        self.satellite.write({"event": "state", "from": "speaking", "state": "idle"})


def voiced(reply: Reply) -> Voiced:
    (said,) = reply
    assert isinstance(said, Voiced)
    return said


def sound_of(said: Voiced) -> Sound:
    return np.concatenate(list(said.talk))


def level(sound: Sound) -> float:
    return float(np.median(sound))


Make = Callable[..., Device]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Device] = []

    def one(**wanted: object) -> Device:
        kept = settings.Satellite(enabled=True, name="kitchen", area="ground floor", **wanted)  # type: ignore[arg-type]
        made.append(Device(Satellite(kept, listening("127.0.0.1", 0, "satellite.port"))))
        return made[-1]

    yield one
    for device in made:
        device.satellite.close()


@pytest.fixture
def device(make: Make) -> Device:
    return make(patience_ms=3000)


@pytest.fixture
def connect(device: Device) -> Iterator[Connect]:
    with connecting(device.satellite.port) as connect:
        yield connect


@pytest.fixture
def home(connect: Connect) -> HomeAssistant:
    return connect().serve()


def test_it_says_what_it_is_to_anybody_who_asks(connect: Connect) -> None:
    asking = connect()
    asking.send("describe")
    info = Info.from_event(asking.awaits("info"))
    assert info.satellite is not None
    assert (info.satellite.name, info.satellite.area, info.satellite.has_vad) == ("kitchen", "ground floor", True)
    assert info.mic[0].mic_format.rate == info.snd[0].snd_format.rate == 16_000
    assert not info.asr
    asking.send("ping", text="still there?")
    assert asking.awaits("pong").data["text"] == "still there?"


def test_a_turn_goes_there_while_it_is_spoken_and_its_answer_comes_with_its_sound(
    device: Device, home: HomeAssistant, eventually: Eventually
) -> None:
    satellite = device.satellite
    satellite.open_turn(7, "")
    satellite.sound(7, SOUND[:5000])
    run = home.awaits("run-pipeline").data
    assert (run["start_stage"], run["end_stage"], run["restart_on_end"]) == ("asr", "tts", False)
    eventually(lambda: len(home.heard) == 2 * 4 * PIECE)  # before it is over
    satellite.sound(7, SOUND[5000:])
    assert not device.texts
    satellite.close_turn(7, SOUND)
    home.answers(1, "what time is it", "It is nine.")
    eventually(lambda: device.texts)
    assert device.texts == [(7, "what time is it")]
    assert home.heard == to_int16(SOUND).tobytes()
    said = voiced(device.ask(7))
    assert said == said.talk.text == "It is nine."
    sound = sound_of(said)
    assert sound.size == round(10 * PIECE * 16_000 / VOICE_RATE)
    assert level(sound) == pytest.approx(0.1, abs=0.001)
    assert not home.of("played")
    device.falls_silent()
    home.awaits("played")
    assert (device.troubles, device.reached) == ([], [False, True])


def test_a_text_that_comes_before_the_turn_is_over_waits_for_its_end(
    device: Device, home: HomeAssistant, eventually: Eventually
) -> None:
    device.satellite.open_turn(7, "")
    device.satellite.sound(7, SOUND)
    home.awaits("run-pipeline")
    home.send("transcript", text="what time")
    home.has_it()
    assert not device.texts
    device.satellite.sound(7, np.tile(SOUND, 5))
    device.satellite.close_turn(7, SOUND)
    eventually(lambda: device.texts)
    assert device.texts == [(7, "what time")]
    assert re.search(r"stopped listening 2.[56] s before the end", device.troubles[0])


def test_a_voice_that_begins_before_its_text_is_known_is_spoken_at_once(device: Device, home: HomeAssistant) -> None:
    device.turn(7)
    home.awaits("audio-stop")
    home.send("transcript", text="a story")
    home.voice(0.1, 3, stop=False)
    said = voiced(device.ask(7))
    assert said == ""
    pieces = iter(said.talk)
    assert level(next(pieces)) == pytest.approx(0.1, abs=0.001)
    home.send("synthesize", text="Once upon a time.")
    home.voice(0.1, 1, start=False, at=3)
    for _ in pieces:
        pass
    assert said.talk.text == "Once upon a time."


def overtaken(device: Device, home: HomeAssistant) -> Voiced:
    """Turn 1 is answered at level 0.1 and still coming when turn 2 opens."""
    device.turn(1)
    home.awaits("audio-stop")
    home.send("transcript", text="a story")
    home.send("synthesize", text="Once upon a time.")
    home.voice(0.1, 5, stop=False)
    said = voiced(device.ask(1))
    next(iter(said.talk))
    device.turn(2)
    home.awaits("run-pipeline", 2)
    return said


def interrupted(device: Device, home: HomeAssistant) -> Voiced:
    """And the machine discards the utterance that was interrupted."""
    said = overtaken(device, home)
    said.talk.cancel()
    return said


@pytest.mark.timing
def test_to_call_off_what_still_comes_takes_no_time(make: Make) -> None:
    took = []
    for _ in range(3):
        device = make(patience_ms=3000)
        with connecting(device.satellite.port) as connect:
            said = overtaken(device, connect().serve())
            asked = monotonic()
            said.talk.cancel()
            took.append(monotonic() - asked)
    assert sorted(took)[1] < 0.01  # the median: a busy machine


@pytest.mark.parametrize("ending", ["before", "between", "never"])
def test_no_late_sound_of_an_older_run_is_ever_in_a_newer_one(
    device: Device, home: HomeAssistant, ending: str, eventually: Eventually
) -> None:
    old = interrupted(device, home)
    home.voice(0.1, 40, start=False, stop=ending == "before", at=5)
    home.awaits("audio-stop", 2)
    home.send("transcript", text="no, a poem")
    eventually(lambda: (2, "no, a poem") in device.texts)
    home.send("synthesize", text="Roses.")
    home.voice(0.3, 5, stop=False)
    if ending != "before":
        home.voice(0.1, 20, start=False, stop=ending == "between", at=45)
    home.voice(0.3, 5, start=False, at=5)
    sound = sound_of(voiced(device.ask(2)))
    assert sound.size == round(10 * PIECE * 16_000 / VOICE_RATE)
    assert np.all(np.abs(sound[200:-200] - 0.3) < 0.05)
    assert not list(old.talk)
    assert home.kinds.index("played") < home.kinds.index("run-pipeline", home.kinds.index("run-pipeline") + 1)


def test_where_nobody_can_tell_the_newer_one_gets_silence(device: Device, home: HomeAssistant) -> None:
    interrupted(device, home)
    home.awaits("audio-stop", 2)
    home.send("transcript", text="no, a poem")
    home.voice(0.3, 5, stop=False)
    home.voice(0.1, 1, start=False, stop=False, at=5)  # the old one goes on just where the new one is
    home.voice(0.3, 5, start=False, at=5)
    home.voice(0.1, 9, start=False, at=6)
    sound = sound_of(voiced(device.ask(2)))
    clear = round(5 * PIECE * 16_000 / VOICE_RATE)
    assert level(sound[:clear]) == pytest.approx(0.3, abs=0.001)
    assert not np.any(np.abs(sound[clear + 100 :]) > 0.01)  # silence rather than a piece of the old one


def test_what_an_older_run_still_answers_is_not_taken_for_the_newer_ones(
    device: Device, home: HomeAssistant, eventually: Eventually
) -> None:
    home.pongs = False
    device.turn(1)
    home.awaits("audio-stop", 1)
    device.turn(2)
    home.awaits("audio-stop", 2)
    home.send("transcript", text="of the first")
    home.send("synthesize", text="Answer to the first.")
    home.voice(0.1, 5)
    home.send("error", text="the first fails", code="x")
    for ping in home.of("ping"):
        home.send("pong", text=ping.data["text"])
    home.send("transcript", text="of the second")
    home.send("synthesize", text="Answer to the second.")
    home.voice(0.3, 5)
    eventually(lambda: device.texts)
    assert device.texts == [(2, "of the second")]
    said = voiced(device.ask(2))
    assert said == "Answer to the second."
    assert level(sound_of(said)) == pytest.approx(0.3, abs=0.001)
    assert not device.announced


def test_one_that_answers_no_ping_is_known_by_its_transcribe(
    device: Device, home: HomeAssistant, connect: Connect, eventually: Eventually
) -> None:
    home.leave()
    eventually(lambda: len(device.notes) == 2)
    simple = connect()
    simple.pongs = False
    simple.serve()
    device.turn(1)
    simple.awaits("audio-stop")
    simple.send("transcript", text="too early")
    simple.send("transcribe")
    simple.send("transcript", text="in time")
    eventually(lambda: device.texts)
    assert device.texts == [(1, "in time")]


def test_interrupted_twice_in_a_moment_only_the_last_turn_is_answered(
    device: Device, home: HomeAssistant, eventually: Eventually
) -> None:
    interrupted(device, home)
    begun = monotonic()
    device.turn(3)
    assert monotonic() - begun < 0.3
    home.voice(0.1, 5, start=False, at=5)
    home.answers(3, "the third", "Third.", level=0.3)
    eventually(lambda: device.texts and device.texts[-1] == (3, "the third"))
    assert level(sound_of(voiced(device.ask(3)))) == pytest.approx(0.3, abs=0.001)
    with pytest.raises(ServiceError):
        list(device.ask(2))


def test_a_turn_that_was_none_is_ended_there_without_being_understood(
    device: Device, home: HomeAssistant, eventually: Eventually
) -> None:
    device.satellite.open_turn(1, "")
    device.satellite.sound(1, SOUND)
    home.awaits("run-pipeline")
    device.satellite.drop_turn(1)
    home.awaits("run-pipeline", 2)
    home.awaits("audio-stop")
    assert home.heard == b""
    home.send("error", text="No text recognized", code="stt-no-text-recognized")
    home.voice(0.2, 3)  # now it announces something
    eventually(lambda: device.announced)
    assert not device.texts
    assert not device.troubles


def test_a_turn_that_is_taken_up_again_has_one_run_and_no_empty_one(device: Device, home: HomeAssistant) -> None:
    device.turn(1)
    device.satellite.drop_turn(1)
    device.satellite.open_turn(1, "")
    home.awaits("run-pipeline", 2)
    device.satellite.sound(1, SOUND)
    device.satellite.close_turn(1, SOUND)
    home.awaits("audio-stop", 2)
    assert len(home.of("run-pipeline")) == 2
    assert home.heard == to_int16(SOUND).tobytes()


def test_what_nobody_asks_for_never_sounds(device: Device, home: HomeAssistant, eventually: Eventually) -> None:
    device.turn(1)
    home.awaits("audio-stop")
    home.send("transcript", text="stop")
    eventually(lambda: device.texts)
    home.send("synthesize", text="Sorry, I did not understand.")
    home.voice(0.1)
    home.awaits("played")  # though nothing was
    assert not device.announced


def test_a_reply_that_is_called_off_before_it_sounds_is_told_at_once(
    make: Make, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the button, or by who goes on; though nothing else wakes the clerk."""
    rests, rest_s = Event(), Satellite._rest_s

    def rest(satellite: Satellite) -> float | None:
        if satellite._unplayed:
            rests.set()
        return rest_s(satellite)

    monkeypatch.setattr(Satellite, "_rest_s", rest)
    monkeypatch.setattr(module, "QUIET_S", 600.0)
    device = make()
    with connecting(device.satellite.port) as connect:
        home = connect().serve()
        device.turn(1)
        home.awaits("audio-stop")
        home.send("transcript", text="how late is it?")
        eventually(lambda: device.texts)
        device.ask(1)
        home.voice(0.1, 0, stop=False)
        assert rests.wait(10)
        device.satellite.drop_turn(1)
        home.awaits("played")


def test_go_on_is_not_its_to_continue(device: Device, home: HomeAssistant, eventually: Eventually) -> None:
    device.turn(1)
    home.awaits("audio-stop")
    home.send("transcript", text="go on")
    eventually(lambda: device.texts)
    assert list(device.ask(1, resumes=True)) == []


def test_an_announcement_is_spoken_and_told_when_it_has_been(
    device: Device, home: HomeAssistant, eventually: Eventually
) -> None:
    home.voice(0.2, 5)
    eventually(lambda: device.announced)
    assert level(sound_of(device.announced[0])) == pytest.approx(0.2, abs=0.001)
    device.falls_silent()
    home.awaits("played")
    home.voice(0.4, 5)
    eventually(lambda: len(device.announced) == 2)
    assert level(sound_of(device.announced[1])) == pytest.approx(0.4, abs=0.001)


def test_an_announcement_that_is_interrupted_is_told_at_once(
    device: Device, home: HomeAssistant, eventually: Eventually
) -> None:
    home.voice(0.2, 5, stop=False)
    eventually(lambda: device.announced)
    device.announced[0].talk.cancel()
    device.satellite.write({"event": "action", "action": "discard", "utterance": 3})
    home.awaits("played")
    assert not list(device.announced[0].talk)


def test_an_announcement_for_which_there_is_no_room(make: Make, eventually: Eventually) -> None:
    device = make()
    device.room = False
    with connecting(device.satellite.port) as connect:
        home = connect().serve()
        home.voice(0.2, 5)
        eventually(lambda: device.announced)
        assert not list(device.announced[0].talk)
        home.awaits("played")
        for before in range(1, 51):  # one after the other: of several at once is told once
            home.voice(0.2, 1)
            home.awaits("played", before + 1)
    assert not device.satellite._unplayed


def test_announcements_that_nobody_can_speak_take_no_memory(device: Device, home: HomeAssistant) -> None:
    for _ in range(50):
        home.voice(0.2, 5)
    home.awaits("played", 46)
    assert len(device.announced) == len(device.satellite._unplayed) == 4
    for said in device.announced:
        assert level(sound_of(said)) == pytest.approx(0.2, abs=0.001)
    device.falls_silent()
    home.awaits("played", 47)
    home.voice(0.4, 5)
    home.has_it()
    assert level(sound_of(device.announced[-1])) == pytest.approx(0.4, abs=0.001)


def test_times_that_no_clock_has_end_no_connection(device: Device, home: HomeAssistant) -> None:
    form: dict[str, Any] = {"rate": 16_000, "width": 2, "channels": 1}
    for begun, then in ((10**400, 0), (0, 10**400), (-(10**400), 10**400)):
        home.send("audio-start", **form, timestamp=begun)
        home.send("audio-chunk", bytes(64), **form, timestamp=then)
        home.send("audio-chunk", bytes(64), rate=10**400, width=2, channels=-(10**400), timestamp=then)
        home.send("audio-stop", timestamp=then)
    home.send("ping", text="still there?")
    home.awaits("pong")
    assert device.reached == [False, True]


def test_what_of_a_voice_is_never_heard_does_not_wait_in_memory(device: Device, home: HomeAssistant) -> None:
    form: dict[str, Any] = {"rate": 192_000, "width": 2, "channels": 8}
    home.send("audio-start", **form)
    for _ in range(100):
        home.send("audio-chunk", bytes(1 << 20), **form)
    home.has_it()
    (said,) = device.announced
    assert isinstance(said.talk, SatelliteTalk)
    assert sum(map(len, said.talk._pieces)) < 20 << 20


def test_an_error_costs_this_turn_only(device: Device, home: HomeAssistant, eventually: Eventually) -> None:
    device.turn(1)
    home.awaits("audio-stop")
    home.send("error", text="the model\nis gone", code="stt-provider-missing")
    eventually(lambda: device.texts)
    assert device.texts == [(1, "")]
    assert device.troubles == ["Home Assistant: the model is gone"]
    device.turn(2)
    home.answers(2, "hello", "Hello.")
    eventually(lambda: len(device.texts) == 2)
    assert sound_of(voiced(device.ask(2))).size


def test_that_nothing_was_said_is_no_error(device: Device, home: HomeAssistant, eventually: Eventually) -> None:
    device.turn(1)
    home.awaits("audio-stop")
    home.send("error", text="No text recognized", code="stt-no-text-recognized")
    eventually(lambda: device.texts)
    assert (device.texts, device.troubles) == ([(1, "")], [])


def test_an_error_behind_the_text_is_the_replys(device: Device, home: HomeAssistant, eventually: Eventually) -> None:
    device.turn(1)
    home.awaits("audio-stop")
    home.send("transcript", text="hello")
    home.send("error", text="no voice", code="tts-failed")
    eventually(lambda: device.texts)
    with pytest.raises(ServiceError, match="Home Assistant: no voice"):
        list(device.ask(1))


def test_an_error_in_the_middle_of_the_voice_is_the_talks(device: Device, home: HomeAssistant) -> None:
    device.turn(1)
    home.awaits("audio-stop")
    home.send("transcript", text="hello")
    home.voice(0.1, 3, stop=False)
    said = voiced(device.ask(1))
    home.send("error", text="no voice", code="tts-failed")
    with pytest.raises(ServiceError, match="no voice"):
        sound_of(said)


@pytest.mark.parametrize("phase", ["hearing", "thinking", "speaking", "idle"])
def test_it_is_gone_in_the_middle_and_back(
    device: Device, home: HomeAssistant, connect: Connect, phase: str, eventually: Eventually
) -> None:
    said: Voiced | None = None
    if phase != "idle":
        device.satellite.open_turn(1, "")
        device.satellite.sound(1, SOUND)
        home.awaits("run-pipeline")
    if phase in ("thinking", "speaking"):
        device.satellite.close_turn(1, SOUND)
        home.awaits("audio-stop")
    if phase == "speaking":
        home.send("transcript", text="hello")
        home.voice(0.1, 3, stop=False)
        eventually(lambda: device.texts)
        said = voiced(device.ask(1))
    home.leave()
    eventually(lambda: device.reached[-1] is False)
    eventually(lambda: device.notes[-1].startswith("! Home Assistant at 127.0.0.1 is gone: "))
    if said is not None:
        with pytest.raises(ServiceError, match="not connected"):
            sound_of(said)
    if phase == "thinking":
        eventually(lambda: device.texts)
        assert (device.texts, device.troubles) == ([(1, "")], ["Home Assistant is not connected"])
    again = connect().serve()
    assert device.reached[-1] is True
    if phase == "hearing":  # the turn goes there whole after all
        device.satellite.close_turn(1, SOUND)
        again.awaits("audio-stop")
        assert again.heard == to_int16(SOUND).tobytes()
    device.turn(2)
    again.answers(2 if phase == "hearing" else 1, "hello again", "Hello.")
    eventually(lambda: (2, "hello again") in device.texts)
    assert sound_of(voiced(device.ask(2))).size


def test_a_turn_with_nobody_there_is_told_in_a_line(device: Device, eventually: Eventually) -> None:
    device.turn(1)
    eventually(lambda: device.texts)
    assert (device.texts, device.troubles) == ([(1, "")], ["Home Assistant is not connected"])
    with pytest.raises(ServiceError, match="not connected"):
        list(device.ask(1))


def test_one_that_says_nothing_of_what_it_understood(make: Make, eventually: Eventually) -> None:
    device = make(patience_ms=500)
    with connecting(device.satellite.port) as connect:
        home = connect().serve()
        device.turn(1)
        eventually(lambda: device.texts)
        assert (device.texts, device.troubles) == ([(1, "")], ["Home Assistant does not say what it has understood"])
        device.turn(2)
        home.awaits("audio-stop", 2)
        home.send("transcript", text="hello")
        eventually(lambda: len(device.texts) == 2)
        with pytest.raises(ServiceError, match="does not answer"):
            list(device.ask(2))
        device.turn(3)
        home.awaits("audio-stop", 3)
        home.send("transcript", text="hello")
        home.voice(0.1, 3, stop=False)
        with pytest.raises(ServiceError, match="breaks off"):
            sound_of(voiced(device.ask(3)))


def test_paused_it_hears_nothing_until_it_is_wanted_again(
    device: Device, home: HomeAssistant, eventually: Eventually
) -> None:
    home.send("pause-satellite")
    eventually(lambda: device.reached[-1] is False)
    device.turn(1)
    eventually(lambda: device.texts)
    assert device.troubles == ["Home Assistant has paused this satellite"]
    assert not home.of("run-pipeline")
    home.send("run-satellite")
    eventually(lambda: device.reached[-1] is True)
    device.turn(2)
    home.awaits("run-pipeline")


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xfe\n",
        b"[1, 2]\n",
        b'{"type": 7}\n',
        b'{"type": "x", "data": []}\n',
        b'{"type": "x", "data": [1]}\n',
        b'{"type": "x", "payload_length": 99999999999}\n',
        b'{"type": "x", "payload_length": -1}\n',
        b'{"type": "x", "data_length": "many"}\n',
        b'{"type": "x", "data_length": 3}\nabc',
        b'{"type": "x", "data_length": 90010}\n{"a": [' + 30_000 * b"[]," + b"1]}",
        b"[" * 60_000 + b"\n",
        b"x" * 70_000,
    ],
)
def test_what_is_no_message_ends_its_connection_and_nothing_else(
    device: Device, home: HomeAssistant, connect: Connect, garbage: bytes, eventually: Eventually
) -> None:
    other = connect()
    other.send_raw(garbage)
    if garbage.startswith(b'{"type": "x", "data": []'):
        other.send("ping", text="an empty list is no data, and no harm")
        other.awaits("pong")
    else:
        assert other.gone.wait(10)
    device.turn(1)
    home.answers(1, "hello", "Hello.")
    eventually(lambda: device.texts)
    assert device.reached == [False, True]
    if garbage.startswith(b"GET"):
        home.send_raw(garbage)
        eventually(lambda: device.reached[-1] is False)
        eventually(lambda: "no Wyoming" in device.notes[-1])


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("audio-start", {"rate": "fast", "width": 2, "channels": 1}),
        ("audio-start", {"rate": 22050, "width": 4, "channels": 1}),
        ("audio-start", {"rate": 22050, "width": 2, "channels": 0}),
        ("audio-start", {}),
        ("audio-start", {"rate": 10**9, "width": 2, "channels": 1}),
        ("audio-start", {"rate": 191_999, "width": 2, "channels": 1}),
    ],
)
def test_a_voice_of_an_impossible_form_is_refused(
    device: Device, home: HomeAssistant, kind: str, data: dict[str, Any]
) -> None:
    device.turn(1)
    home.awaits("audio-stop")
    home.send("transcript", text="hello")
    home.send(kind, **data)
    home.send("audio-chunk", b"abc", rate=-1, channels=None, timestamp="now")
    home.send("transcript", text=["no text"])
    home.send("synthesize")
    with pytest.raises(ServiceError, match="channels at"):
        sound_of(voiced(device.ask(1)))


def test_of_two_channels_the_first_is_taken_at_any_rate(device: Device, home: HomeAssistant) -> None:
    device.turn(1)
    home.awaits("audio-stop")
    home.send("transcript", text="hello")
    form: dict[str, Any] = {"rate": 48_000, "width": 2, "channels": 2}
    home.send("audio-start", **form)
    both = np.zeros(9600, np.int16)
    both[::2] = 3277
    for _ in range(3):
        home.send("audio-chunk", both.tobytes(), **form)  # and without times
    home.send("audio-stop")
    sound = sound_of(voiced(device.ask(1)))
    assert sound.size == 4800
    assert level(sound) == pytest.approx(0.1, abs=0.001)


def test_an_endless_voice_ends_where_the_player_has_had_enough(device: Device, home: HomeAssistant) -> None:
    device.turn(1)
    home.awaits("audio-stop")
    home.send("transcript", text="hello")
    form: dict[str, Any] = {"rate": 4_000, "width": 2, "channels": 1}
    home.send("audio-start", **form)
    minute = bytes(2 * 4_000 * 60)
    for _ in range(5):
        home.send("audio-chunk", minute, **form)
    home.send("audio-stop")
    sound = sound_of(voiced(device.ask(1)))
    assert 180 * 16_000 < sound.size < 190 * 16_000


def test_a_client_that_does_not_read_holds_nobody_up(make: Make, eventually: Eventually) -> None:
    device = make()
    with socket.create_connection(("127.0.0.1", device.satellite.port)) as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.sendall(b'{"type": "run-satellite"}\n')
        eventually(lambda: True in device.reached)
        device.satellite.open_turn(1, "")
        half_a_minute = np.tile(SOUND, 60)
        begun = monotonic()
        for _ in range(50):
            device.satellite.sound(1, half_a_minute)
        device.satellite.close_turn(1, SOUND)
        assert monotonic() - begun < 5
        eventually(lambda: device.texts)
        assert device.texts == [(1, "")]
        eventually(lambda: device.notes[-1].endswith("is gone: it does not take what it is sent"))


def test_pings_of_a_client_that_reads_nothing_take_no_memory(connect: Connect) -> None:
    long = connect()
    long.send("ping", text="x" * 10_000)
    assert len(long.awaits("pong").data["text"]) < 1000


def test_half_a_letter_in_a_ping_is_sent_back_as_a_mark(connect: Connect) -> None:
    odd = connect()
    odd.send_raw(b'{"type": "ping", "data": {"text": "half \\ud800 of it"}}\n')
    assert odd.awaits("pong").data["text"] == "half ? of it"


def test_a_second_one_is_refused_while_the_first_shows_life(
    device: Device, home: HomeAssistant, connect: Connect, eventually: Eventually
) -> None:
    second = connect()
    second.send("run-satellite")
    assert "serves another" in second.awaits("error").data["text"]
    assert second.gone.wait(10)
    eventually(lambda: any("127.0.0.1 is refused" in note for note in device.notes))
    device.turn(1)
    home.awaits("run-pipeline")


def test_silent_connections_keep_nobody_out_for_ever() -> None:
    now = [0.0]
    made = Satellite(settings.Satellite(enabled=True), listening("127.0.0.1", 0, "port"), clock=lambda: now[0])
    device = Device(made)
    with ExitStack() as silent, connecting(device.satellite.port) as connect:
        for _ in range(satellite_server.MOST):
            silent.enter_context(socket.create_connection(("127.0.0.1", device.satellite.port)))
        assert connect().gone.wait(10)  # full
        now[0] += satellite_server.DEAD_S + 1.0
        connect().serve()


@pytest.mark.parametrize("written", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_who_is_allowed_is_so_however_the_address_is_written(written: str) -> None:
    try:
        ours = listening("::", 0, "satellite.port")
    except ServiceError:
        pytest.skip("no IPv6 here")
    device = Device(Satellite(settings.Satellite(enabled=True, address="::", allow=(written,)), ours))
    with connecting(device.satellite.port) as connect:
        connect().serve()


def test_one_that_shows_no_life_is_replaced() -> None:
    now = [0.0]
    kept = settings.Satellite(enabled=True)
    device = Device(Satellite(kept, listening("127.0.0.1", 0, "satellite.port"), clock=lambda: now[0]))
    with connecting(device.satellite.port) as connect:
        first = connect()
        first.pongs = False
        first.serve()
        now[0] += 30.0
        second = connect().serve()
        assert first.gone.wait(10)
        device.turn(1)
        second.awaits("run-pipeline")
        assert device.reached[-1]
    device.satellite.close()


def test_who_is_not_allowed_gets_nothing(make: Make, eventually: Eventually) -> None:
    device = make(allow=("192.0.2.7",))
    with socket.create_connection(("127.0.0.1", device.satellite.port)) as stranger:
        stranger.settimeout(10)
        stranger.sendall(b'{"type": "describe"}\n')
        with suppress(ConnectionResetError):
            assert stranger.recv(100) == b""
    eventually(lambda: device.notes)
    assert "not in satellite.allow" in device.notes[0]


def test_too_many_connections_are_refused_and_the_first_still_served(
    device: Device, home: HomeAssistant, eventually: Eventually
) -> None:
    many = [socket.create_connection(("127.0.0.1", device.satellite.port)) for _ in range(20)]
    eventually(lambda: any("too many" in note for note in device.notes))
    for one in many:
        one.close()
    device.turn(1)
    home.awaits("run-pipeline")


def called_off(device: Device, home: HomeAssistant) -> tuple[float, float]:
    """Seconds that it takes to call off a reply of which nothing comes, and until who waits for it has seen it."""
    device.turn(1)
    home.awaits("audio-stop")
    home.send("transcript", text="hello")
    reply = device.ask(1)
    ended: list[float] = []

    def read() -> None:
        assert not list(reply)
        ended.append(monotonic())

    reader = Thread(target=read)
    reader.start()
    asked = monotonic()
    reply.cancel()
    took = monotonic() - asked
    reader.join(10)
    return took, ended[0] - asked


@pytest.mark.timing
def test_a_reply_that_is_called_off_ends_at_once_though_nothing_comes(make: Make) -> None:
    times = []
    for _ in range(3):
        device = make(patience_ms=3000)
        with connecting(device.satellite.port) as connect:
            times.append(called_off(device, connect().serve()))
    took, ended = (sorted(some)[1] for some in zip(*times, strict=True))
    assert took < 0.01  # medians: a busy machine
    assert ended < 0.05


def test_closed_in_the_middle_of_everything(make: Make) -> None:
    device = make()
    with connecting(device.satellite.port) as connect:
        home = connect().serve()
        device.turn(1)
        home.awaits("run-pipeline")
        begun = monotonic()
        device.satellite.close()
        device.satellite.close()
        assert monotonic() - begun < 3
        assert home.gone.wait(10)
        assert not device.texts
