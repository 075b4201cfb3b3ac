"""What is left out when the machine is too slow for sound, in this order, and taken up again in the reverse one.

What saves the most is not what goes first, but what is missed least. None of it is the sound: that is lost last, when
all of this did not help (`live.pace`).
"""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """How much is left out: each level leaves out what the ones before it do, too."""

    NOTHING = 0
    HINT = 1
    """The hints of a word spotter: it is paused. They only ever shift a doubt. With them, what a recogniser does before
    there is a turn."""
    RATE = 2
    """Every second answer of the backchannel model."""
    RESIDUAL = 3
    """The suppression of the echo that the adaptive filter leaves."""


SPARSE = 2
"""Hops from one question to the backchannel model to the next from RATE on; between them the last answer holds. It was
trained on every hop, so what lies between is missing to it: of utterances over 24 scenes 0.84 are handled right with
every hop, 0.83 with every second, 0.79 with every third, and 0.79 with the mean of three."""

LEFT_OUT = {
    Level.HINT: "the hints of words",
    Level.RATE: "every second backchannel answer",
    Level.RESIDUAL: "the suppression of residual echo",
}
"""What each level adds, in words."""


def said(level: Level) -> str:
    """All that is left out, in words."""
    if level is Level.NOTHING:
        return "the machine keeps up with the sound: nothing is left out"
    left_out = ", ".join(LEFT_OUT[each] for each in LEFT_OUT if each <= level)
    return f"the machine is too slow for the sound: {left_out} left out"
