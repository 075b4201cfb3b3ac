"""Long stretches of lost sound, which the engine passes over instead of listening to the silence in their place.

That silence would cost as much as sound: an engine that is too slow for sound, and so has lost some, would never be
back in the present.
"""

from __future__ import annotations

from edgeagent.signal import Sound
from edgeagent.units import HOP, samples

LONG = samples(400)
"""Samples. What is shorter is heard as silence, so that nothing in the canceller or the ear jumps in time for it."""

EDGES = 2 * HOP
"""Samples of it at most that are heard all the same: where it begins and where it ends."""


class Gap:
    """Engine thread only."""

    def __init__(self) -> None:
        self._until = 0
        self._entered = False

    def lose(self, at: int, frames: int) -> int:
        """From about sample `at` on, `frames` samples are silence in place of lost ones. Returns how many of them are
        heard all the same."""
        if frames < LONG:
            return frames
        self._until = max(self._until, at + frames)
        return EDGES

    def covers(self, end: int, microphone: Sound) -> bool:
        """Whether the hop that ends at sample `end` may be passed over. Not so the first one, in which the canceller
        gives out what it still has of the sound before."""
        inside = end <= self._until + HOP and not microphone.any()
        entered, self._entered = self._entered, inside
        return inside and entered
