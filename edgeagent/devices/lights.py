"""How each light looks: one table for every kind of lamp.

Colour tells the state where there is colour; the pattern alone tells it where there is one LED. So all patterns differ,
and so do all (colour, pattern) pairs. Calm states are calm, doubt flickers, faults are red and insist.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    Light.HEARING: steady(0.6),
    Light.THINKING: ((1.0, 300), (0.3, 300)),
    Light.SPEAKING: steady(1.0),
    Light.DOUBTING: ((1.0, 60), (0.3, 60)),
    Light.YIELDING: ((1.0, 100), (0.0, 100)),
    Light.HALF_DUPLEX: ((1.0, 1500), (0.3, 300)),
    Light.MUTED: ((0.3, 100), (0.0, 2900)),
    Light.MIC_LOST: ((1.0, 150), (0.0, 150), (1.0, 150), (0.0, 800)),
    Light.FAULTY: ((1.0, 150), (0.0, 150), (1.0, 150), (0.0, 150), (1.0, 150), (0.0, 800)),
}

LOOKS = {light: Look(RGB[COLOURS[light]], pattern) for light, pattern in PATTERNS.items()}
