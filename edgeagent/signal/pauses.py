"""Where one utterance of ours pauses: places to take it up again when there are no word times.

An energy rule against the utterance's own loudest frame; our own voice has no noise to speak of, so nothing finer is
needed. Left out: hysteresis and zero crossings; at worst a soft fricative counts as silence, too short to be a pause.
"""

from __future__ import annotations

import numpy as np

from edgeagent.signal import Sound
from edgeagent.signal.blocks import Blocks
from edgeagent.units import samples

FRAME = samples(10)
"""Grain of the rule and of the borders it gives."""

SHORTEST = samples(60) // FRAME
"""Frames: a pause takes 60 ms at least. Stop gaps of /p t k/ are shorter."""

DEPTH = 10 ** (-35 / 10)
"""Power ratio: 35 dB below the loudest frame is silence. Unvoiced fricatives lie 20 to 30 dB below a loud vowel."""

FLOOR = 10 ** (-70 / 10)
"""Power (full scale 1.0): 10 steps of int16 are silence, however soft the voice."""


class PauseFinder:
    """Finds the pauses of one utterance while it is still being made. Chunks never matter. One thread at a time."""

    def __init__(self) -> None:
        self._blocks = Blocks(FRAME)
        self._powers: list[float] = []

    def push(self, sound: Sound) -> None:
        """Take the next (n,) float32 of the utterance."""
        self._powers.extend(float(np.vdot(frame, frame)) / FRAME for frame in self._blocks.push(sound))

    @property
    def pauses(self) -> tuple[tuple[int, int], ...]:
        """Stretches [start, end) of silence, >= 60 ms, in order, among the whole frames of 10 ms so far. Silence before
        and after the speech counts. Louder speech later may turn soft sound into a pause."""
        powers = np.array(self._powers)
        silent = powers <= max(FLOOR, DEPTH * powers.max(initial=0.0))
        turns = np.flatnonzero(np.diff(silent, prepend=False, append=False))
        runs = turns.reshape(-1, 2)
        return tuple((int(a) * FRAME, int(b) * FRAME) for a, b in runs if b - a >= SHORTEST)


def pauses(sound: Sound) -> tuple[tuple[int, int], ...]:
    """The pauses of a whole utterance, (n,) float32."""
    finder = PauseFinder()
    finder.push(sound)
    return finder.pauses
