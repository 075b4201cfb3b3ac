"""What a detector sees of one hop: mel bands of the three outputs of the canceller, against a tracked noise floor.

Levels are relative to the noise floor of their own band, so that neither the microphone's gain nor a steady noise
matters. The floor is a slowly rising minimum of the smoothed cleaned power (after Martin 2001, "Noise power spectral
density estimation based on optimal smoothing and minimum statistics", with one leaky minimum instead of his windows: a
second of noise is then learnt in a second, and speech, which pauses, never raises it by much).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeagent.signal.canceller import Cancelled
from edgeagent.units import HOP, RATE

BANDS = 24
LOWEST_HZ, HIGHEST_HZ = 80.0, 7600.0

RISE = np.float32(1.0025)
"""The floor's growth per hop: 0.68 dB a second."""

SMOOTHING = np.float32(0.2)
"""Of the power whose minimum is tracked, per hop."""

SILENCE = np.float32(1e-7)
"""The floor never falls below this band power (about -86 dBFS of white noise), so that digital silence is no loud
event."""

TOP = np.float32(4.0)
"""Levels are clipped at this many decades (40 dB) above the floor."""

SCALARS = 5
SIZE = 3 * BANDS + SCALARS
"""Length of a feature vector."""

Vector = NDArray[np.float32]


def mel_bank(bands: int = BANDS) -> NDArray[np.float32]:
    """(HOP + 1, bands) float32: triangles equally wide in mel (Stevens, Volkmann & Newman 1937), each summing to
    one."""
    edges_mel = np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), bands + 2)
    edges = 700.0 * (10.0 ** (edges_mel / 2595.0) - 1.0)
    hertz = np.arange(HOP + 1)[:, None] * (RATE / 2 / HOP)
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    bank: NDArray[np.float32] = (triangles / triangles.sum(axis=0)).astype(np.float32)
    return bank


def _mel(hertz: float) -> float:
    return 2595.0 * float(np.log10(1.0 + hertz / 700.0))


class Features:
    """Turns each `Cancelled` into a vector (SIZE,) float32 of about unit range. Keeps the noise floor. One thread."""

    def __init__(self) -> None:
        self._bank = mel_bank()
        self._floor = np.full(BANDS, 1e-3, np.float32)
        self._smooth = np.full(BANDS, 1e-3, np.float32)
        self._powers = np.zeros((3, HOP + 1), np.float32)

    def push(self, cancelled: Cancelled) -> Vector:
        """Clean, linear and echo bands above the floor in decades, then the canceller's scalars. A new array each
        call."""
        self._powers[0] = cancelled.clean_power
        self._powers[1] = cancelled.linear_power
        self._powers[2] = cancelled.echo_power
        bands = self._powers @ self._bank
        self._smooth += SMOOTHING * (bands[0] - self._smooth)
        np.minimum(self._floor * RISE, np.maximum(self._smooth, SILENCE), out=self._floor)
        vector = np.empty(SIZE, np.float32)
        levels = np.log10((bands + SILENCE) / (4.0 * self._floor + SILENCE))
        np.clip(levels, 0.0, TOP, out=vector[: 3 * BANDS].reshape(3, BANDS))
        sure = cancelled.confidence
        above, below = float(bands[1].sum()), float(bands[2].sum())
        vector[3 * BANDS :] = (
            sure.coherence,
            sure.misadjustment,
            sure.linear_erle_db / 20.0,
            min(2.0, max(-2.0, float(np.log10((above + 1e-6) / (below + 1e-6))))),
            float(sure.far_active),
        )
        return vector
