"""Lamp, button, sensors, amplifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Interval

from edgeagent.settings.marks import OptionalPin, Pin


@dataclass(frozen=True, slots=True)
class Lamp:
    """The light."""

    kind: Literal["none", "led", "rgb", "apa102", "terminal"] = "none"
    """terminal: a line per change."""

    pins: tuple[Pin, ...] = ()
    """GPIO numbers (BCM): one for led, red green blue for rgb."""

    spi_device: Annotated[int, Interval(ge=0, le=1)] = 0
    """APA102: chip select on SPI bus 0."""

    leds: Annotated[int, Interval(ge=1, le=144)] = 3
    """APA102: how many."""

    brightness_percent: Annotated[int, Interval(ge=1, le=100)] = 30
    """Of full drive."""

    power_pin: OptionalPin = -1
    """APA102: GPIO that powers the strip; -1 for none."""


@dataclass(frozen=True, slots=True)
class Button:
    """One button."""

    pin: OptionalPin = -1
    """GPIO number (BCM); -1 for none."""

    louder_pin: OptionalPin = -1
    """GPIO number (BCM) of a button that makes our voice louder; -1 for none."""

    softer_pin: OptionalPin = -1
    """GPIO number (BCM) of one that makes it softer; -1 for none."""

    long_press_ms: Annotated[int, Interval(ge=300, le=5000)] = 1000
    """From here on a press is long: mute."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What else may notice a person. It only ever shifts a doubt that a voice has raised."""

    presence_pin: OptionalPin = -1
    """GPIO number (BCM) of a presence sensor (PIR, radar), high while somebody is there; -1 for none."""

    gesture_pin: OptionalPin = -1
    """GPIO number (BCM) of a gesture or touch sensor, high while it sees a hand; -1 for none."""

    socket: str = ""
    """Path of a Unix datagram socket for hints of other programs (`edgeagent hint --help`); empty for none."""

    words: Literal["none", "pocketsphinx"] = "none"
    """pocketsphinx: a recogniser in a process of its own listens for "stop", "wait", "uh-huh" and the like, in English,
    while in doubt. A small hint that comes late; our own scenes are decided no better with it (docs/words.md)."""


@dataclass(frozen=True, slots=True)
class Amplifier:
    """The amplifier's mute pin."""

    mute_pin: OptionalPin = -1
    """GPIO number (BCM); -1 for none."""

    mute_when: Literal["low", "high"] = "low"
    """The pin's level that silences the amplifier (MAX98357A SD_MODE, PCM5102 XSMT: low)."""
