"""The aligned far end as the echo filter sees it: the spectra of its last blocks, straight and bent.

The bent copy is the third-order Hermite polynomial of the sound against its own level, so that for speech it carries
little that the straight one has already (Malik & Enzner, "State-space frequency-domain adaptive filtering for nonlinear
acoustic echo cancellation", IEEE TASLP 2012). It stands for what a small loudspeaker does to loud sound. Left out:
higher orders.
"""

from __future__ import annotations

import numpy as np

from edgeagent.signal import Sound
from edgeagent.signal.fourier import forward, power
from edgeagent.units import HOP

BINS = HOP + 1

STRAIGHT = 14
"""Straight blocks: 224 ms of room."""

BENT = 3
"""Bent blocks: 48 ms."""

ROWS = STRAIGHT + BENT

SPAN = (STRAIGHT + 1) * HOP
"""Samples of far end behind all the blocks."""

LOUD = 1e-5
"""Mean power (-50 dBFS) from which a block tells the level of speech."""

SLEW = 0.03
"""Share of a loud block in the level: half a second."""


class FarSpectra:
    """Spectra (ROWS, BINS) complex64 of 2 HOP samples each, newest first: STRAIGHT, then BENT. One owner thread."""

    def __init__(self) -> None:
        self.blocks = np.zeros((ROWS, BINS), np.complex64)
        self.powers = np.zeros((ROWS, BINS), np.float32)
        self._frames = np.zeros((2, 2 * HOP), np.float32)
        self._level = 1e-3

    def push(self, far: Sound) -> float:
        """Take one aligned hop (HOP,); returns the mean power of the newest 2 HOP samples."""
        straight, bent = self._frames
        straight[:HOP] = straight[HOP:]
        straight[HOP:] = far
        loudness = float(straight @ straight) / (2 * HOP)
        if loudness > LOUD:
            self._level += SLEW * (loudness - self._level)
        self._bend(straight, bent)
        new = forward(self._frames)
        self.blocks[1:] = self.blocks[:-1]
        self.powers[1:] = self.powers[:-1]
        self.blocks[0], self.blocks[STRAIGHT] = new
        self.powers[0], self.powers[STRAIGHT] = power(new)
        return loudness

    def rebuild(self, span: Sound) -> None:
        """Replace all blocks by those of `span` (SPAN,), after the far end has been moved."""
        frames = frames_of(span)
        self._frames[0] = frames[0]
        self.blocks[:STRAIGHT] = forward(frames)
        bent = np.empty((BENT, 2 * HOP), np.float32)
        self._bend(frames[:BENT], bent)
        self.blocks[STRAIGHT:] = forward(bent)
        self.powers[:] = power(self.blocks)

    def _bend(self, straight: Sound, bent: Sound) -> None:
        np.square(straight, out=bent)
        bent *= np.float32(1 / (6 * self._level))
        bent -= np.float32(0.5)
        bent *= straight


def frames_of(span: Sound) -> Sound:
    """(n, 2 HOP) view of `span` ((n + 1) * HOP,): overlapping frames, newest first."""
    return np.lib.stride_tricks.sliding_window_view(span, 2 * HOP)[::-HOP]
