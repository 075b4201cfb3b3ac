"""Takes what the filter leaves: residual echo suppression by spectral subtraction with a tracked leak.

Per bin the residual echo is the echo estimate's power (smeared over neighbouring bins, with a reverberant decay) times
a leak that follows the ratio seen so far as a quantile: it sinks and rises by fixed steps, hardly at all while the
coherence says that somebody else speaks, and fast after the echo path has moved (post-filter after Enzner & Vary,
Signal Processing 86, 2006; oversubtraction after Berouti, Schwartz & Makhoul, ICASSP 1979). Where the estimate itself
is found in what is left, upside down, the echo is no longer where the estimate puts it and the leak is at once what
that means; where the echo path has just changed, all that is left is presumed to be echo, for tenths of a second.
Gains fall at once and rise smoothly. Left out: comfort noise and a perceptual floor; a detector listens, not a person.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeagent.signal import Sound
from edgeagent.signal.coherence import Coherence
from edgeagent.signal.fourier import Power, Spectrum, forward, inverse, power
from edgeagent.signal.left import Left
from edgeagent.signal.path_change import CHANCE, DOUBTFUL, FOLLOWED, SPEECH, displaced
from edgeagent.units import HOP

_BINS = HOP + 1

SMEAR = np.float32(0.4)
"""Share of the neighbouring bins' (1 kHz) echo power taken as residual: loudspeaker distortion."""

DECAY = np.float32(0.5)
"""Decay of the residual per hop: 3 dB, a room of 0.3 s."""

LEAK_RISE, LEAK_RISE_NEAR, LEAK_FALL = np.float32(1.12), np.float32(1.003), np.float32(0.94)
"""Factors per hop by which the leak follows: rising, rising while somebody seems to speak, sinking."""

COHERENT = 0.3
"""Coherence of what is left with the echo estimate from which much of it is echo."""

MOVED_RISE = 1.5
"""What is added to LEAK_RISE per coherence above that while the echo path has just moved."""

MOVED = 0.8
"""Error power of the fast filter over that of the slow one from which the echo path is moving. In double talk, which
upsets the fast one more, it stays above."""

ALARM = 20
"""Hops after the last sign of that for which it counts as just moved (0.3 s)."""

UNEXPLAINED = 2.5
"""Error over predicted residual from which we ask whether the echo path has changed."""

PRESUMED = 3
"""Hops (48 ms) after the last sign of a change in which all that is left is presumed to be echo."""

CAUTION = 2.0
"""Multiple of what is left to which the residual is then predicted: nothing of it comes through."""

RELENT, RELENT_SOON = 0.9, 0.7
"""Decay of that presumption per hop, 0.5 dB, and where what is left is not the echo estimate displaced, 1.5 dB: a
person who begins to speak just then is late, but not lost."""

WEAK = 0.01
"""Presumed leak (-20 dB) below which a presumption is over."""

MISFIT = 0.15
"""Share of the echo estimate found in what is left, with its sign turned, from which the estimate is wrong. An echo
that has jumped away leaves all of it."""

MISFIT_LEAK = 3.0
"""Least leak over the misfit: the estimate that is too much, and the echo that is elsewhere."""

OVERSUBTRACT = 5.0
"""Multiple of the residual subtracted in echo alone; falls to one as the near end rises out of it."""

GAIN_FLOOR = np.float32(0.03)
"""Least gain before the broadband factor (-30 dB)."""

NEAR_FROM, NEAR_FULL = 2.0, 5.0
"""Error over predicted residual between which oversubtraction is withdrawn."""

ALONE = 1.8
"""Error over predicted residual below which there is only echo: further suppressed, to LEAST_ALONE."""
LEAST_ALONE = 0.7

LEAST_LEAK, MOST_LEAK = np.float32(1e-4), np.float32(4.0)
"""Bounds of the leak: 40 dB below the echo estimate, 6 dB above it."""

REST = 256
"""Hops (4 s) without any echo estimate after which nothing is to be suppressed: a device is silent most of its life."""

