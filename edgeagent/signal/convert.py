"""Between what cards speak (int16, interleaved) and what we compute with (float32, one channel)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeagent.signal import Sound

FULL_SCALE = 32768
"""int16 steps per 1.0: a power of two, so that int16 -> float32 -> int16 gives back every value."""


def to_float(pcm: NDArray[np.int16]) -> Sound:
    """(n,) int16 to (n,) float32 in [-1, 1), exactly."""
    return pcm.astype(np.float32) / np.float32(FULL_SCALE)


def to_int16(sound: Sound) -> NDArray[np.int16]:
    """(n,) float32 to (n,) int16: rounded to nearest, saturated outside [-1, 1), NaN as silence."""
    steps = np.minimum(np.maximum(sound, -1), 1)  # `np.clip` takes three times as long on a block
    steps *= FULL_SCALE
    np.rint(steps, out=steps)
    np.minimum(steps, FULL_SCALE - 1, out=steps)
    steps[np.isnan(steps)] = 0
    return steps.astype(np.int16)


def to_mono(interleaved: Sound, channels: int) -> Sound:
    """(n * channels,) float32, frame after frame, to the (n,) mean of the channels. ValueError on a broken frame."""
    frames, over = divmod(interleaved.size, channels)
    if over:
        raise ValueError(f"{interleaved.size} samples are no whole frames of {channels} channels")
    mean = np.zeros(frames, np.float32)
    for channel in range(channels):  # one after the other: `mean(axis=1)` may add in an order that depends on n
        mean += interleaved[channel::channels]
    return mean / np.float32(channels)
