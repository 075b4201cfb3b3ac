"""How much of what the echo filter leaves is echo: its coherence with the echo estimate, over the last 80 ms.

Magnitude-squared coherence (Carter, Knapp & Nuttall, IEEE Trans. Audio Electroacoust. 21, 1973) of recursively averaged
spectra, weighted by their power; and the part of the estimate that stands in what is left with its sign turned.
"""

from __future__ import annotations

import math

import numpy as np

from edgeagent.signal.fourier import Power, Spectrum
from edgeagent.signal.path_change import SPEECH
from edgeagent.units import HOP

SHARE = np.float32(0.2)
"""Share of the newest frame: 80 ms."""

CLEARLY = 0.3
"""Correlation of what is left with the estimate from which it is no chance: near-end speech, which has nothing to do
with it, stays within 0.2; an echo that has jumped away leaves 0.7."""

QUIET = np.float32(1e-9)
"""Power far below any microphone; keeps ratios finite."""


class Coherence:
    """Of error and echo estimate. One owner thread."""

    def __init__(self) -> None:
        self.misfit = 0.0
        """Share of the echo estimate, in amplitude, that is in the error with its sign turned; 0 below CLEARLY."""
        self._cross = np.zeros(HOP + 1, np.complex64)
        self._powers = np.full((2, HOP + 1), 1e-6, np.float32)

    def clear(self) -> None:
        """There has been no echo for long."""
        self.misfit = 0.0
        self._cross[:] = 0
        self._powers[1] = 0

    def push(self, spectra: Spectrum, powers: Power) -> float:
        """Take one frame's spectra and powers, (2, HOP + 1), the error first; returns the coherence, 0 to 1."""
        cross = np.conj(spectra[1])
        cross *= spectra[0]
        cross -= self._cross
        cross *= SHARE
        self._cross += cross
        self._powers += SHARE * (powers - self._powers)
        speech = self._cross[SPEECH]
        left, estimated = np.add.reduce(self._powers[:, SPEECH], axis=1) + QUIET
        shared = -float(np.add.reduce(speech.real))
        self.misfit = shared / float(estimated) if shared > CLEARLY * math.sqrt(left * estimated) else 0.0
        both = self._powers[0, SPEECH] @ self._powers[1, SPEECH]
        return float(np.vdot(speech, speech).real / (both + QUIET))
