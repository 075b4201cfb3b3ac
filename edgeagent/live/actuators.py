"""Decisions made true: gate, amplifier, hard stop; the lamp comes last, by a call of its own.

Runs in the engine thread and waits for nobody but the card's abort, and for that with a deadline.
"""

from __future__ import annotations

from collections.abc import Callable

from edgeagent import settings
from edgeagent.live.sound_path import SoundPath
from edgeagent.ports import Lamp, MutePin
from edgeagent.signal.playback import Playback
from edgeagent.turn.outputs import Gate, Light, Outputs, gain


class NoLamp:
    """A device without a lamp."""

    def show(self, light: Light, impaired: bool = False) -> None:
        pass

    def close(self) -> None:
        pass


class NoMutePin:
    """A device whose amplifier is always on."""

    def amplify(self, on: bool) -> None:
        pass

    def close(self) -> None:
        pass


class LendablePin:
    """A mute pin that can be given up for a while, so that another process has it; then it does nothing. make: takes
    the pin, or raises DeviceError. `give_up` and `take` are for the repairer's thread, while nothing sounds."""

    def __init__(self, make: Callable[[], MutePin]) -> None:
        self._make = make
        self._pin: MutePin | None = make()

    def amplify(self, on: bool) -> None:
        if self._pin is not None:
            self._pin.amplify(on)

    def give_up(self) -> None:
        pin, self._pin = self._pin, None
        if pin is not None:
            pin.close()

    def take(self) -> None:
        """Take it again, if it was given up. Raises DeviceError."""
        if self._pin is None:
            self._pin = self._make()

    def close(self) -> None:
        self.give_up()


class Actuators:
    """Engine thread only."""

    def __init__(self, playback: Playback, amplifier: MutePin, lamp: Lamp, configured: settings.Settings) -> None:
        self._duck_db = configured.turns.duck_db
        self._volume = configured.audio.volume_percent / 100
        self._playback = playback
        self._amplifier = amplifier
        self._lamp = lamp
        self._gate = Gate.SHUT
        self._amplifies = False
        self._shown = (Light.STARTING, False)
        lamp.show(*self._shown)

    def set(self, wanted: Outputs) -> None:
        """Gate and amplifier, where they differ."""
        if wanted.gate is not self._gate:
            self._gate = wanted.gate
            self._aim()
        if wanted.amplifier is not self._amplifies:
            self._amplifies = wanted.amplifier
            self._amplifier.amplify(wanted.amplifier)

    def volume(self, gain: float) -> None:
        """How loud our voice is before the card, 0 .. 1; at once, also in the middle of a word, by a ramp."""
        self._volume = gain
        if self._gate is not Gate.SHUT:
            self._aim()

    def halt(self, path: SoundPath) -> None:
        """The hard stop. What never sounded is taken back; the output then runs on with silence, so that the next word
        need not wait for a card to start, and a duplex card goes on hearing. Raises DeviceHung."""
        self._cut(path)
        path.restart()

    def show(self, wanted: Outputs) -> None:
        """The lamp, if it differs."""
        if (wanted.light, wanted.impaired) != self._shown:
            self._shown = (wanted.light, wanted.impaired)
            self._lamp.show(*self._shown)

    def silence(self, path: SoundPath) -> None:
        """As a stop that no decision asked for: the device is about to leave. Raises DeviceHung."""
        if self._gate is Gate.SHUT:
            return
        self._gate = Gate.SHUT
        self._playback.aim(0.0)
        self._amplifies = False
        self._amplifier.amplify(False)
        self._cut(path)

    def _aim(self) -> None:
        self._playback.aim(self._volume * gain(self._gate, self._duck_db))

    def _cut(self, path: SoundPath) -> None:
        self._playback.halt()
        unheard = 0
        try:
            unheard = path.abort()
        finally:  # a card that hangs plays nothing either
            self._playback.take_back(unheard)
