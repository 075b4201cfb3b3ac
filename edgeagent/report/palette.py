"""How each state looks on the page and on the terminal, and what its lamp is called."""

from __future__ import annotations

from dataclasses import dataclass

from edgeagent.turn.colours import COLOURS
from edgeagent.turn.outputs import Light


@dataclass(frozen=True, slots=True)
class Look:
    """fill: CSS colour, light enough for dark ink (contrast >= 5). lamp: its word. ansi: SGR parameters."""

    fill: str
    lamp: str
    ansi: str


_LOOKS = {
    Light.STARTING: ("#b9bec6", "blinking", "2"),
    Light.IDLE: ("#93d6a4", "", "32"),
    Light.ASLEEP: ("#5c8a68", "dim", "2;32"),
    Light.HEARING: ("#a6eaf3", "", "96"),
    Light.THINKING: ("#86b7ff", "", "94"),
    Light.SPEAKING: ("#f3f5f9", "", "1"),
    Light.DOUBTING: ("#ffbe55", "", "33"),
    Light.YIELDING: ("#4fc9da", "blinking", "36"),
    Light.HALF_DUPLEX: ("#c5abff", "", "35"),
    Light.MUTED: ("#ffb3ac", "rare flashes", "31"),
    Light.MIC_LOST: ("#ff8d85", "two blinks", "91"),
    Light.CALIBRATING: ("#d9b8ff", "slow beats", "35"),
    Light.FAULTY: ("#ff6f61", "three blinks", "1;31"),
}
"""Fill, manner (where the colour alone does not tell it) and SGR parameters."""

LOOKS = {
    light.value: Look(fill, f"{COLOURS[light]}, {manner}" if manner else COLOURS[light].value, ansi)
    for light, (fill, manner, ansi) in _LOOKS.items()
}

UNKNOWN = Look("#d0d0d0", "", "")


def look(state: str) -> Look:
    """The look of the state of that name; a grey one for a state this version does not know."""
    return LOOKS.get(state, UNKNOWN)
