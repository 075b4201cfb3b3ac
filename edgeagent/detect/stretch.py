"""Where somebody made a sound, by its energy alone: no model, so that what is found can teach one.

It looks at the canceller's cleaned sound, hop by hop, against what the echo and the room left of it in the seconds
before (the ground). A beginning takes two loud hops among four, so that a single burst of echo is none and a knock is
one; from there the stretch grows both ways over what is fainter, as words begin and end.
"""

from __future__ import annotations

from collections import deque
from math import log10

import numpy as np

from edgeagent.signal import Sound
from edgeagent.units import HOP, RATE

SILENCE_DB = -90.0
"""dBFS below which levels are not told apart."""

MEMORY = round(12 * RATE / HOP)
"""Hops that the ground is taken from: several sentences of ours."""

SHARE = 0.95
"""Of these hops lie below the ground."""

CLEAR_DB, FAINT_DB = 8.0, 3.0
"""Above the ground: what is a sound for sure, and what belongs to one beside it."""

LEAST_DB = -62.0
"""dBFS that a sound must have, however quiet the ground is: a person at a few metres has -50."""

LOUD, AMONG = 2, 4
"""Loud hops among so many that begin a sound."""

BRIDGED = round(0.35 * RATE / HOP)
"""Hops between two sounds that count as one: the closure of a consonant, the middle of "uh-huh", a pause for breath is
longer."""

GROWS = round(0.12 * RATE / HOP)
"""Most hops by which a stretch grows at either end over faint sound."""

BELOW_DB = 28.0
"""Below its loudest hop a sound has ended: what is left is the room's answer to it."""


def level_db(sound: Sound) -> float:
    """dBFS of (n,) float32."""
    return max(SILENCE_DB, 10 * log10(float(sound @ sound) / sound.size + 1e-12))


def clear_db(ground_db: float) -> float:
    """dBFS from which a hop over that ground is a sound for sure."""
    return max(ground_db + CLEAR_DB, LEAST_DB)


class Ground:
    """What is left of our own voice and the room where nobody makes a sound. One thread."""

    def __init__(self) -> None:
        self._levels: deque[float] = deque(maxlen=MEMORY)

    def push(self, level: float) -> None:
        """dBFS of a hop in which nobody makes a sound."""
        self._levels.append(level)

    def level(self) -> float:
        """dBFS below which SHARE of them are."""
        return float(np.quantile(self._levels, SHARE)) if self._levels else SILENCE_DB


class Stretches:
    """The sounds of one take, over a ground that is known when it begins. One thread."""

    def __init__(self, ground_db: float) -> None:
        self.ground_db = ground_db
        self._faint = ground_db + FAINT_DB
        self._clear = clear_db(ground_db)
        self._levels: list[float] = []
        self._last = -1

    @property
    def begun(self) -> bool:
        """Whether there has been a sound."""
        return self._last >= 0

    @property
    def quiet(self) -> int:
        """Hops since the last sound, or since the beginning."""
        return len(self._levels) - 1 - self._last

    def push(self, level: float) -> None:
        """dBFS of the next hop."""
        self._levels.append(level)
        newest = self._levels[-AMONG:]
        if level >= self._clear and sum(each >= self._clear for each in newest) >= LOUD:
            self._last = len(self._levels) - 1

    def found(self) -> list[tuple[int, int]]:
        """Hops [start, stop) of each sound, in order."""
        levels = np.array(self._levels)
        loud = levels >= self._clear
        sure = [at for at in np.flatnonzero(loud) if loud[max(0, at - AMONG + 1) : at + AMONG].sum() >= LOUD]
        spans: list[tuple[int, int]] = []
        for at in map(int, sure):
            if spans and at - spans[-1][1] < BRIDGED:
                spans[-1] = spans[-1][0], at + 1
            else:
                spans.append((at, at + 1))
        return [self._grown(levels, *span) for span in spans]

    def _grown(self, levels: np.ndarray[tuple[int], np.dtype[np.float64]], start: int, stop: int) -> tuple[int, int]:
        first, last = max(0, start - GROWS), min(levels.size, stop + GROWS)
        enough = float(levels[start:stop].max()) - BELOW_DB
        while start > first and levels[start - 1] >= max(self._faint, enough):
            start -= 1
        while stop < last and levels[stop] >= max(self._faint, enough):
            stop += 1
        while levels[start] < enough:
            start += 1
        while levels[stop - 1] < enough:
            stop -= 1
        return start, stop

    def level_db(self, spans: list[tuple[int, int]]) -> float:
        """dBFS over these hops; SILENCE_DB without any."""
        powers = [10 ** (level / 10) for start, stop in spans for level in self._levels[start:stop]]
        return 10 * log10(sum(powers) / len(powers)) if powers else SILENCE_DB
