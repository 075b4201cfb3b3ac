"""How many samples the echo is behind the far end: generalised cross-correlation with phase transform.

Knapp & Carter, "The generalized correlation method for estimation of time delay", IEEE Trans. ASSP 24 (1976), with the
whitening exponent below one that speech wants. The correlation is gathered in partitions (overlap-save, one per HOP of
lag), two small multiplications a hop; only a look at it takes long transforms. Left out: a prior over lags (the
canceller asks its own filter before it believes a jump).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeagent.signal.fourier import Spectrum, forward, inverse, power
from edgeagent.units import HOP

LAGS = 23 * HOP
"""Lags gathered: 368 ms."""

PARTITIONS = LAGS // HOP + 2
"""Lags gathered, in HOPs: one HOP more on either side, where the correlation is faded out. Cut off sharply, its ends
would be whitened into peaks."""

USABLE = 19 * HOP
"""Lags searched: 304 ms. Well inside the gathered ones, whose ends rise above everything else in noise."""

TRANSFORM = 8192
"""Length of the whitening transform: the power of two above LAGS."""

MEMORY = np.float32(0.9)
"""Forgetting per hop: 150 ms. Longer locks on worse echoes, shorter notices a jump sooner."""

WHITENING = 0.4
"""Exponent on the power of the cross-spectrum: 0.5 is the full phase transform, which lifts empty bins of speech."""

CERTAIN = 9.0
"""Peak over mean magnitude from which a peak is one; 5600 lags of noise reach about 5."""

BROAD = 5.0
"""Bins over which the power must be spread. A tone fits itself after every period and has no delay to be found; beeps
spread over 4 bins, speech over 6 in 95 of 100 looks."""

EMPTY = np.float32(0.1)
"""Lags whose partition is this much below the fullest one have not met any far end yet and do not count as floor."""

NEAR = 2
"""Samples within which a peak counts as the one already followed; the next reflection may be three samples away, and
taking turns with it looks like drift. 200 ppm move it 0.2 a look."""

LOYALTY = np.float32(0.5)
"""The one already followed wins while it is at least this much of the highest."""


class Peak(NamedTuple):
    """Where the correlation is highest: lag in samples with its sub-sample part, and height over the mean magnitude."""

    lag: float
    height: float


class DelayEstimator:
    """Cross-correlates the raw far end with the microphone. One owner thread."""

    def __init__(self) -> None:
        self._far = np.zeros((PARTITIONS, HOP + 1), np.complex64)
        self._cross = np.zeros((PARTITIONS, HOP + 1), np.complex64)
        self._work = np.zeros((PARTITIONS, HOP + 1), np.complex64)
        self._hops = 0

    def reset(self) -> None:
        """Forget the correlation, for example when the delay is known to have moved."""
        self._cross.fill(0)

    def restart(self) -> None:
        """Forget the far end as well: hops of it were not taken."""
        if self._hops:
            self._hops = 0
            self._far.fill(0)
            self.reset()

    def push(self, far: Spectrum, microphone: Spectrum) -> None:
        """Take one hop: the spectrum (HOP + 1,) of the newest 2 HOP far-end samples and that of the HOP microphone
        samples before the newest ones, behind HOP zeros."""
        self._hops += 1
        self._far[1:] = self._far[:-1]
        np.conj(far, out=self._far[0])
        np.multiply(self._far, microphone, out=self._work)
        self._cross *= MEMORY
        self._cross += self._work

    def peak(self, incumbent: int = -1) -> Peak | None:
        """The highest lag, or None while nothing stands out. A lag near `incumbent` that is nearly as high wins, so
        that two reflections of one echo do not take turns."""
        if self._hops < PARTITIONS:  # the far end has not met every lag yet: whichever it has met would win
            return None
        gathered = inverse(self._cross)[:, :HOP]
        gathered[0] *= _RISE
        gathered[-1] *= _RISE[::-1]
        spectrum = forward(gathered.ravel(), TRANSFORM)
        shared = power(spectrum)
        if float(np.add.reduce(shared)) ** 2 <= BROAD * float(shared @ shared):
            return None
        spectrum *= (shared + np.float32(1e-20)) ** np.float32(-WHITENING)
        correlation = inverse(spectrum)[HOP : HOP + LAGS]
        magnitude = np.abs(correlation)
        means = np.add.reduce(magnitude.reshape(-1, HOP), axis=1) / np.float32(HOP)
        reached = means > EMPTY * means.max()
        if not reached.any():
            return None
        best = int(np.argmax(magnitude[:USABLE]))
        if incumbent >= 0:
            start = max(incumbent - NEAR, 0)
            local = start + int(np.argmax(magnitude[start : incumbent + NEAR + 1]))
            if magnitude[local] > LOYALTY * magnitude[best]:
                best = local
        height = float(magnitude[best]) / float(means[reached].mean())
        if height < CERTAIN:
            return None
        return Peak(best + vertex(correlation, best), height)


def vertex(curve: NDArray[np.float32] | NDArray[np.float64], at: int) -> float:
    """Sub-sample offset of the extremum at index `at`, by the parabola through its neighbours."""
    if not 0 < at < len(curve) - 1:
        return 0.0
    before, peak, after = (float(v) for v in curve[at - 1 : at + 2])
    bend = before - 2 * peak + after
    return 0.5 * (before - after) / bend if bend else 0.0


_RISE = np.square(np.sin(np.pi / 2 * np.arange(HOP) / HOP)).astype(np.float32)
