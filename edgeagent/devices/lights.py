"""How each light looks: one table for every kind of lamp.

Colour tells the state where there is colour; the pattern alone tells it where there is one LED. So all patterns differ,
and so do all (colour, pattern) pairs. Calm states are calm, doubt flickers, faults are red and insist.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeagent.turn.outputs import Light

Colour = tuple[float, float, float]
"""Red, green, blue in [0, 1]."""

WHITE: Colour = (1.0, 1.0, 1.0)
RED: Colour = (1.0, 0.0, 0.0)
AMBER: Colour = (1.0, 0.5, 0.0)
GREEN: Colour = (0.0, 1.0, 0.0)
CYAN: Colour = (0.0, 1.0, 1.0)
BLUE: Colour = (0.0, 0.0, 1.0)
PURPLE: Colour = (0.6, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Look:
    """colour: of lamps that have one. pattern: (level in [0, 1], milliseconds) over and over; 0 ms: for good."""

    colour: Colour
    pattern: tuple[tuple[float, int], ...]


def steady(level: float) -> tuple[tuple[float, int], ...]:
    return ((level, 0),)


LOOKS: dict[Light, Look] = {
    Light.STARTING: Look(WHITE, ((0.5, 500), (0.0, 500))),
    Light.IDLE: Look(GREEN, steady(0.2)),
    Light.HEARING: Look(CYAN, steady(0.6)),
    Light.THINKING: Look(BLUE, ((1.0, 300), (0.3, 300))),
    Light.SPEAKING: Look(WHITE, steady(1.0)),
    Light.DOUBTING: Look(AMBER, ((1.0, 60), (0.3, 60))),
    Light.YIELDING: Look(CYAN, ((1.0, 100), (0.0, 100))),
    Light.HALF_DUPLEX: Look(PURPLE, ((1.0, 1500), (0.3, 300))),
    Light.MUTED: Look(RED, ((0.3, 100), (0.0, 2900))),
    Light.MIC_LOST: Look(RED, ((1.0, 150), (0.0, 150), (1.0, 150), (0.0, 800))),
    Light.FAULTY: Look(RED, ((1.0, 150), (0.0, 150), (1.0, 150), (0.0, 150), (1.0, 150), (0.0, 800))),
}
