"""Whether the engine keeps up with sound, and what is left out when it does not.

Measured is not time but what waits in front of the engine, in samples. That comes in bursts: callbacks are late and
then come together, a disk or another program holds us up for a moment, and a stall of a second leaves a second of sound
behind. None of these is slowness: an engine that keeps up clears the queue. So what counts is the least that waited
within a stretch of sound (the standing queue: Nichols & Jacobson 2012, "Controlling queue delay", ACM Queue 10(5)),
and that it does not shrink.

While it stands, one thing after the other is left out (`turn.levels`), or all at once where it is long. When the queue
has been empty for a while, the last of them is taken up again. If that proves too much, it is tried again after twice
the time, so that a machine that is a little too slow does not waver. When all is left out and the queue still stands,
what waits is dropped: the device is in the present again, and the journal says how much was lost.

Sample counts only, no clock: what is decided follows from the order of blocks alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from edgeagent.turn.levels import Level
from edgeagent.units import samples

STRETCH = samples(250)
"""Samples of sound after which is looked at the least that waited. Callbacks are late by 100 ms at worst."""

STANDING = samples(60)
"""Samples that wait at the least. So late is not yet felt; it is six blocks of a card, which a busy machine delays."""

EMPTY = samples(20)
"""Samples, at most two blocks of most cards, with which the queue is as good as empty."""

CATCHING_UP = STRETCH // 20
"""Samples by which a queue must shrink in a stretch: 2 s are then made up for in 40."""

TRIED = samples(10_000)
"""Samples without a queue after which something is taken up again; and so long it is on trial."""

SELDOM = samples(320_000)
"""At most so long between two trials."""

FAR = samples(1000)
"""Samples that wait at the least, from which all is left out at once: the slower the engine is, the longer it takes for
a stretch of sound, and one thing after the other would take minutes."""

TOO_LATE = samples(500)
"""Samples that wait, all being left out that can be, from which they are dropped: an answer so late is none."""


SPAN = samples(4000)
"""Of sound, over which is looked at how much was given up."""


class Share:
    """How much of the sound was given up: dropped, or lost because the engine held the card's callbacks up."""

    def __init__(self) -> None:
        self.most = False
        """More than half of the last SPAN: who speaks is not heard any more."""
        self._taken = self._given_up = 0

    def count(self, taken: int, given_up: int) -> None:
        """Samples."""
        self._taken += taken
        self._given_up += given_up
        if self._taken + self._given_up >= SPAN:
            self.most = self._given_up > self._taken
            self._taken = self._given_up = 0


class Helper(Protocol):
    """Something that helps the ear and costs the processor, in a thread or process of its own: a word spotter."""

    def pause(self) -> None:
        """Do no work until `resume`. Engine thread; returns at once."""

    def resume(self) -> None: ...


class Pace:
    """Engine thread only."""

    def __init__(self, helpers: Sequence[Helper] = ()) -> None:
        """helpers: are paused from `Level.HINT` on."""
        self.level = Level.NOTHING
        self.most = 0
        """Samples that waited at most, since this was last set to 0."""
        self.gathering = 0
        """Samples that are let wait on purpose, as of the next look: they are no queue."""
        self.hopeless = False
        """All is left out and it is too late already: what waits is to be dropped (then call `dropped`)."""
        self.lost = Share()
        """What became of the sound."""
        self._helpers = helpers
        self._seen = 0  # of the stretch
        self._least = samples(10_000)
        self._before = 0  # the least of the stretch before
        self._calm = 0  # without a queue
        self._patience = TRIED
        self._trial = 0  # what is left of one

    def look(self, waiting: int, taken: int) -> Level | None:
        """After a block of `taken` samples of sound, with so many still `waiting`. The new level, if it changes."""
        self.gathering = max(0, self.gathering - taken)
        waiting = max(0, waiting - self.gathering)
        self.lost.count(taken, 0)
        self.most = max(self.most, waiting)
        self._least = min(self._least, waiting)
        self._seen += taken
        if self._seen < STRETCH:
            return None
        before, least, seen = self._before, self._least, self._seen
        self._before, self._least, self._seen = least, waiting, 0
        self._trial = max(0, self._trial - seen)
        if least <= EMPTY:
            return self._relax(seen)
        self._calm = 0
        standing = min(before, least)
        if standing <= STANDING or least <= before - CATCHING_UP:
            return None
        if self.level < max(Level):
            return self._shed(max(Level) if standing > FAR else Level(self.level + 1))
        self.hopeless = standing > TOO_LATE
        return None

    def dropped(self) -> None:
        """What waited was given up."""
        self.hopeless = False
        self._before = self._least = self._seen = 0

    def _shed(self, level: Level) -> Level:
        if self._trial:
            self._patience, self._trial = min(2 * self._patience, SELDOM), 0
        self._before = 0  # it needs a stretch to show
        return self._go(level)

    def _relax(self, seen: int) -> Level | None:
        self._calm += seen
        if self.level is Level.NOTHING or self._calm < self._patience:
            if self._calm >= SELDOM:
                self._patience = TRIED
            return None
        self._calm, self._trial = 0, TRIED
        return self._go(Level(self.level - 1))

    def _go(self, level: Level) -> Level:
        before, self.level = self.level, level
        if (before >= Level.HINT) != (level >= Level.HINT):
            for helper in self._helpers:
                (helper.pause if level >= Level.HINT else helper.resume)()
        return level