QUIET = np.float32(1e-9)
"""Power far below any microphone; keeps ratios finite and numbers out of the slow denormal range."""


class Suppressed(NamedTuple):
    """The frame after suppression. clean (HOP,), one hop behind the input; *_power (HOP + 1,): spectra of the current
    2 HOP frame; coherence: of residual and echo estimate, 0 to 1. changed: the echo path has just become another.
    moved: it may have within the last tenths of a second, so that what is left may be echo."""

    clean: Sound
    clean_power: Power
    linear_power: Power
    echo_power: Power
    coherence: float
    changed: bool
    moved: bool


class Suppressor:
    """One owner thread."""

    def __init__(self) -> None:
        self.suppresses = True
        """Otherwise what the filter leaves comes out as it is, at half the cost."""
        self._frames = np.zeros((2, 2 * HOP), np.float32)
        self._tail = np.zeros(HOP, np.float32)
        self._residual = np.zeros(_BINS, np.float32)
        self._leak = np.ones(_BINS, np.float32)
        self._left = Left(_BINS)
        self._gain = np.ones(_BINS, np.float32)
        self._coherence = Coherence()
        self._alarm = 0
        self._presumed = 0.0
        self._presuming = 0
        self._silent = 0

    def process(self, error: Sound, echo: Sound, tracking: float = 1.0) -> Suppressed:
        """One hop of the filter's error and echo estimate, (HOP,) float32 each. `tracking`: see
        `echo_filter.Prediction`."""
        self._alarm = ALARM if tracking < MOVED else max(self._alarm - 1, 0)
        self._frames[:, :HOP] = self._frames[:, HOP:]
        self._frames[0, HOP:] = error
        self._frames[1, HOP:] = echo
        self._silent = 0 if echo.any() else self._silent + 1
        if self._silent >= REST:
            return self._rest()
        spectra = forward(self._frames * WINDOW)
        powers = power(spectra)
        coherence = self._coherence.push(spectra, powers)
        if not self.suppresses:
            return self._pass(powers, coherence)
        self._follow(powers)
        tracked = self._leak * self._residual
        above = self._above(tracked)
        changed = above > UNEXPLAINED and self._changed(spectra, powers, tracking)
        self._presume(tracked, changed or (tracking < MOVED and self._presumed > WEAK))
        gain = self._gains(*self._predict(tracked, above, coherence))
        frame = inverse(spectra[0] * gain)
        frame *= WINDOW
        clean = self._tail + frame[:HOP]
        self._tail = frame[HOP:]
        changed = changed or self._coherence.misfit > MISFIT
        moved = changed or self._presumed > WEAK
        return Suppressed(clean, powers[0] * np.square(gain), powers[0], powers[1], coherence, changed, moved)

    def rest(self, hops: int) -> None:
        """So many hops without any echo, of a sound that is like the last one, are not processed."""
        self._left.rest(hops)

    def _pass(self, powers: Power, coherence: float) -> Suppressed:
        """The error as it is, and the overlap with which suppression begins again without a seam. What is known of the
        leak stays as it was."""
        self._tail = self._frames[0, HOP:] * WINDOW[HOP:] ** 2
        changed = self._coherence.misfit > MISFIT
        return Suppressed(self._frames[0, :HOP].copy(), powers[0], powers[0], powers[1], coherence, changed, changed)

    def _rest(self) -> Suppressed:
        """There is no echo, and the last of it is long gone: only the noise floor is followed."""
        if self._silent == REST:
            self._residual[:] = self._presumed = self._presuming = 0
            self._gain[:] = 1
            self._coherence.clear()
        powers = np.zeros((2, _BINS), np.float32)
        powers[0] = power(forward(self._frames[:1] * WINDOW))[0]
        self._left.follow(powers[0])
        return self._pass(powers, 0.0)

    def _follow(self, powers: Power) -> None:
        """The residual echo but for the leak; and the noise."""
        error, echo = powers
        residual = self._residual
        residual *= DECAY
        np.maximum(residual, echo, out=residual)
        np.maximum(residual, np.convolve(echo, _SMEAR, "same"), out=residual)
        residual += QUIET
        self._left.follow(error)
        if self._coherence.misfit > MISFIT:
            np.maximum(self._leak, min(np.float32(MISFIT_LEAK * self._coherence.misfit), MOST_LEAK), out=self._leak)

    def _changed(self, spectra: Spectrum, powers: Power, tracking: float) -> bool:
        """More is left than was expected: whether that is because the echo path has just changed."""
        share = displaced(spectra, powers)
        if share <= DOUBTFUL:
            self._presumed *= RELENT_SOON / RELENT
        return share > CHANCE and tracking < FOLLOWED

    def _presume(self, tracked: Power, changing: bool) -> None:
        """While the echo path is `changing` and a little longer, presume a leak by which all that is left is echo."""
        self._presumed *= RELENT
        self._presuming = PRESUMED if changing else max(self._presuming - 1, 0)
        if self._presuming and self._above(self._presumably(tracked)) * CAUTION > 1:
            left, residual = np.add.reduce(self._left.smooth[SPEECH]), np.add.reduce(self._residual[SPEECH])
            self._presumed = max(self._presumed, min(CAUTION * float(left) / float(residual), float(MOST_LEAK)))

    def _presumably(self, tracked: Power) -> Power:
        """The residual echo by the leak that is tracked or the one that is presumed, whichever is more."""
        if self._presumed < LEAST_LEAK:
            return tracked
        presumed: Power = np.maximum(tracked, np.float32(self._presumed) * self._residual)
        return presumed

    def _predict(self, tracked: Power, above: float, coherence: float) -> tuple[Power, float, float]:
        """Residual echo power per bin; the error over all that is expected without a near end; the residual's share
        in that. Then brings the leak up to date: `tracked` is the residual echo by it, `above` the error over that."""
        predicted = self._presumably(tracked)
        near = above if predicted is tracked else self._above(predicted)
        echo, floor = float(np.add.reduce(predicted[SPEECH])), float(np.add.reduce(self._left.floor[SPEECH]))
        rise = self._rise(near if self._presumed < WEAK else above, coherence)  # what is only presumed teaches nothing
        step = np.where(self._left.smooth > tracked, rise, LEAK_FALL)
        step[self._residual < 4 * self._left.floor] = 1
        self._leak *= step
        np.minimum(np.maximum(self._leak, LEAST_LEAK, out=self._leak), MOST_LEAK, out=self._leak)
        return predicted, near, echo / (echo + floor)

    def _above(self, predicted: Power) -> float:
        """What is left over all that is expected without a near end, in the bins of speech."""
        expected = predicted[SPEECH] + self._left.floor[SPEECH]
        return float(np.add.reduce(self._left.smooth[SPEECH])) / float(np.add.reduce(expected))

    def _rise(self, near: float, coherence: float) -> np.float32:
        if near > 3 and coherence < COHERENT:
            return LEAK_RISE_NEAR
        return LEAK_RISE + np.float32(MOVED_RISE * max(0.0, coherence - COHERENT) if self._alarm else 0.0)

    def _gains(self, predicted: Power, near: float, echoing: float) -> Power:
        share = min(1.0, max(0.0, (NEAR_FULL - near) / (NEAR_FULL - NEAR_FROM)))
        predicted *= np.float32(-1.0 - (OVERSUBTRACT - 1.0) * share)
        predicted /= self._left.smooth + QUIET
        predicted += 1
        np.maximum(predicted, GAIN_FLOOR * GAIN_FLOOR, out=predicted)
        gain = np.sqrt(predicted, out=predicted)
        if near < ALONE:
            gain *= np.float32(1.0 - echoing * (1.0 - max(LEAST_ALONE, near / ALONE)))
        slow = self._gain - gain
        np.minimum(slow, 0, out=slow)
        slow *= np.float32(0.4)
        gain += slow
        self._gain = gain
        return gain


WINDOW = np.sqrt(np.hanning(2 * HOP + 1)[:-1]).astype(np.float32)
_SMEAR = np.full(33, SMEAR / 33, np.float32)
