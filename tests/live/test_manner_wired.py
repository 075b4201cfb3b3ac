"""Louder, softer, slower, faster in a device as it is built: each button, the mixer, each voice, and the next start."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeagent.app import build_runtime, runtime
from edgeagent.app.talking import build_talker
from edgeagent.dialogue.dialogue import Dialogue
from edgeagent.errors import ServiceError
from edgeagent.live.runtime import Runtime
from edgeagent.ports import Talker
from edgeagent.settings import Audio, Button, Capture, Memory, Script, Settings
from edgeagent.settings import Talker as Voice
from edgeagent.signal.wav import read_wav, write_wav
from edgeagent.store.journal import MemoryJournal
from edgeagent.units import RATE
from edgeagent.vitals import Vitals
from tests.devices.conftest import factory
from tests.devices.test_amixer import PROGRAM
from tests.services.talkers import piper_voice

__all__ = ["factory"]  # a fixture

LOUDER, SOFTER = 5, 6
BUTTONS = Button(louder_pin=LOUDER, softer_pin=SOFTER)
TONE = 0.5


class Home:
    """A device of files, in a quiet room, whose voice is a tone."""

    def __init__(self, folder: Path, pins: Any) -> None:
        self.folder, self._pins = folder, pins
        self.notes = MemoryJournal()
        write_wav(folder / "room.wav", (0.0005 * np.random.default_rng(1).standard_normal(9 * RATE)).astype(np.float32))
        tone = TONE * np.sin(2 * np.pi * 440 / RATE * np.arange(RATE // 2))
        write_wav(folder / "voice.wav", tone.astype(np.float32))
        room, heard = str(folder / "room.wav"), str(folder / "heard.wav")
        self.settings = Settings(
            audio=Audio(card="wav", microphone_wav=room, loudspeaker_wav=heard, volume_percent=40),
            button=BUTTONS,
            talker=Voice(kind="wav", wav_dir=str(folder / "voice.wav")),
            script=Script(opening="Hello."),
        )

    def run(self, *pressed: int, until: Callable[[Vitals], bool] = lambda _: False) -> None:
        """Until all these have been pressed and have had their effect, or until something else is so."""
        self.notes = MemoryJournal()
        waiting = list(pressed)
        with build_runtime(self.settings, MemoryJournal(), self.notes) as device:

            def look(vitals: Vitals) -> None:
                if waiting and len(self.told()) == len(pressed) - len(waiting):
                    pin = self._pins.pin(waiting.pop(0))
                    pin.drive_low()
                    pin.drive_high()
                elif (pressed and len(self.told()) == len(pressed)) or until(vitals):
                    device.stop()

            device.watch(look)
            with ThreadPoolExecutor(1) as pool:  # a thread that ends takes its priority with it
                pool.submit(device.run).result()

    def told(self) -> list[tuple[str, int]]:
        turned = (entry for entry in self.notes.entries if entry["event"] == "volume")
        return [(str(entry["by"]), int(str(entry["percent"]))) for entry in turned]

    def loudest(self) -> float:
        """Of what it says at a start."""
        spoken: list[bool] = []

        def silent(vitals: Vitals) -> bool:
            spoken.extend([True] if vitals.state == "speaking" else [])
            return bool(spoken) and vitals.state == "idle"

        self.run(until=silent)
        return float(np.abs(read_wav(self.folder / "heard.wav")).max())


@pytest.fixture
def home(tmp_path: Path, factory: Any, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(runtime, "build_factory", lambda _settings: factory)
    return Home(tmp_path, factory)


@pytest.mark.live
def test_each_button_turns_its_way(home: Home) -> None:
    home.run(LOUDER, SOFTER, SOFTER)
    assert home.told() == [("louder", 60), ("softer", 40), ("softer", 27)]


@pytest.mark.live
def test_softer_is_never_louder(home: Home) -> None:
    home.settings = replace(home.settings, audio=replace(home.settings.audio, volume_percent=5))
    home.run(SOFTER, LOUDER, SOFTER)
    assert home.told() == [("softer", 5), ("louder", 8), ("softer", 5)]


@pytest.mark.live
@pytest.mark.parametrize(("level", "louder", "softer"), [("50", 62, 50), ("10", 22, 20)])
def test_the_mixer_that_is_named_is_turned(
    home: Home, level: str, louder: int, softer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = home.folder / "amixer"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    kept = home.folder / "amixer.level"
    kept.write_text(level)
    monkeypatch.setenv("PATH", f"{home.folder}:/usr/bin:/bin")
    home.settings = replace(home.settings, audio=replace(home.settings.audio, mixer="hw:Toy/PCM"))
    home.run(LOUDER)
    assert (home.told(), kept.read_text().strip()) == ([("louder", louder)], str(louder))
    home.run(SOFTER)
    assert (home.told(), kept.read_text().strip()) == ([("softer", softer)], str(softer))
    kept.write_text("10")
    home.run(SOFTER)
    assert kept.read_text().strip() == "10"
    assert home.loudest() == pytest.approx(TONE * 0.4, rel=0.1), "our own gain is left alone"


@pytest.mark.live
def test_our_own_gain_is_remembered_where_anything_is(home: Home) -> None:
    assert home.loudest() == pytest.approx(TONE * 0.4, rel=0.1)
    home.run(LOUDER)
    assert home.loudest() == pytest.approx(TONE * 0.4, rel=0.1)
    for words in (True, False):
        file = home.folder / f"memory-{words}.db"
        home.settings = replace(home.settings, memory=Memory(file=str(file), talk=words))
        home.run(LOUDER)
        assert home.loudest() == pytest.approx(TONE * 0.6, rel=0.1)
        home.run(LOUDER)
        assert home.told() == [("louder", 90)], "it goes on from where it was"


def length(talker: Talker) -> int:
    return sum(map(len, talker.say("One two three four five six seven.")))


@pytest.mark.live
@pytest.mark.parametrize("kind", ["espeak", "flite", "piper"])
def test_each_voice_that_has_a_pace_changes_it(home: Home, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Talker] = []

    def build(voice: Voice) -> Talker:
        made.append(build_talker(voice))
        return made[-1]

    monkeypatch.setattr(runtime, "build_talker", build)
    voice = piper_voice(home.folder, "paced") if kind == "piper" else Voice(kind=kind)  # type: ignore[arg-type]
    settings = replace(home.settings, talker=voice, capture=Capture(on_turn="true"))
    try:
        device = build_runtime(settings, MemoryJournal(), MemoryJournal())
    except ServiceError as missing:
        pytest.skip(str(missing))
    with device:
        dialogue = understood_by(device)
        ordinary = length(made[0])
        assert not dialogue.brief()
        dialogue.adjust("slower")
        assert length(made[0]) > 1.08 * ordinary
        assert dialogue.brief()
        dialogue.adjust("faster")
        dialogue.adjust("faster")
        assert length(made[0]) < 0.95 * ordinary
        assert not dialogue.brief()


def understood_by(device: Runtime) -> Dialogue:
    dialogue = device._conversation._dialogue
    assert dialogue is not None
    return dialogue
