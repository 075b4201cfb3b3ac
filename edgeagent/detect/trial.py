"""Whether a model that failed is tried once more, and when.

A network keeps a state, so one upset (a bit that flipped, an overflow) could spoil all that follows: it is begun anew
with an empty state, as at the start of the device, which is what it was trained from. A state that was spoilt is healed
by that, at once. What the sound itself brings about passes with that sound, so the next tries come later. A file or a
library that is broken is healed by nothing: after the last try the rules stay, and the device says so, instead of
wavering between two ways to hear. One failure a minute is borne with for ever.
"""

from __future__ import annotations

from edgeagent.units import samples

RESTS = (0, samples(1000), samples(10_000))
"""Samples after the first, second and third failure until the models are asked again; a fourth ends it."""

FORGIVEN = samples(60_000)
"""Samples of good work after which earlier failures count no more."""


class Trial:
    """Engine thread only."""

    def __init__(self) -> None:
        self.over = False
        """Given up for good."""
        self._failures = 0
        self._failed = -FORGIVEN
        self._until = 0
        self._why = ""

    def asks(self, at: int) -> bool:
        """Whether the models are to be asked in the hop that ends at sample `at`."""
        return not self.over and at >= self._until

    def take_failure(self) -> str:
        """Why they were given up, if they have been since this was last asked; else empty."""
        why, self._why = self._why, ""
        return why

    def fail(self, at: int, reason: str) -> None:
        """They were, and one failed."""
        if at - self._failed >= FORGIVEN:
            self._failures = 0
        self._failed = at
        self.over = self._failures == len(RESTS)
        if self.over:
            self._why = reason
        else:
            self._until = at + RESTS[self._failures]
            self._failures += 1
