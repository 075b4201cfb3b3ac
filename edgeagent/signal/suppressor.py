"""Takes what the filter leaves: residual echo suppression by spectral subtraction with a tracked leak.

Per bin the residual echo is the echo estimate's power (smeared over neighbouring bins, with a reverberant decay)
times a leak that follows the ratio seen so far, as a quantile: it sinks quickly and rises slowly, so near-end speech
hardly moves it
 (Enzner & Vary 2006 for the post-filter; Ephraim & Malah's floor is left out, as is comfort noise: a detector listens,
not a person). Gains come at once and go back up smoothly.
"""

from __future__ import annotations

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

LEAK_RISE, LEAK_RISE_NEAR, LEAK_FALL = np.float32(1.12), np.float32(1.02), np.float32(0.94)
"""Factors per hop by which the leak follows: rising, rising while somebody seems to speak, sinking."""

OVERSUBTRACT = 5.0
"""Multiple of the residual subtracted in echo alone; falls to one as the near end rises out of it."""

GAIN_FLOOR = np.float32(0.03)
"""Least gain before the broadband factor (-30 dB)."""

NEAR_FROM, NEAR_FULL = 2.0, 5.0
"""Error over predicted residual between which oversubtraction is withdrawn."""

ALONE = 1.8
"""Error over predicted residual below which there is only echo: further suppressed, to LEAST_ALONE."""
LEAST_ALONE = 0.6

NOISE_RISE = np.float32(1.003)
"""Rise per hop of the noise floor, a running minimum."""


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
        self._smeared = np.zeros(_BINS + 32, np.float32)

    def process(self, error: Sound, echo: Sound) -> Suppressed:
        """One hop of the filter's error and echo estimate, (HOP,) float32 each."""
        self._frames[:, :HOP] = self._frames[:, HOP:]
        self._frames[0, HOP:] = error
        self._frames[1, HOP:] = echo
        spectra = forward(self._frames * _WINDOW)
        powers = power(spectra)
        coherence = self._coherence(spectra, powers)
        residual = self._predict(powers, coherence)
        gain = self._gains(residual)
        frame = inverse(spectra[0] * gain)
        frame *= _WINDOW
        clean = self._tail + frame[:HOP]
        self._tail = frame[HOP:]
        return Suppressed(clean, powers[0] * np.square(gain), powers[0], powers[1], coherence)

    def _coherence(self, spectra: Spectrum, powers: Power) -> float:
        self._cross += np.float32(0.2) * (spectra[0] * np.conj(spectra[1]) - self._cross)
        self._powers += np.float32(0.2) * (powers - self._powers)
        cross = self._cross[SPEECH]
        both = self._powers[0, SPEECH] @ self._powers[1, SPEECH]
        return float(np.vdot(cross, cross).real / (both + 1e-9))

    def _predict(self, powers: Power, coherence: float) -> Power:
        """Residual echo power per bin, with the leak brought up to date."""
        error, echo = powers
        smeared = np.convolve(echo, _SMEAR, "same")
        np.maximum(np.maximum(echo, smeared), DECAY * self._residual, out=self._residual)
        self._smooth += np.float32(0.5) * (error - self._smooth)
        np.minimum(self._floor * NOISE_RISE, np.maximum(self._smooth, np.float32(1e-7)), out=self._floor)
        predicted = self._leak * self._residual
        near = self._near(predicted)
        rise = LEAK_RISE_NEAR if near > 3 and coherence < 0.3 else LEAK_RISE
        step = np.where(self._smooth > predicted, rise, LEAK_FALL)
        heard = self._residual > 4 * self._floor
        self._leak = np.where(heard, np.clip(self._leak * step, 1e-4, 2.0), self._leak).astype(np.float32)
        return predicted

    def _near(self, predicted: Power) -> float:
        """Error power over all that is expected without a near end."""
        expected = predicted[SPEECH].sum() + self._floor[SPEECH].sum()
        return float(self._smooth[SPEECH].sum() / (expected + 1e-9))

    def _gains(self, predicted: Power) -> Power:
        near = self._near(predicted)
        share = min(1.0, max(0.0, (NEAR_FULL - near) / (NEAR_FULL - NEAR_FROM)))
        subtract = np.float32(1.0 + (OVERSUBTRACT - 1.0) * share)
        gain = 1 - subtract * predicted / (self._smooth + np.float32(1e-9))
        np.sqrt(np.maximum(gain, GAIN_FLOOR * GAIN_FLOOR), out=gain)
        if near < ALONE:
            gain *= np.float32(max(LEAST_ALONE, near / ALONE))
        slow = np.float32(0.6) * gain + np.float32(0.4) * self._gain
        self._gain = np.where(gain > self._gain, slow, gain)
        return self._gain


_WINDOW = np.sqrt(np.hanning(2 * HOP + 1)[:-1]).astype(np.float32)
_SMEAR = np.full(33, SMEAR / 33, np.float32)
