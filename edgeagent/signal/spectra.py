"""The aligned far end as the echo filter sees it: the spectra of the last blocks that our loudspeaker gave."""

from __future__ import annotations

import numpy as np

from edgeagent.signal import Sound
from edgeagent.signal.blocks import overlapping
from edgeagent.signal.fourier import forward, power
from edgeagent.signal.loudspeaker import Loudspeaker
from edgeagent.units import HOP

BINS = HOP + 1

BLOCKS = 14
"""224 ms of room."""

SPAN = (BLOCKS + 1) * HOP
"""Samples of far end behind all the blocks."""

STILL = BLOCKS + 4
"""Hops of zeros after which there is nothing else in the blocks, nor in the loudspeaker's frames and parts."""


class FarSpectra:
    """Spectra (BLOCKS, BINS) complex64 of 2 HOP samples each, newest first. One owner thread."""

    def __init__(self) -> None:
        self.loudspeaker = Loudspeaker()
        self.blocks = np.zeros((BLOCKS, BINS), np.complex64)
        self.powers = np.zeros((BLOCKS, BINS), np.float32)
        self._frame = np.zeros(2 * HOP, np.float32)
        self._still = 0

    @property
    def silent(self) -> bool:
        """Whether all of them are zeros: nothing has been played for longer than the filter remembers."""
        return self._still > STILL

    def push(self, far: Sound) -> float:
        """Take one aligned hop (HOP,); returns the mean power of the newest 2 HOP samples given."""
        self._still = 0 if far.any() else self._still + 1
        if self.silent:
            self.loudspeaker.rest()
            return 0.0
        frame = self._frame
        frame[:HOP] = frame[HOP:]
        frame[HOP:] = self.loudspeaker.push(far)
        self.blocks[1:] = self.blocks[:-1]
        self.powers[1:] = self.powers[:-1]
        self.blocks[0] = forward(frame)
        self.powers[0] = power(self.blocks[0])
        return float(frame @ frame) / (2 * HOP)

    def rebuild(self, span: Sound) -> None:
        """Replace all blocks by those of `span` (SPAN,), after the far end has been moved."""
        self._still = 0
        frames = self.frames_of(span)
        self._frame[:] = frames[0]
        self.blocks[:] = forward(frames)
        self.powers[:] = power(self.blocks)

    def frames_of(self, span: Sound) -> Sound:
        """(n, 2 HOP) of what the loudspeaker gives of `span` ((n + 1) * HOP,): overlapping frames, newest first."""
        return overlapping(self.loudspeaker.give(span), HOP)[::-1]
