"""How fast we speak, and how much at once: slower for whoever asks for it, or has to interrupt again and again.

People who interrupt several times within a short time are told too much too fast. Each such burst, and each "slower,
please", takes a step; "faster" takes one back. All of it wears off: after a while without interruptions and wishes we
speak as before, for another may be listening by then.
"""

from __future__ import annotations

from collections import deque

from edgeagent.units import samples

STEP = 0.85
"""Of the rate. 15 % slower is heard as slower, and two steps do not drag."""

SLOWEST, FASTEST = STEP**3, 1 / STEP**2
"""0.61 and 1.38 of what is configured: beyond, espeak-ng and people's ears get worse."""

BURST, BURST_WITHIN = 3, samples(60_000)
"""So many interruptions in so long (1 min) mean that it is too much."""

QUIET = samples(600_000)
"""So long (10 min) after the last reason for it we speak as before."""


class Pace:
    """Engine thread only; moments are sample indices."""

    def __init__(self) -> None:
        self.rate = 1.0
        """Of what is configured."""
        self._interruptions: deque[int] = deque(maxlen=BURST)
        self._since = 0

    @property
    def brief(self) -> bool:
        """Whether a reply shall be short."""
        return self.rate < 1.0

    def recall(self, rate: float, at: int) -> None:
        """Begin with what was asked for before the device was off."""
        self.rate, self._since = min(FASTEST, max(SLOWEST, rate)), at

    def asked(self, command: str, at: int) -> None:
        """Somebody said "slower", "faster" or "normal"."""
        if command == "normal":
            self.rate = 1.0
        else:
            self._step(STEP if command == "slower" else 1 / STEP, at)

    def interrupted(self, at: int) -> bool:
        """Somebody has taken the floor from us; whether that was once too often."""
        self._interruptions.append(at)
        burst = len(self._interruptions) == BURST and at - self._interruptions[0] <= BURST_WITHIN
        if self.rate < 1.0:
            self._since = at
        if burst:
            self._interruptions.clear()
            if self.rate <= 1.0:  # who asked for "faster" is not told slowly for interrupting
                self._step(STEP, at)
        return burst

    def look(self, at: int) -> bool:
        """Whether it has been quiet for so long that we speak as before."""
        if self.rate == 1.0 or at - self._since < QUIET:
            return False
        self.rate = 1.0
        return True

    def _step(self, by: float, at: int) -> None:
        rate = min(FASTEST, max(SLOWEST, self.rate * by))
        self.rate = 1.0 if abs(rate - 1.0) < 0.01 else rate
        self._since = at
