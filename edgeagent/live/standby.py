"""Silence in place of a microphone that gives nothing, at the pace of the clock.

The engine's time is the sample index. Were it to stand still when frames stop, buttons, deadlines and the lamp would
stop with it. When the card comes back and tells what was lost, the silence already given counts against it, and what
was given beyond that against the sound that follows: the sample index does not slip. Frames that were only late are
never dropped; then the silence stays, and is told as such. It also stays where frames stop anew before it is made
up for.
"""

from __future__ import annotations

from edgeagent.units import RATE

DRY_S = 0.2
"""Seconds without frames before silence takes their place. Late callbacks are no loss."""

AT_ONCE = RATE
"""Samples of silence given at a time at most: after a suspend the time that nobody lived through is left out."""


class Standby:
    """Engine thread only. All moments in seconds of one clock."""

    def __init__(self, now: float) -> None:
        self._last = now
        self._given = 0
        self._outage = 0
        self._settling = False  # a loss has been told, and silence given is still to be counted against something

    def absent(self, now: float) -> float:
        """Seconds since the last frames."""
        return now - self._last

    def missing(self, now: float) -> int:
        """Samples of silence due now."""
        if self.absent(now) < DRY_S:
            return 0
        due = int(self.absent(now) * RATE) - self._given
        if due < 0:  # they came, told less than was missing, and stopped again: time does not wait for the rest
            due += self._given
            self._given, self._settling = 0, False
        if due > AT_ONCE:
            self._last += (due - AT_ONCE) / RATE
            due = AT_ONCE
        self._given += due
        self._outage += due
        return due

    def over(self) -> int:
        """Samples of silence given since the last frames, or since this was asked."""
        outage, self._outage = self._outage, 0
        return outage

    def came(self, now: float, count: int, lost: bool) -> int:
        """`count` samples came; lost: as silence for lost ones. Returns how many of them have been given already."""
        self._last = now
        already = min(self._given, count) if lost or self._settling else 0
        self._given = self._given - already if already else 0
        self._settling = self._given > 0
        return already
