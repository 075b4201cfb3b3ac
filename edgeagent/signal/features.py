"""What a detector sees of one hop: mel bands of the three outputs of the canceller, against a tracked noise floor and
against the level at which the person usually speaks.

Levels are relative to the noise floor of their own band, so that neither the microphone's gain nor a steady noise
matters. The floor is a slowly rising minimum of the smoothed cleaned power (after Martin 2001, "Noise power spectral
density estimation based on optimal smoothing and minimum statistics", with one leaky minimum instead of his windows: it
falls at once and rises slowly, so that speech, which pauses, never raises it by much). What the person's usual
level adds is distance: a television is weaker than somebody who speaks to the device.

Takes one hop, or one hop each of many scenes at once: what a model is trained on is made by the code that feeds it.
"""

from __future__ import annotations

import numpy as np

from edgeagent.signal.measure import BANDS, LEVELS, WINDOWED, Vector
from edgeagent.units import HOP

RISE = np.float32(1.0025)
"""The floor's growth per hop: 0.68 dB a second."""

SMOOTHING = np.float32(0.2)
"""Of the power whose minimum is tracked, per hop."""

SILENCE = np.float32(1e-7)
"""The floor never falls below this band power (about -86 dBFS of white noise), so that digital silence is no loud
event."""

LONG = 10_000
"""Hops (160 s) in which the floor has long risen to whatever there is."""

TOP = np.float32(4.0)
"""Levels are clipped at this many decades (40 dB) above the floor."""

BANDS_TO_POWER = WINDOWED * (HOP + 1)
"""Of the mean band power, to the mean square of a white sound that has it."""

QUIET = np.float32(1e-10)
"""Mean square (-100 dBFS) below which levels are not told apart."""

FAR_MOST = np.float32(2.0)
"""Decades by which the level of a hop is told from the usual one, either way."""

SIZE = 3 * BANDS + 9
"""Length of a feature vector."""

ECHO = slice(2 * BANDS, 3 * BANDS)
LEVEL_OVER_ECHO = 3 * BANDS + 4
"""Where in a feature vector the bands of the echo estimate stand, and the linear level over the echo's."""


class Features:
    """Turns what was measured into vectors of about unit range. Keeps the noise floor. One thread."""

    def __init__(self, *scenes: int) -> None:
        """scenes: shape of as many scenes as are followed at once; () for one."""
        self._floor = np.full((*scenes, BANDS), 1e-3, np.float32)
        self._smooth = np.full((*scenes, BANDS), 1e-3, np.float32)

    def push(self, measured: Vector, usual: Vector | np.float32, known: Vector | np.float32) -> Vector:
        """measured: (..., MEASURED). usual: (...,) mean square of the person's voice when they speak to the device.
        known: (...,) how sure that is, 0 to 1.

        Returns (..., SIZE): clean, linear and echo bands above the floor, in decades; coherence, misadjustment, linear
        enhancement, far end active; linear level over the echo's; clean, linear and floor level over the usual one;
        `known`. A new array each call."""
        many = measured.shape[:-1]
        bands = measured[..., : 3 * BANDS].reshape(*many, 3, BANDS)
        self._smooth += SMOOTHING * (bands[..., 0, :] - self._smooth)
        self._rise(RISE)
        vector = np.empty((*many, SIZE), np.float32)
        levels = np.log10((bands + SILENCE) / (4 * self._floor + SILENCE)[..., None, :])
        np.minimum(np.maximum(levels, 0, out=levels), TOP, out=vector[..., : 3 * BANDS].reshape(*many, 3, BANDS))
        vector[..., 3 * BANDS : 3 * BANDS + 4] = measured[..., 3 * BANDS + 2 :]
        sums = bands[..., 1:, :].sum(axis=-1) + np.float32(1e-6)
        floor = np.add.reduce(self._floor, axis=-1) * np.float32(BANDS_TO_POWER / BANDS)
        told = vector[..., 3 * BANDS + 4 :]
        told[..., 0] = np.log10(sums[..., 0] / sums[..., 1])
        told[..., 1:3] = np.log10((measured[..., 3 * BANDS : LEVELS] + QUIET) / np.asarray(usual)[..., None])
        told[..., 3] = np.log10((floor + QUIET) / usual)
        np.minimum(np.maximum(told, -FAR_MOST, out=told), FAR_MOST, out=told)
        told[..., 4] = known
        return vector

    def rest(self, hops: int) -> None:
        """So many hops that were like the last ones are not pushed."""
        self._rise(np.float32(float(RISE) ** min(hops, LONG)))

    def _rise(self, growth: np.float32) -> None:
        np.minimum(self._floor * growth, np.maximum(self._smooth, SILENCE), out=self._floor)
