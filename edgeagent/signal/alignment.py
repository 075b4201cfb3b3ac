"""Keeps the far end in step with its echo: start-up delay, jumps, drift.

The canceller's filter only spans 224 ms, so the far end is handed to it delayed, HEAD samples ahead of the echo's
strongest arrival. Left out: stretching sound; a drifting delay is followed by reading the far end at a moving point.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeagent.signal import Sound
from edgeagent.signal.delay import LAGS, PARTITIONS, USABLE, DelayEstimator
from edgeagent.signal.drift import DriftEstimator
from edgeagent.signal.fourier import forward
from edgeagent.signal.history import LOOKAHEAD, Recent
from edgeagent.units import HOP, RATE

HEAD = 288
"""Samples (18 ms) of the filter before the strongest arrival: in furnished rooms with the loudspeaker turned away the
direct sound comes that much earlier, and there must be room for drift not yet known."""

RESERVE = 96
"""Samples by which a near loudspeaker whose clock is fast is read later once that is known: so far it can be followed
before we would have to read what is not played yet."""

LEAST_HEAD = 96
"""Samples (6 ms) of the filter before the strongest arrival that are not given up for that."""

LEAST_ROOM = 16
"""Fewer samples won are not worth it: the filter's uncertainty grows each time."""

LOOK = 4
"""Hops between two looks at the correlation (64 ms)."""

RARELY = 16
"""Hops between two looks (256 ms) while the filter explains what is heard, and how the delay drifts is known or hardly
at all: a look costs a third of a step. An echo that jumps is explained no longer, within a hop or two."""

FIT = 16
"""Hops between two fits of the drift line (256 ms) once it is known, or hardly there; until then every look may find
it. A fit costs as much as a whole step."""

AGREE = 4.0
"""Samples within which two looks show the same delay."""

JUMP = 24.0
"""Samples by which the delay must differ from where we read to be worth moving for; less the filter absorbs."""

AUDIBLE = np.float32(1e-7)
"""Mean power of the far end (-70 dBFS) below which a delay cannot be measured."""

PULL = 6.0 * RATE
"""Samples over which a remaining offset from the drift line is walked off."""

REACH = 0.5
"""Most samples of offset walked off in that time: a misread line must not drag the filter about."""

ENOUGH = 3
"""Looks in a row that must agree before anything moves."""

_RAMP = (np.arange(1, HOP + 1) / HOP).astype(np.float32)


class Move(NamedTuple):
    """The echo's strongest arrival seems to be at `lag`: read the far end `after` samples late instead of `before`.
    first: nothing was known until now. sure: seen often enough to need no proof."""

    before: float
    after: float
    lag: float
    first: bool
    sure: bool


