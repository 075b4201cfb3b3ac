"""Takes what the filter leaves: residual echo suppression by spectral subtraction with a tracked leak.

Per bin the residual echo is the echo estimate's power (smeared over neighbouring bins, with a reverberant decay) times
a leak that follows the ratio seen so far as a quantile: it sinks and rises by fixed steps, hardly at all while the
coherence says that somebody else speaks, and fast after the echo path has moved (post-filter after Enzner & Vary,
Signal Processing 86, 2006; oversubtraction after Berouti, Schwartz & Makhoul, ICASSP 1979). Where the estimate itself
is found in what is left, upside down, the echo is no longer where the estimate puts it and the leak is at once what
that means. Gains fall at once and rise smoothly. Left out: comfort noise and a perceptual floor; a detector listens,
not a person.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from edgeagent.signal import Sound
from edgeagent.signal.fourier import Power, Spectrum, forward, inverse, power
from edgeagent.units import HOP

_BINS = HOP + 1

SPEECH = slice(10, 128)
"""Bins of 300 to 4000 Hz, by which near-end activity is judged."""

SMEAR = np.float32(0.4)
"""Share of the neighbouring bins' (1 kHz) echo power taken as residual: loudspeaker distortion."""

DECAY = np.float32(0.5)
"""Decay of the residual per hop: 3 dB, a room of 0.3 s."""

LEAK_RISE, LEAK_RISE_NEAR, LEAK_FALL = np.float32(1.12), np.float32(1.003), np.float32(0.94)
"""Factors per hop by which the leak follows: rising, rising while somebody seems to speak, sinking."""

MOVED_RISE, MOVED_FROM = 1.5, 0.3
"""What is added to LEAK_RISE per coherence, and from which coherence, while the echo path has just moved."""

ALARM = 20
"""Hops after the last sign of that for which it counts as just moved (0.3 s)."""

MISFIT, CLEARLY = 0.15, 0.3
"""Share of the echo estimate found in what is left, with its sign turned, from which the estimate is wrong, and the
correlation from which that is no chance: near-end speech, which has nothing to do with it, stays within 0.2; an echo
that has jumped away leaves all of it, and 0.7."""

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

NOISE_RISE = np.float32(1.003)
"""Rise per hop of the noise floor, a running minimum."""

LEAST_LEAK, MOST_LEAK = np.float32(1e-4), np.float32(4.0)
"""Bounds of the leak: 40 dB below the echo estimate, 6 dB above it."""

COHERENCE_SHARE = np.float32(0.2)
"""Share of the newest frame in the coherence: 80 ms."""

QUIET = np.float32(1e-9)
"""Power far below any microphone; keeps ratios finite and numbers out of the slow denormal range."""


class Suppressed(NamedTuple):
    """The frame after suppression. clean (HOP,), one hop behind the input; *_power (HOP + 1,): spectra of the current
    2 HOP frame; coherence: of residual and echo estimate, 0 to 1."""

    clean: Sound
    clean_power: Power
    linear_power: Power
    echo_power: Power
    coherence: float


class Suppressor:
    """One owner thread."""

    def __init__(self) -> None:
        self._frames = np.zeros((2, 2 * HOP), np.float32)
        self._tail = np.zeros(HOP, np.float32)
        self._residual = np.zeros(_BINS, np.float32)
        self._leak = np.ones(_BINS, np.float32)
        self._smooth = np.zeros(_BINS, np.float32)
        self._floor = np.full(_BINS, 1e-2, np.float32)
        self._gain = np.ones(_BINS, np.float32)
        self._cross = np.zeros(_BINS, np.complex64)
        self._powers = np.full((2, _BINS), 1e-6, np.float32)
        self._misfit = 0.0
        self._alarm = 0

    def process(self, error: Sound, echo: Sound, moved: bool = False) -> Suppressed:
        """One hop of the filter's error and echo estimate, (HOP,) float32 each. `moved`: the echo path has just
        changed."""
        self._alarm = ALARM if moved else max(self._alarm - 1, 0)
        self._frames[:, :HOP] = self._frames[:, HOP:]
        self._frames[0, HOP:] = error
        self._frames[1, HOP:] = echo
        spectra = forward(self._frames * WINDOW)
        powers = power(spectra)
        coherence = self._coherence(spectra, powers)
        gain = self._gains(*self._predict(powers, coherence))
        frame = inverse(spectra[0] * gain)
        frame *= WINDOW
        clean = self._tail + frame[:HOP]
        self._tail = frame[HOP:]
        return Suppressed(clean, powers[0] * np.square(gain), powers[0], powers[1], coherence)

    def _coherence(self, spectra: Spectrum, powers: Power) -> float:
        cross = np.conj(spectra[1])
        cross *= spectra[0]
        cross -= self._cross
        cross *= COHERENCE_SHARE
        self._cross += cross
        self._powers += COHERENCE_SHARE * (powers - self._powers)
        speech = self._cross[SPEECH]
        left, estimated = np.add.reduce(self._powers[:, SPEECH], axis=1) + QUIET
        shared = -float(np.add.reduce(speech.real))
        self._misfit = shared / float(estimated) if shared > CLEARLY * math.sqrt(left * estimated) else 0.0
        both = self._powers[0, SPEECH] @ self._powers[1, SPEECH]
        return float(np.vdot(speech, speech).real / (both + QUIET))

    def _predict(self, powers: Power, coherence: float) -> tuple[Power, float, float]:
        """Residual echo power per bin; the error over all that is expected without a near end; the residual's share
        in that. Then brings the leak up to date."""
        error, echo = powers
        residual, smooth = self._residual, self._smooth
        residual *= DECAY
        np.maximum(residual, echo, out=residual)
        np.maximum(residual, np.convolve(echo, _SMEAR, "same"), out=residual)
        residual += QUIET
        smooth += np.float32(0.5) * (error - smooth)
        self._floor *= NOISE_RISE
        np.minimum(self._floor, np.maximum(smooth, np.float32(1e-7)), out=self._floor)
        if self._misfit > MISFIT:
            np.maximum(self._leak, min(np.float32(MISFIT_LEAK * self._misfit), MOST_LEAK), out=self._leak)
        predicted = self._leak * residual
        expected = predicted + self._floor
        everything = float(np.add.reduce(expected[SPEECH]))
        near = float(np.add.reduce(smooth[SPEECH])) / everything
        echoing = float(np.add.reduce(predicted[SPEECH])) / everything
        step = np.where(smooth > predicted, self._rise(near, coherence), LEAK_FALL)
        step[residual < 4 * self._floor] = 1
        self._leak *= step
        np.minimum(np.maximum(self._leak, LEAST_LEAK, out=self._leak), MOST_LEAK, out=self._leak)
        return predicted, near, echoing

    def _rise(self, near: float, coherence: float) -> np.float32:
        if near > 3 and coherence < MOVED_FROM:
            return LEAK_RISE_NEAR
        return LEAK_RISE + np.float32(MOVED_RISE * max(0.0, coherence - MOVED_FROM) if self._alarm else 0.0)

    def _gains(self, predicted: Power, near: float, echoing: float) -> Power:
        share = min(1.0, max(0.0, (NEAR_FULL - near) / (NEAR_FULL - NEAR_FROM)))
        predicted *= np.float32(-1.0 - (OVERSUBTRACT - 1.0) * share)
        predicted /= self._smooth + QUIET
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
