"""How each state looks on the page and on the terminal, and what its lamp is called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """fill: CSS colour, light enough for dark ink (contrast >= 5). lamp: its word. ansi: SGR parameters."""

    fill: str
    lamp: str
    ansi: str


LOOKS = {
    "starting": Look("#b6c2d4", "blue, breathing", "34"),
    "idle": Look("#93d6a4", "green", "32"),
    "hearing": Look("#86b7ff", "blue", "94"),
    "thinking": Look("#c5abff", "violet", "35"),
    "speaking": Look("#f3f5f9", "white", "1"),
    "doubting": Look("#ffbe55", "amber", "33"),
    "yielding": Look("#62d3e2", "cyan", "36"),
    "half_duplex": Look("#e6dcae", "white, dim", "2"),
    "muted": Look("#ff938a", "red", "31"),
    "mic_lost": Look("#ff92dc", "magenta", "95"),
    "faulty": Look("#ff6f61", "red, blinking", "1;31"),
}

UNKNOWN = Look("#d0d0d0", "", "")


def look(state: str) -> Look:
    """The look of the state of that name; a grey one for a state this version does not know."""
    return LOOKS.get(state, UNKNOWN)