class Alignment:
    """Where to read the far end. One owner thread."""

    def __init__(self, span: int, drift: bool) -> None:
        """`span`: samples of aligned far end that `read` must be able to give at once. `drift`: follow the clocks."""
        self.position = 0.0
        self.lag = -1.0
        self.ppm = 0.0
        self._far = Recent(LAGS + span + 2 * LOOKAHEAD)
        self._estimator = DelayEstimator()
        self._drift = DriftEstimator() if drift else None
        self._frames = np.zeros((2, 2 * HOP), np.float32)
        self._hops = 0
        self._audible = 0
        self._looks: list[float] = []
        self._offset = 0.0
        self._walk = 0.0
        """Samples per hop of a remaining offset that are walked off, as long as the echo is there to tell where to."""

    def push(self, far: Sound, microphone: Sound) -> Sound:
        """Take one hop of both, (HOP,) float32; returns the far end in step with its echo, (HOP,)."""
        self._hops += 1
        self._far.push(far)
        recent = self._far.last(2 * HOP)
        self._audible = PARTITIONS if float(recent @ recent) > AUDIBLE * 2 * HOP else self._audible - 1
        if self._audible > 0:
            self._frames[0] = recent
            spectra = forward(self._frames)
            self._estimator.push(spectra[0], spectra[1])
        self._frames[1, HOP:] = microphone
        first = self._far.delayed(HOP, self.position)
        if not self._creep:
            return first
        walked = self._walk if self._audible > 0 else 0.0
        self.position = _within(self.position - self._creep + walked, LOOKAHEAD)
        last = self._far.delayed(HOP, self.position)
        return first + (last - first) * _RAMP

    def rest(self, hops: int) -> None:
        """So many hops in which nothing was played are not pushed: the clocks go on all the same."""
        self._hops += hops
        if self._creep:
            self.position = _within(self.position - hops * self._creep, LOOKAHEAD)

    def miss(self, far: Sound) -> None:
        """One hop of the far end, (HOP,) float32, whose echo was lost: it goes by, and the clocks go on."""
        self._far.push(far)
        self.rest(1)
        self._estimator.restart()
        self._frames[1, HOP:] = 0
        self._looks.clear()

    def read(self, n: int, position: float) -> Sound:
        """The newest `n` samples of the far end as read at `position`; n at most the span."""
        return self._far.delayed(n, position)

    def look(self, explained: bool = False) -> Move | None:
        """Once after each push: measure. `explained`: the filter leaves little of what is heard. Returns a proposal
        when the echo seems to be clearly somewhere else."""
        if self._audible <= 0 or self._hops % LOOK:
            return None
        calm = explained and self.lag >= 0 and (self._drift is None or self._drift.settled)
        every = RARELY if calm else LOOK
        if self._hops % every:
            return None
        peak = self._estimator.peak(round(self.lag))
        if peak is None or (self._looks and abs(peak.lag - self._looks[-1]) > AGREE):
            self._looks.clear()
        if peak is None:
            return None
        self._looks.append(peak.lag)
        del self._looks[:-ENOUGH]
        sure = len(self._looks) == ENOUGH
        if self.lag >= 0 and abs(peak.lag - self.lag) <= JUMP:
            if sure:
                self._follow(peak.lag, every // LOOK)
            return None
        if self.lag < 0 and not sure:
            return None
        lag = sum(self._looks) / len(self._looks)
        # reading between samples takes LOOKAHEAD: without that room, the drift of a near loudspeaker is never followed
        room = self._drift is not None and lag > 2 * LOOKAHEAD
        after = _within(lag - HEAD + self._offset, LOOKAHEAD if room else 0.0)
        if self._drift is None or self.lag < 0 or after < LOOKAHEAD:
            after = float(round(after))
        return Move(self.position, after, lag, self.lag < 0, sure)

    def make_room(self) -> int:
        """By how many samples the far end is read later from now on, because the loudspeaker is near, its clock is
        fast, and we read as early as we can; 0: no need, or none left."""
        if self.ppm <= 0 or self.position > LOOKAHEAD:
            return 0
        later = min(RESERVE, int(self.lag - LEAST_HEAD - self.position))
        if later < LEAST_ROOM:
            return 0
        self.position += later
        self._offset += later
        return later

    def take(self, move: Move) -> None:
        """Do as proposed."""
        self._looks.clear()
        self.position, self.lag = move.after, move.lag
        if self._drift is not None:
            self._drift.reset()

    def stay(self, move: Move) -> None:
        """The filter has the echo from here: only note where its strongest arrival is now."""
        self.lag = move.lag
        self._offset = self.position + HEAD - move.lag
        if self._drift is not None:
            self._drift.reset()

    def told(self, shift: int) -> Move:
        """The card says that the echo is now `shift` samples later than before."""
        # what creeps is read no nearer than that with the next hop, and the filter must be told of it now
        after = _within(self.position + shift, LOOKAHEAD if self._creep else 0.0)
        if after < LOOKAHEAD:  # nothing between samples can be read there
            after = float(round(after))
        move = Move(self.position, after, self.lag, False, True)
        self.position = after
        if self.lag >= 0:
            self.lag = self.lag + shift if 0 <= self.lag + shift < USABLE else -1.0
        if self._drift is not None:
            self._drift.shift(shift)
        self._estimator.reset()
        self._looks.clear()
        return move

    @property
    def _creep(self) -> float:
        """Samples per hop by which the clocks part."""
        return self.ppm * 1e-6 * HOP

    def _follow(self, lag: float, looks: int) -> None:
        """The echo is where we thought, in place of so many `looks`: learn how it creeps."""
        self.lag = lag
        if not self.ppm:
            self._offset += 0.1 * (self.position + HEAD - lag - self._offset)
        if self._drift is None:
            return
        self._drift.add(self._hops * HOP, lag, looks)
        if self._hops % (FIT if self.ppm or self._drift.unlikely else LOOK):
            return
        line = self._drift.line()
        if line is None or self.position < LOOKAHEAD:
            return
        if not self.ppm:
            self._offset = self.position + HEAD - line.lag
        ahead = min(max(line.lag - HEAD + self._offset - self.position, -REACH), REACH)
        self.ppm = line.ppm
        self._walk = ahead / PULL * HOP


def _within(position: float, least: float = 0.0) -> float:
    """`position`, or the nearest at which the far end can be read: nothing is due sooner than now, and what is due
    later than any delay that is searched for may no longer be in memory. A clock that drifts gets there."""
    return min(max(position, least), float(USABLE))
