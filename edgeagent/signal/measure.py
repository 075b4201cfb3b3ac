"""What of one hop's sound a detector may see: mel bands of the three outputs of the canceller, and what the canceller
believes of itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeagent.signal.canceller import Cancelled
from edgeagent.units import HOP, RATE

BANDS = 32
LOWEST_HZ, HIGHEST_HZ = 80.0, 7600.0

WINDOWED = 2.0 / (2 * HOP * HOP)
"""Of the sum of a power spectrum under the window, to the mean square of the sound."""

LEVELS = 3 * BANDS + 2
"""The elements of what is measured that are powers."""

LINEAR_POWER = 3 * BANDS + 1
"""Where in what is measured the mean square of the linear signal stands."""

MEASURED = LEVELS + 4
"""Length of what is measured: band powers of the clean, the linear and the echo signal; the mean squares of the first
two; coherence, misadjustment, linear echo return loss enhancement in 20 dB, and whether the far end is active."""

Vector = NDArray[np.float32]
Exact = NDArray[np.float64]


def mel_bank(bands: int = BANDS) -> NDArray[np.float32]:
    """(HOP + 1, bands) float32: triangles equally wide in mel (Stevens, Volkmann & Newman 1937), each summing to
    one."""
    low, high = to_mel(np.array((LOWEST_HZ, HIGHEST_HZ)))
    edges = to_hertz(np.linspace(low, high, bands + 2))
    hertz = np.arange(HOP + 1)[:, None] * (RATE / 2 / HOP)
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    bank: NDArray[np.float32] = (triangles / triangles.sum(axis=0)).astype(np.float32)
    return bank


def to_mel(hertz: Exact) -> Exact:
    """Pitch as it is heard, of frequencies in Hz."""
    mel: Exact = 2595.0 * np.log10(1.0 + hertz / 700.0)
    return mel


def to_hertz(mel: Exact) -> Exact:
    """The other way."""
    hertz: Exact = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    return hertz


class Measure:
    """Turns each `Cancelled` into a vector (MEASURED,) float32 of powers and scalars. Keeps nothing but its tools. One
    thread."""

    def __init__(self) -> None:
        self._bank = mel_bank()
        self._powers = np.zeros((3, HOP + 1), np.float32)

    def of(self, cancelled: Cancelled) -> Vector:
        """A new array each call."""
        powers, sure = self._powers, cancelled.confidence
        powers[0] = cancelled.clean_power
        powers[1] = cancelled.linear_power
        powers[2] = cancelled.echo_power
        vector = np.empty(MEASURED, np.float32)
        np.matmul(powers, self._bank, out=vector[: 3 * BANDS].reshape(3, BANDS))
        vector[3 * BANDS :] = (
            WINDOWED * float(np.add.reduce(powers[0])),
            WINDOWED * float(np.add.reduce(powers[1])),
            sure.coherence,
            sure.misadjustment,
            sure.linear_erle_db / 20.0,
            float(sure.far_active),
        )
        return vector
