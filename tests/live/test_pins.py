"""Mute pin and button through the whole runtime, on a card of files in real time, with pins that need no hardware."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from edgeagent import app
from edgeagent.app import runtime
from edgeagent.detect.ear import Ear
from edgeagent.devices import gpio
from edgeagent.engine import Engine
from edgeagent.live import realtime
from edgeagent.ports import Journal
from edgeagent.services.hint_socket import send
from edgeagent.services.tone_talker import ToneTalker
from edgeagent.settings import Amplifier, Audio, Button, Hints, Settings
from edgeagent.signal.canceller import Canceller
from edgeagent.signal.wav import write_wav
from edgeagent.store.journal import MemoryJournal
from edgeagent.turn.outputs import Light
from edgeagent.units import RATE
from tests.live.rig import LoudEar

pytestmark = pytest.mark.live

MUTE, BUTTON, GESTURE = 4, 17, 22

PATIENCE_S = 10.0

Level = Callable[[], bool]


class Lamp:
    """Notes the light, and the mute pin's level at that moment."""

    def __init__(self, level: Level) -> None:
        self.seen: list[tuple[Light, bool]] = []
        self._level = level

    def show(self, light: Light, impaired: bool = False) -> None:  # noqa: ARG002
        self.seen.append((light, self._level()))

    def close(self) -> None:
        pass

    def await_light(self, light: Light) -> None:
        end = time.monotonic() + PATIENCE_S
        while self.seen[-1][0] is not light:
            assert time.monotonic() < end, self.seen
            time.sleep(0.002)


class Device:
    """The runtime, running, and its pins."""

    def __init__(self, folder: Path, silent: str, loud_from_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
        room = 0.0005 * np.random.default_rng(1).standard_normal(6 * RATE).astype(np.float32)
        room[round(loud_from_s * RATE) :] *= 200
        write_wav(folder / "microphone.wav", room)
        settings = Settings(
            audio=Audio(card="wav", microphone_wav=str(folder / "microphone.wav")),
            amplifier=Amplifier(mute_pin=MUTE, mute_when="low" if silent == "low" else "high"),
            button=Button(pin=BUTTON),
            hints=Hints(gesture_pin=GESTURE, socket=str(folder / "hints")),
        )
        self.journal = MemoryJournal()

        def engine(settings: Settings, journal: Journal, _ear: Ear | None, _stages: object) -> Engine:
            return Engine(settings, journal, Canceller(settings.echo.drift), LoudEar())

        def lamp(_settings: Settings, factory: Any) -> Lamp:
            self.factory = factory
            self.lamp = Lamp(lambda: bool(factory.pin(MUTE).state))
            return self.lamp

        monkeypatch.setenv(gpio.CHOICE, "mock")
        monkeypatch.setattr(runtime, "build_engine", engine)
        monkeypatch.setattr(runtime, "build_lamp", lamp)
        monkeypatch.setattr(runtime, "build_talker", lambda _: ToneTalker())
        monkeypatch.setattr(realtime, "lock_memory", lambda: False)
        self.notes = MemoryJournal()
        self.runtime = app.build_runtime(settings, self.journal, self.notes)
        self.thread = Thread(target=self.runtime.run, daemon=True)
        self.thread.start()

    def press(self, seconds: float) -> None:
        pin = self.factory.pin(BUTTON)
        pin.drive_low()
        time.sleep(seconds)
        pin.drive_high()

    def close(self) -> None:
        self.runtime.stop()
        self.thread.join(PATIENCE_S)
        with self.runtime:
            self.factory.reset()


Start = Callable[..., Device]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    pytest.importorskip("gpiozero", reason="needs the extra [pi]")
    started: list[Device] = []

    def begin(silent: str = "low", loud_from_s: float = 6.0) -> Device:
        started.append(Device(tmp_path, silent, loud_from_s, monkeypatch))
        return started[-1]

    yield begin
    for device in started:
        if device.thread.is_alive():
            device.close()


@pytest.mark.parametrize("silent", ["low", "high"])
def test_the_amplifier_is_mute_before_the_lamp_shows_the_interruption(start: Start, silent: str) -> None:
    device = start(silent, loud_from_s=0.8)
    device.lamp.await_light(Light.YIELDING)
    mute = silent == "high"
    levels = dict(device.lamp.seen)
    assert levels[Light.SPEAKING] is not mute
    assert levels[Light.DOUBTING] is not mute
    assert levels[Light.YIELDING] is mute
    assert levels[Light.STARTING] is mute


def test_a_short_press_stops_the_sentence(start: Start) -> None:
    device = start()
    device.lamp.await_light(Light.SPEAKING)
    time.sleep(0.5)
    device.press(0.1)
    released = time.monotonic()
    device.lamp.await_light(Light.IDLE)
    assert time.monotonic() - released < 0.2
    assert device.lamp.seen[-1] == (Light.IDLE, False)
    device.close()
    (words,) = (entry for entry in device.journal.entries if entry["event"] == "heard_words")
    assert words["text_heard"]
    assert words["text_unheard"]


def test_a_long_press_mutes(start: Start) -> None:
    device = start()
    device.lamp.await_light(Light.SPEAKING)
    device.factory.pin(BUTTON).drive_low()
    device.lamp.await_light(Light.MUTED)
    assert device.lamp.seen[-1] == (Light.MUTED, False)
    device.factory.pin(BUTTON).drive_high()


def test_hints_of_a_pin_and_of_the_socket_reach_the_engine_and_stop_nothing(start: Start, tmp_path: Path) -> None:
    device = start()
    device.lamp.await_light(Light.SPEAKING)
    device.factory.pin(GESTURE).drive_high()
    for _ in range(3):
        send(str(tmp_path / "hints"), b"me too")
    # the last: when it is heard, the others have been read
    send(str(tmp_path / "hints"), b'{"source": "camera", "person": 9, "floor": 9}')
    end = time.monotonic() + PATIENCE_S
    heard, noted = device.journal.entries, device.notes.entries
    while {entry.get("source") for entry in heard} < {None, "camera", "gesture"} or "hint_trouble" not in {
        entry["event"] for entry in noted
    }:
        assert time.monotonic() < end, device.journal.entries
        time.sleep(0.002)
    assert device.lamp.seen[-1][0] is Light.SPEAKING
    device.close()
    assert not (tmp_path / "hints").exists()
    notes = {str(entry["event"]): entry for entry in device.notes.entries}
    assert notes["hint_trouble"]["text"] == "refused: no JSON"
    assert notes["hints_lost"]["refused"] == 3
