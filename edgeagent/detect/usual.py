"""How loud the person is when they speak to the device. What is much weaker is somebody else, further away.

A microphone's gain is not known, and neither is the distance at which people use a device: only their own turns tell.
The level of each turn that was handed over moves the memory, in decibels: the first one all the way, later ones less
and less. It is bounded, so that no later turn, and no television that was once taken for one, makes the device deaf or
credulous; and what the ear makes of it depends on how many turns there were.
"""

from __future__ import annotations

from math import exp, log10

from edgeagent.turn.events import COUNTED_MOST, LEVELS_DBFS, UNKNOWN_DBFS

UNKNOWN = 10 ** (UNKNOWN_DBFS / 10)
"""Mean square that is assumed of somebody who has not spoken yet."""

LEAST, MOST = (10 ** (dbfs / 10) for dbfs in LEVELS_DBFS)
"""Bounds of the memory."""

LEAST_SHARE = 0.2
"""Share of the newest turn in the memory, however many there were: people move."""

FURTHEST_DB = 12.0
"""A turn that differs by more from what is known counts as if it differed by so much."""

AS_TURNS = 3
"""As so many turns of this start counts what was learnt at earlier ones, at most: meanwhile the device may have been
moved, or its microphone turned up. The next turn then moves the memory by a quarter, and by no more than 3 dB."""

FAR_DB, FAR_SLOPE_DB = 9.0, 1.5
"""A turn that is weaker than usual by the first is as likely as not from somebody further away: nearly three times the
distance. Of 28 turns of people in the development scenes whose level was known none was weaker by more than 3.4 dB."""


class Usual:
    """Mean square of the person's voice, and how sure that is. Engine thread only."""

    def __init__(self) -> None:
        self.power = UNKNOWN
        self.known = 0.0
        self.turns = 0
        """How many it was learnt from, at earlier starts as well."""
        self.last = 0.0
        """What `far` made of the last turn before it was learnt from; nothing while one is open."""
        self._weight = 0

    @property
    def dbfs(self) -> float:
        """`power` in decibels, full scale, within LEVELS_DBFS whatever a logarithm rounds to."""
        least, most = LEVELS_DBFS
        return min(most, max(least, 10 * log10(self.power)))

    def heard(self, power: float) -> None:
        """A turn was handed over whose voice had the mean square `power`."""
        self.last = self.far(power)
        self.turns = min(COUNTED_MOST, self.turns + 1)
        self._weight += 1
        share = max(LEAST_SHARE, 1.0 / self._weight)
        off_db = 10 * log10(max(power, LEAST) / self.power)
        if self._weight > 1:
            off_db = min(FURTHEST_DB, max(-FURTHEST_DB, off_db))
        self.power = min(MOST, max(LEAST, self.power * 10 ** (share * off_db / 10)))
        self.known = 1.0 - 0.5**self._weight

    def far(self, power: float) -> float:
        """Probability that a turn whose voice had the mean square `power` was not said to the device, by its level
        alone; 0 .. 1, and never more than is known of the person."""
        weaker_db = 10 * log10(self.power / max(power, LEAST))
        return self.known / (1.0 + exp((FAR_DB - weaker_db) / FAR_SLOPE_DB))

    def recall(self, dbfs: float, turns: int) -> None:
        """Begin with what `turns` turns have taught instead; with 0: forget."""
        self.power = 10 ** (dbfs / 10) if turns else UNKNOWN
        self.turns, self._weight = turns, min(turns, AS_TURNS)
        self.known = 1.0 - 0.5**self._weight
