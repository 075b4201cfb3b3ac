"""How each light looks: one table for every kind of lamp.

Colour tells the state where there is colour; the pattern alone tells it where there is one LED. So all patterns differ,
and so do all (colour, pattern) pairs. Calm states are calm, doubt flickers, faults are red and insist. A device that
works but hears less well than it should winks in red between whiles, whatever its light is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from edgeagent.turn.colours import COLOURS, Colour
from edgeagent.turn.outputs import Light

Rgb = tuple[float, float, float]
"""Red, green, blue in [0, 1]."""

RGB: dict[Colour, Rgb] = {
    Colour.WHITE: (1.0, 1.0, 1.0),
    Colour.RED: (1.0, 0.0, 0.0),
    Colour.AMBER: (1.0, 0.5, 0.0),
    Colour.GREEN: (0.0, 1.0, 0.0),
    Colour.CYAN: (0.0, 1.0, 1.0),
    Colour.BLUE: (0.0, 0.0, 1.0),
    Colour.PURPLE: (0.6, 0.0, 1.0),
}

Pattern = tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """colour: of lamps that have one. pattern: (level in [0, 1], milliseconds) over and over; 0 ms: for good."""

    colour: Rgb
    pattern: Pattern


def steady(level: float) -> Pattern:
    return ((level, 0),)


PATTERNS: dict[Light, Pattern] = {
    Light.STARTING: ((0.5, 500), (0.0, 500)),
    Light.IDLE: steady(0.2),
    Light.ASLEEP: steady(0.03),
    Light.HEARING: steady(0.6),
    Light.THINKING: ((1.0, 300), (0.3, 300)),
    Light.SPEAKING: steady(1.0),
    Light.DOUBTING: ((1.0, 60), (0.3, 60)),
    Light.YIELDING: ((1.0, 100), (0.0, 100)),
    Light.HALF_DUPLEX: ((1.0, 1500), (0.3, 300)),
    Light.MUTED: ((0.3, 100), (0.0, 2900)),
    Light.MIC_LOST: ((1.0, 150), (0.0, 150), (1.0, 150), (0.0, 800)),
    Light.CALIBRATING: ((0.6, 900), (0.05, 900)),
    Light.FAULTY: ((1.0, 150), (0.0, 150), (1.0, 150), (0.0, 150), (1.0, 150), (0.0, 800)),
}

LOOKS = {light: Look(RGB[COLOURS[light]], pattern) for light, pattern in PATTERNS.items()}

OWN_MS = 1500
"""So long at least a light is itself between two winks: it is the state that people around the device look for."""

WINK: Pattern = ((0.0, 300), (1.0, 80), (0.0, 300))
"""In red. The dark around it makes it one on a lamp without colour, too, even where the light itself blinks."""


class Glow(NamedTuple):
    """What a lamp shows for a moment. level: of `colour`, in [0, 1]."""

    light: Light
    impaired: bool
    colour: Rgb
    level: float


def glows(light: Light, impaired: bool) -> tuple[tuple[Glow, int], ...]:
    """What is shown in turn, over and over, each for so many milliseconds; 0: for good."""
    look = LOOKS[light]
    own = tuple((Glow(light, impaired, look.colour, level), milliseconds) for level, milliseconds in look.pattern)
    if not impaired:
        return own
    lasts = sum(milliseconds for _, milliseconds in own)
    own = own * -(-OWN_MS // lasts) if lasts else ((own[0][0], OWN_MS),)
    red = RGB[Colour.RED]
    return own + tuple((Glow(light, True, red, level), milliseconds) for level, milliseconds in WINK)
