"""The loudspeaker's clock against the microphone's: a robust line through the measured delays.

Two crystals differ by up to 200 ppm (3 samples a second), so the delay is a line in time, not a number. A median of
slopes (Theil 1950) finds the line, least squares that count a point the less the farther off it lies (Beaton & Tukey,
"The fitting of power series", Technometrics 16, 1974) make it exact; it is only believed when its slope stands clear
of its own standard error. Left out: temperature, slower than the 30 s that the line remembers.
"""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeagent.units import RATE

LOOKS = 480
"""Looks at the delay that are remembered: 30 s of our voice, one every 64 ms."""

LEAST_POINTS = 24
"""Fewer say nothing about a slope."""

LEAST_SPAN = 1.6 * RATE
"""Samples from the oldest to the newest point below which 200 ppm drown in the scatter of the peaks."""

STRAY = 12.0
"""Samples from where the line goes on beyond which a delay is another reflection, not drift."""

STRAYS = 24
"""Looks in a row (1.5 s) after which such delays are no strays: the echo comes another way, or has crept on unseen."""

SMOOTH = 1.0
"""Standard deviation in samples that a believable line leaves."""

CLEAR = 6.0
"""Standard errors by which a first slope must stand clear of zero; neighbouring points are not independent."""

STEADY, STEADY_PPM = 0.35, 15.0
"""Share of the slope, and ppm, by which the median slope over quarters may differ from it (Theil 1950). One step to a
neighbouring reflection has a slope too, but hardly anywhere."""

LEAST_PPM = 8.0
"""Slopes below are left to the adaptive filter."""

MANY_LOOKS = 160
"""So many (10 s) and no line yet: there is hardly any drift, as on cards with one crystal for both ways."""

NEARBY, NEARBY_SCATTER = 1.5, 5.0
"""Samples, and multiples of the median distance, from which a point off the line does not count: the larger."""

LEAST_COUNT = LEAST_POINTS / 2
"""So much all the points must count."""

Points = NDArray[np.float64]


class Line(NamedTuple):
    """Where the delay is and where it goes: `lag` in samples now; `ppm` by which the loudspeaker's clock is fast (the
    lag falls by ppm samples per million)."""

    lag: float
    ppm: float


class DriftEstimator:
    """Collects delays and fits the line. One owner thread."""

    def __init__(self) -> None:
        self._times: list[int] = []
        self._lags: list[float] = []
        self._looks: list[int] = []
        self._looked = 0
        """The sum of those: looks that the points stand for."""
        self._locked = False
        self._slope = 0.0
        self._strays = 0

    @property
    def unlikely(self) -> bool:
        """There would be a line by now, if there were drift."""
        return self._looked >= MANY_LOOKS and not self._locked

    @property
    def settled(self) -> bool:
        """Whether there is a line, or hardly any drift: the next points change little."""
        return self._locked or self.unlikely

    def reset(self) -> None:
        """Forget everything: the delay has jumped by an unknown amount."""
        self._times.clear()
        self._lags.clear()
        self._looks.clear()
        self._looked = 0
        self._locked = False
        self._slope = 0.0
        self._strays = 0

    def shift(self, samples: float) -> None:
        """The delay is known to have grown by `samples`; the slope stays."""
        self._lags = [lag + samples for lag in self._lags]

    def add(self, at: int, lag: float, looks: int = 1) -> None:
        """A delay of `lag` samples was measured at sample index `at` (ascending), in place of so many `looks`."""
        off = lag - self._expected(at) if self._lags else 0.0
        self._strays = self._strays + looks if abs(off) > STRAY else 0
        if self._strays >= STRAYS:
            self._strays = 0
            if self._locked:
                self.shift(off)
            else:
                self.reset()
        elif self._strays:
            return
        self._times.append(at)
        self._lags.append(lag)
        self._looks.append(looks)
        self._looked += looks
        while self._looked > LOOKS:
            self._looked -= self._looks[0]
            del self._times[0], self._lags[0], self._looks[0]

    def _expected(self, at: int) -> float:
        """The delay at `at`, by the newest ones and as far as the slope is known: in a pause of ours it moves on."""
        return median(self._lags[-9:]) + self._slope * (at - self._times[-5:][0])

    def line(self) -> Line | None:
        """The line as of the newest point, or None while the points do not make one."""
        if len(self._lags) < LEAST_POINTS or self._times[-1] - self._times[0] < LEAST_SPAN:
            return None
        t = np.array(self._times, np.float64) - self._times[-1]
        y = np.array(self._lags)
        apart = len(t) // 4
        local = float(np.median((y[apart:] - y[:-apart]) / (t[apart:] - t[:-apart])))
        slope, lag = local, float(np.median(y - local * t))
        for _ in range(2):
            weights = _weights(y - slope * t - lag)
            count = float(np.add.reduce(weights))
            if count < LEAST_COUNT:
                return None
            slope, lag = _fit(t, y, weights)
        scatter = float(np.sqrt(weights @ np.square(y - slope * t - lag) / count))
        if scatter > SMOOTH:
            return None
        if abs(local - slope) > max(STEADY_PPM * 1e-6, STEADY * abs(slope)):
            return None
        error = scatter * np.sqrt(12.0 / count) / -t[0]
        if not self._locked and abs(slope) < max(CLEAR * error, LEAST_PPM * 1e-6):
            return None
        self._locked = True
        self._slope = slope
        return Line(float(lag), float(-slope * 1e6))


def _weights(off: Points) -> Points:
    """Of points so many samples off the line, 1 to 0: Tukey's biweight. No point is in or out by its last bits, which
    each processor rounds in its own way."""
    far = max(NEARBY, NEARBY_SCATTER * float(np.median(np.abs(off))))
    return np.square(np.maximum(1.0 - np.square(off / far), 0.0))


def _fit(t: Points, y: Points, weights: Points) -> tuple[float, float]:
    """Slope and value at t = 0 of the line of least weighted squares."""
    count = np.add.reduce(weights)
    t_mean, y_mean = weights @ t / count, weights @ y / count
    centred = t - t_mean
    weighted = weights * centred
    slope = float(weighted @ (y - y_mean)) / float(weighted @ centred)
    return slope, float(y_mean - slope * t_mean)
