"""Real Fourier transforms that stay in single precision, and say so to the type checker.

numpy >= 2 transforms float32 to complex64 and back; its stubs still promise double precision.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from edgeagent.signal import Sound

Power = NDArray[np.float32]
Spectrum = NDArray[np.complex64]


def forward(x: Sound, n: int | None = None) -> Spectrum:
    """(..., n) float32 to (..., n // 2 + 1) complex64 along the last axis; padded with zeros up to `n`."""
    return cast(Spectrum, np.fft.rfft(x, n))


def inverse(spectrum: Spectrum) -> Sound:
    """(..., n // 2 + 1) complex64 to (..., n) float32 along the last axis."""
    return cast(Sound, np.fft.irfft(spectrum))


def power(spectrum: Spectrum) -> Power:
    """Squared magnitude, float32."""
    return cast(Power, np.square(spectrum.real) + np.square(spectrum.imag))


def overlapping(sound: Sound, hop: int) -> Sound:
    """(..., (n + 1) hop) to (..., n, 2 hop): frames that overlap by half, oldest first. A copy: numpy's sliding windows
    describe themselves in a dictionary each time, and the interpreter's table of interned strings, which holds its
    keys, grows by a megabyte within the hour for those that come and go."""
    hops = sound.reshape(*sound.shape[:-1], -1, hop)
    return np.concatenate((hops[..., :-1, :], hops[..., 1:, :]), axis=-1)
