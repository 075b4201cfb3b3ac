"""What a device's own history says about its caution with the people it lives with.

Two kinds of mistake show by themselves. A stop that was taken back was too eager. And who is not stopped for says it
again, or presses the button: that was too cautious. Both are counted against the time that we spoke, and the counts
shift the bound of a stop: by the logarithm of how often a mistake happens over how often it may, both counts begun at
PRIOR (the mean of a gamma prior after Poisson counts; Gelman et al., "Bayesian Data Analysis", 2.6). By Wald's rule a
nat of caution divides the false stops by e, so that many nats bring them back to what is tolerated. As the counts are
made while the shift works, it settles about half way: enough to be felt, and nothing that could swing.

A mistake that does not show teaches nothing: having seen none is no reason to be bolder, and a stop for the television
that was never taken back is no lesson. How often somebody says "uh-huh" is not counted by itself: it matters as far as
we stop for it.
"""

from __future__ import annotations

from math import log

from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.units import RATE, samples, seconds

MOST = 1.5
"""Nats of caution, either way, that history may bring: false stops a quarter as often, or four times. No evening with a
television makes the device deaf to "stop", or jumpy for good."""

PRIOR = 8.0
"""Mistakes of either kind that it takes to half believe the counts: the first one moves the bound by 0.1 nats."""

AGAIN = samples(4000)
"""Who was passed over and begins again within this long says the same once more. Whatever follows within a second is
taken for the same utterance by the policy, and was heard."""

REPEATED = 2.0
"""Interruptions an hour of our speech that may have to be repeated without a lesson in it: a cough or an "uh-huh" and
then, by chance, an interruption within AGAIN."""

MEMORY_S = 8 * 3600.0
"""Seconds of our own speech after which all that was counted counts half: weeks of ordinary use."""

TOLD_EVERY = samples(300_000)
"""Speech after which the counts are told although no mistake was made (5 min)."""

MISTAKES_MOST = 1000.0
"""Of either kind; then everything counts half as well."""

LONG_AGO = -(10**9)


class Habits:
    """The counts, and the shift that they make. Engine thread only."""

    def __init__(self, tolerated: float, adapt: bool = True) -> None:
        """tolerated: false stops an hour. adapt: false to count and shift nothing."""
        self.false_stops = self.repeats = 0.0
        self.spoken = 0
        """Samples during which we spoke and judged what we heard."""
        self.lean = 0.0
        """Nats that a stop must be surer, within MOST; changes only when there is news."""
        self._tolerated = tolerated
        self._adapt = adapt
        self._news = False
        self._passed_over = LONG_AGO
        self._taken_back = LONG_AGO

    def recall(self, false_stops: float, repeats: float, spoken_s: float) -> None:
        """Begin with these counts instead; with three zeros: forget."""
        self.false_stops, self.repeats, self.spoken = false_stops, repeats, round(spoken_s * RATE)
        self._passed_over = self._taken_back = LONG_AGO
        self._settle(news=False)

    def spoke(self, n: int) -> None:
        """We spoke for `n` samples more."""
        before, self.spoken = self.spoken, self.spoken + n
        if before // TOLD_EVERY != self.spoken // TOLD_EVERY:
            self._settle()

    def note(self, before: s.State, event: e.Event, after: s.State) -> None:
        """`event` led from one state to the other."""
        match before, event, after:
            case s.Yielding(), e.Judged(), s.Speaking():
                self.false_stops += 1
                self._taken_back = event.at
                self._settle()
            case s.Doubting(), e.Judged() | e.Passed(), s.Speaking():
                self._passed_over = event.at
            case s.Yielding(turn=onset), _, s.Thinking():
                self._held(onset)
            case s.Doubting(), e.ButtonShort(), _:
                self._repeated()
            case s.Speaking(), e.ButtonShort(), _ if event.at - self._passed_over <= AGAIN:
                self._repeated()

    def take_news(self) -> bool:
        """Whether anything has changed that is worth telling, since this was last asked."""
        news, self._news = self._news, False
        return news

    def _held(self, onset: int) -> None:
        """A stop that was not taken back; its cause began at `onset`."""
        if onset - self._taken_back <= AGAIN:  # the one before was meant, too
            self.false_stops = max(0.0, self.false_stops - 1)
            self._taken_back = LONG_AGO
            self._settle()
        elif 0 <= onset - self._passed_over <= AGAIN:
            self._repeated()

    def _repeated(self) -> None:
        self.repeats += 1
        self._passed_over = LONG_AGO
        self._settle()

    def _settle(self, news: bool = True) -> None:
        while seconds(self.spoken) > MEMORY_S or max(self.false_stops, self.repeats) > MISTAKES_MOST:
            self.false_stops, self.repeats, self.spoken = self.false_stops / 2, self.repeats / 2, self.spoken // 2
        self._news = self._news or news
        if self._adapt:
            self.lean = lean(self.false_stops, self.repeats, seconds(self.spoken), self._tolerated)


def lean(false_stops: float, repeats: float, spoken_s: float, tolerated: float) -> float:
    """Nats of caution, within MOST, that so many mistakes in so many seconds of our speech bring, where `tolerated`
    false stops an hour are."""
    eager = _excess(false_stops, tolerated * spoken_s / 3600)
    slow = _excess(repeats, REPEATED * spoken_s / 3600)
    return max(-MOST, min(MOST, eager - slow))


def _excess(counted: float, expected: float) -> float:
    return max(0.0, log((PRIOR + counted) / (PRIOR + expected)))
