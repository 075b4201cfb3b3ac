"""The last eight seconds of a turn as Whisper sees sound: a picture of 80 mel bands by 800 frames.

Log-mel features after Radford et al. 2022, "Robust speech recognition via large-scale weak supervision" (2.2), in the
form in which networks on its encoder expect them: windows of 25 ms every 10 ms, Slaney's mel scale with filters of
equal area, at most 80 dB below the loudest. The sound is brought to mean 0 and variance 1 first, as such networks were
trained. What is shorter is silent at the beginning.
"""

from __future__ import annotations

from functools import cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from edgeagent.signal import Sound
from edgeagent.signal.fourier import forward, power
from edgeagent.units import RATE

WINDOW, STEP = 400, 160
"""Samples: 25 and 10 ms."""

BANDS, FRAMES = 80, 800

LENGTH = FRAMES * STEP
"""Samples: 8 s."""

FLAT = np.float32(1e-7)
"""Added to the variance, so that silence stays silence."""

FLOOR = np.float32(1e-10)
"""Least power that has a logarithm."""

RANGE = np.float32(8.0)
"""Decades of power below the loudest that are told apart."""

LINEAR_HZ, BREAK_HZ, STEP_LOG = 200 / 3, 1000.0, float(np.log(6.4) / 27)
"""Slaney's mel scale (Auditory Toolbox, 1998): hertz per mel up to the break, and the logarithm of a mel above it."""

Picture = NDArray[np.float32]
"""(BANDS, FRAMES) float32, about -1 to 1.5."""


def log_mel(sound: Sound) -> Picture:
    """Of the last LENGTH samples of `sound`, (n,) float32 at 16 kHz."""
    whole = np.zeros(LENGTH, np.float32)
    tail = sound[-LENGTH:]
    whole[LENGTH - tail.size :] = tail
    whole -= whole.mean()
    whole /= np.sqrt(whole.var() + FLAT)
    padded = np.pad(whole, WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[: FRAMES * STEP : STEP]
    spectrum = power(forward(frames * _window()))
    logs = np.log10(np.maximum(_filters() @ spectrum.T, FLOOR))
    return cast(Picture, (np.maximum(logs, logs.max() - RANGE) + 4) / 4)


@cache
def _window() -> Sound:
    """Hann's, periodic."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW), np.float32)


@cache
def _filters() -> NDArray[np.float32]:
    """(BANDS, WINDOW // 2 + 1): triangles between neighbouring centres, each of the same area."""
    edges = _hertz(np.linspace(0.0, float(_mel(RATE / 2)), BANDS + 2))
    bins = np.linspace(0, RATE / 2, WINDOW // 2 + 1)
    rising = (bins[None] - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins[None]) / np.diff(edges)[1:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return np.asarray(np.maximum(0, np.minimum(rising, falling)) * area[:, None], np.float32)


def _mel(hertz: float) -> float:
    if hertz < BREAK_HZ:
        return hertz / LINEAR_HZ
    return BREAK_HZ / LINEAR_HZ + float(np.log(hertz / BREAK_HZ)) / STEP_LOG


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = BREAK_HZ * np.exp(STEP_LOG * (mel - BREAK_HZ / LINEAR_HZ))
    return np.where(mel < BREAK_HZ / LINEAR_HZ, mel * LINEAR_HZ, above)
