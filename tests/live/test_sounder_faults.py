"""Whatever happens while it plays: the amplifier is muted, the card is closed, and a dead card is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from edgeagent.devices.fake_pins import RecordingMutePin
from edgeagent.devices.wav_card import WavCard
from edgeagent.errors import DeviceError
from edgeagent.live import sounder as module
from edgeagent.live.sounder import Sounder
from edgeagent.ports import Heard, Play, Sound
from edgeagent.signal.wav import write_wav
from edgeagent.units import RATE


def noise(seconds: float) -> Sound:
    return (0.1 * np.random.default_rng(1).standard_normal(round(seconds * RATE))).astype(np.float32)


@pytest.fixture
def card(tmp_path: Path) -> WavCard:
    """A microphone that hears noise for a while, whatever is played, twenty times faster than real."""
    write_wav(tmp_path / "mic.wav", noise(60))
    return WavCard(str(tmp_path / "mic.wav"), speed=20)


class OneWay:
    """A card of which one direction is dead. heard: whether the microphone lives, else the loudspeaker."""

    name, input_rate, output_rate = "half a card", RATE, RATE

    def __init__(self, hears: bool) -> None:
        self._hears = hears
        self._over = threading.Event()
        self.closed = False

    def open(self, heard: Heard, play: Play) -> None:
        def run() -> None:
            while not self._over.wait(0.005):
                now = time.monotonic()
                if self._hears:
                    heard(np.zeros(160, np.int16), 0, now)
                else:
                    play(np.zeros(160, np.int16), now)

        threading.Thread(target=run, daemon=True).start()

    def abort(self) -> int:
        return 0

    def restart(self) -> None:
        pass

    def age(self) -> float:
        return 0.0

    def facts(self) -> Mapping[str, int | float | str]:
        return {}

    def close(self) -> None:
        self._over.set()
        self.closed = True


def test_the_amplifier_is_on_while_something_plays_and_only_then(card: WavCard) -> None:
    pin = RecordingMutePin()
    with Sounder(card, pin) as sounder:
        sounder.record(0.1)
        assert list(pin.levels) == [False]
        take = sounder.play(noise(0.2), 0.5)
        assert list(pin.levels) == [False, True, False]
        assert np.abs(take.reference).max() > 0.1
    assert not pin.levels[-1]


def test_what_is_raised_in_the_midst_leaves_silence(card: WavCard) -> None:
    pin = RecordingMutePin()

    def interrupt(_sound: Sound) -> None:
        if pin.levels[-1]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Sounder(card, pin) as sounder, sounder.watched(interrupt):
        sounder.play(noise(1.0), 0.5)
    assert list(pin.levels)[-2:] == [True, False]
    assert card.facts()["aborts"] == 1


def test_what_was_heard_while_nobody_listened_is_in_no_take(card: WavCard) -> None:
    with Sounder(card, RecordingMutePin()) as sounder:
        threading.Event().wait(0.1)  # two seconds of sound
        blocks: list[int] = []
        with sounder.watched(lambda sound: blocks.append(sound.size)):
            take = sounder.record(0.5)
        assert sum(blocks) == take.microphone.size < 0.9 * RATE


@pytest.mark.parametrize(("hears", "what"), [(True, "takes no sound"), (False, "gives no sound")])
def test_a_card_that_is_half_dead_is_told_and_closed(hears: bool, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GONE_S", 0.2)
    half = OneWay(hears)
    with pytest.raises(DeviceError, match=what) as error, Sounder(half, RecordingMutePin()) as sounder:
        sounder.record(5.0)
    assert error.value.remedy
    assert half.closed
