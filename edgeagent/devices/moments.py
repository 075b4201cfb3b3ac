"""When a frame was heard or will sound, in seconds of time.monotonic(), from clocks that cannot be taken at their word.

The host behind PortAudio stamps its callbacks with a clock of its own choice: ALSA hardware with CLOCK_MONOTONIC, some
plugins with the wall clock, others with nothing. Children behind pipes give no stamps at all.
"""

from __future__ import annotations

import time

LIKENESS_S = 1.0
"""Two clocks this close at the first callback are taken for the same; monotonic and wall clock are decades apart."""

LEAK = 500e-6
"""How fast, in seconds per second, the steady clock gives way to later arrivals: more than two crystals ever drift."""


class Steady:
    """Frame times from jittery arrivals. A block never arrives early, so the earliest arrivals tell the true rhythm;
    the estimate leaks towards later ones to follow drift. One thread."""

    def __init__(self, rate: int) -> None:
        self._period = 1 / rate
        self._frames = 0
        self._zero: float | None = None

    def arrived(self, frames: int, now: float) -> float:
        """The moment of the first of `frames` frames that were complete at `now`."""
        self._frames += frames
        zero = now - self._frames * self._period
        if self._zero is None:
            self._zero = zero
        self._zero = min(zero, self._zero + frames * self._period * LEAK)
        return self._zero + (self._frames - frames) * self._period

    def late(self, frames: int, now: float) -> float:
        """By how many seconds `frames` frames that are complete at `now` come late: lost ones before them cannot have
        taken longer. Before `arrived`."""
        return 0.0 if self._zero is None else max(0.0, now - self._zero - (self._frames + frames) * self._period)


class StreamClock:
    """From a PortAudio stream's time to time.monotonic(). The callback thread of that stream only."""

    def __init__(self) -> None:
        self.kind = ""
        """monotonic, wall, or none (the stamps mean nothing); "" before the first callback."""

    def offset(self, current: float) -> float:
        """What to add to the stream's times; `current` is the stream's own idea of now. Meaningless if kind is none."""
        if self.kind == "monotonic":
            return 0.0
        now = time.monotonic()
        if not self.kind:
            near = {"monotonic": now, "wall": time.time()}
            self.kind = next((kind for kind, clock in near.items() if abs(clock - current) < LIKENESS_S), "none")
        if self.kind != "wall":
            return 0.0
        wall = time.time()
        return now - (wall if abs(wall - current) < LIKENESS_S else current)  # it was set since the stream read it
