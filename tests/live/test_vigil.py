"""A whole device with a wake word server: what goes there, and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from edgeagent.app.beside import add_wake
from edgeagent.live.vigil import PIECE, Vigil
from edgeagent.ports import Sound
from edgeagent.settings import Activation, Settings
from edgeagent.turn import events as e
from tests.live.rig import BLOCK, VOICE, Rig

pytest.importorskip("wyoming", reason="needs the extra [wyoming]")

from tests.services.wake_server import WakeServer
from tests.services.wyoming_server import serving


class Sleeper:
    """See `vigil.Sleeper`."""

    def __init__(self) -> None:
        self.got: list[tuple[int, int]] = []
        self.rests = 0

    def feed(self, start: int, sound: Sound) -> None:
        self.got.append((start, sound.size))

    def rest(self) -> None:
        self.rests += 1


@pytest.fixture
def rig() -> Iterator[tuple[Rig, Sleeper]]:
    sleeper = Sleeper()
    made = Rig(settings=Settings(activation=Activation("wake")))
    made.door.record(Vigil(made.engine, sleeper))
    made.turn(30)
    yield made, sleeper
    made.close()


def test_asleep_the_sound_goes_there_without_a_hole(rig: tuple[Rig, Sleeper]) -> None:
    device, sleeper = rig
    device.turn(300)
    starts = [start for start, _ in sleeper.got]
    assert starts == list(range(starts[0], starts[0] + len(starts) * PIECE, PIECE))
    assert device.engine.clean.end - (starts[-1] + PIECE) < 2 * PIECE
    assert {size for _, size in sleeper.got} == {PIECE}
    assert sleeper.rests == 0


def test_awake_muted_and_speaking_nothing_goes_there(rig: tuple[Rig, Sleeper]) -> None:
    device, sleeper = rig
    device.turn(50)
    device.door.tell(e.Woken(0, "hey_jarvis", device.engine.at))
    device.turn(10)
    sent = len(sleeper.got)
    device.turn(100, VOICE)
    device.turn(60)
    assert device.state in ("hearing", "thinking")
    assert (len(sleeper.got), sleeper.rests) == (sent, 1)
    device.door.tell(e.ButtonLong(0))
    device.turn(200)
    assert (device.state, len(sleeper.got), sleeper.rests) == ("muted", sent, 1)
    device.door.tell(e.ButtonLong(0))
    device.turn(2)
    unmuted = device.engine.at
    device.turn(30)
    assert sleeper.got[sent][0] >= unmuted - 2 * BLOCK  # nothing of what was said while it was muted


def test_the_lamp_shows_that_it_sleeps_and_that_it_has_been_woken(rig: tuple[Rig, Sleeper]) -> None:
    device, _ = rig
    assert device.log[-1] == "lamp asleep"
    device.door.tell(e.Woken(0, "hey_jarvis", device.engine.at))
    device.turn(4)
    assert device.log[-1] == "lamp idle"
    device.turn(830)
    assert device.log[-1] == "lamp asleep"


def test_a_word_that_a_real_server_hears_opens_a_turn_behind_it() -> None:
    with serving(given=WakeServer()) as server, ExitStack() as closing:
        assert isinstance(server, WakeServer)
        activation = Activation("wake", uri=server.uri)
        device = Rig(settings=Settings(activation=activation))
        closing.callback(device.close)
        add_wake(activation, (device.inbox, device.door, device.conversation), closing)
        device.until(lambda: bool(device.entries("wake_word")))
        device.turn(60)
        assert not device.entries("woken")
        device.until(lambda: device.state == "hearing", level=VOICE)
        device.turn(100, VOICE)
        device.until(lambda: device.state == "thinking")
    (woken,), (heard,) = device.entries("woken"), device.entries("heard")
    assert woken["word"] == "hey_jarvis"
    assert round(heard["start_s"] * 16_000) == woken["end"]
