"""What the echo filter leaves: smoothed, and the noise floor in it, which is a running minimum that slowly rises."""

from __future__ import annotations

import numpy as np

from edgeagent.signal.fourier import Power

SHARE = np.float32(0.5)
"""Of the newest frame in what is smoothed: two hops, so that a floor is no chance of one frame."""

RISE = np.float32(1.003)
"""Of the noise floor per hop: 10 dB in 12 s."""

LEAST = np.float32(1e-7)
"""Power below which no floor sinks: digital silence is no room."""

LONG = 10_000
"""Frames (160 s) in which a floor has long risen to whatever there is."""


class Left:
    """One owner thread."""

    def __init__(self, bins: int) -> None:
        self.smooth = np.zeros(bins, np.float32)
        """(bins,) power, smoothed."""
        self.floor = np.full(bins, 1e-2, np.float32)
        """(bins,) power of the noise."""

    def follow(self, power: Power) -> None:
        """Take one frame's, (bins,)."""
        self.smooth += SHARE * (power - self.smooth)
        self._rise(RISE)

    def rest(self, frames: int) -> None:
        """So many frames that were like the last ones are not taken."""
        self._rise(np.float32(float(RISE) ** min(frames, LONG)))

    def _rise(self, growth: np.float32) -> None:
        self.floor *= growth
        np.minimum(self.floor, np.maximum(self.smooth, LEAST), out=self.floor)
