"""The colour of each light, by name: for the lamp that shows it and for the page and the terminal that tell of it."""

from __future__ import annotations

from enum import StrEnum

from edgeagent.turn.outputs import Light


class Colour(StrEnum):
    """Colours that an RGB lamp behind frosted plastic keeps apart."""

    WHITE = "white"
    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    CYAN = "cyan"
    BLUE = "blue"
    PURPLE = "purple"


COLOURS: dict[Light, Colour] = {
    Light.STARTING: Colour.WHITE,
    Light.IDLE: Colour.GREEN,
    Light.ASLEEP: Colour.GREEN,
    Light.HEARING: Colour.CYAN,
    Light.THINKING: Colour.BLUE,
    Light.SPEAKING: Colour.WHITE,
    Light.DOUBTING: Colour.AMBER,
    Light.YIELDING: Colour.CYAN,
    Light.HALF_DUPLEX: Colour.PURPLE,
    Light.MUTED: Colour.RED,
    Light.MIC_LOST: Colour.RED,
    Light.CALIBRATING: Colour.PURPLE,
    Light.FAULTY: Colour.RED,
}
