"""Notices at once that the echo path is another: what is left is the echo estimate, a few samples displaced.

When the path changes, the filter takes the old echo off the new one. Both direct sounds are then in what is left, the
old one upside down, within the few samples by which things near a device move, so that the cross-correlation of the
error with the echo estimate shows it in the first frame or two (Knapp & Carter, "The generalized correlation method",
IEEE Trans. ASSP 24, 1976). Left out: memory, which finds hardly more; and a path in which only reflections change,
which the referee of the filters sees a little later.
"""

from __future__ import annotations

import math

import numpy as np

from edgeagent.signal.fourier import Power, Spectrum
from edgeagent.units import HOP

SPEECH = slice(10, 128)
"""Bins of 300 to 4000 Hz: where speech is, and where it is told from echo."""

FARTHEST = 3
"""Samples (6 cm) by which the direct sound may be displaced. More would find more chance peaks; larger moves have a
delay of their own, see `alignment`."""

WHITENING = 0.65
"""Exponent on the magnitude of the cross-spectrum; 1 is the phase transform, which hears the noise in empty bins."""

CHANCE = 0.3
"""Correlation that one frame of 5000 in double talk has, and most frames after a change."""

DOUBTFUL = 0.1
"""Correlation below which what is left is somebody else: in one frame of 20 after a change."""

FOLLOWED = 1.1
"""Error power of the fast filter over that of the slow one up to which the path may have changed: a person upsets the
fast one more."""

SETTLED = 125
"""Hops of far end (2 s) without a sign of a change after which the next one is news. Of a filter that never knows its
path well, and of one that a person upsets, there are signs all the time."""

NEWS = 25
"""Hops (0.4 s) for which it is: until then the filter has learnt most of the new path."""


class Moved:
    """Whether the echo path has just become another. One owner thread."""

    def __init__(self) -> None:
        self._settled = SETTLED
        self._news = 0

    def hop(self, sign: bool, far: bool) -> bool:
        """After one hop: whether it bears a `sign` of a change, and whether the far end is audible."""
        self._news = max(self._news - 1, 0)
        if sign:
            if self._settled >= SETTLED:
                self._news = NEWS
            self._settled = 0
        else:
            self._settled += far
        return self._news > 0


def displaced(spectra: Spectrum, powers: Power) -> float:
    """How much of the error is the echo estimate, either way up, some samples earlier or later: 0 to 1. Spectra and
    powers, (2, HOP + 1), of one frame of the two."""
    cross = np.conj(spectra[1, SPEECH])
    cross *= spectra[0, SPEECH]
    weights = (np.abs(cross) + np.float32(1e-9)) ** np.float32(-WHITENING)
    cross *= weights
    error, echo = (float(power) for power in powers[:, SPEECH] @ weights)
    return float(np.abs((_SHIFTS @ cross).real).max()) / math.sqrt(error * echo + 1e-20)


_SHIFTS = np.exp(
    1j * np.pi / HOP * np.outer(np.arange(-FARTHEST, FARTHEST + 1), np.arange(SPEECH.start, SPEECH.stop))
).astype(np.complex64)
