"""What the canceller believes of itself, measured on the live signals and on nothing else.

Echo return loss enhancement (ITU-T G.168) per hop while the far end is audible, followed as an upper expectile (Newey &
Powell 1987): near-end speech lowers single hops and is outweighed by the pauses between its syllables, while a filter
that really fails is low in all of them. Left out: telling a person who never pauses from an echo that was never
cancelled; both look alike from one microphone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from edgeagent.units import HOP, RATE


class Trust(StrEnum):
    """Whether to listen through our own voice."""

    CONVERGING = "converging"
    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True, slots=True)
class Confidence:
    """The canceller's view of itself after one hop."""

    erle_db: float
    """Echo power over suppressed power while the far end is audible; 0 to about 60."""

    linear_erle_db: float
    """The same before suppression."""

    coherence: float
    """Of what is left with the echo estimate, 0 to 1: high means misadjusted, low means somebody else."""

    misadjustment: float
    """Residual echo that the filter itself expects, as a share of the error power, 0 to 1."""

    delay: int
    """Samples from far end to the strongest arrival of the echo; -1 unknown."""

    drift_ppm: float
    """By how much the loudspeaker's clock is fast; 0 until known."""

    far_active: bool
    """The far end is audible now, or was within the length of the filter."""

    trust: Trust

    moved: bool
    """The echo path seems to have become another within the last tenths of a second: what is left may be echo."""


HOPS_PER_SECOND = RATE / HOP

GOOD_DB = 6.0
"""Linear echo return loss enhancement from which a hop speaks for the filter."""

ENOUGH = round(0.6 * HOPS_PER_SECOND)
"""Hops of audible echo before there is any verdict."""

PATIENCE = round(4.0 * HOPS_PER_SECOND)
"""Hops of audible echo over which a failure must last."""

TRUST_SHARE, DOUBT_SHARE = 0.5, 0.12
"""Share of good hops from which we trust, and up to which we doubt. Continuous near-end speech as loud as the echo
leaves a quarter of the hops good."""

NEAR_FLOOR = 4.0
"""Error power over noise floor up to which a hop is good, whatever its enhancement: there is no echo left."""

STILL_STEP = 1.02
"""Step per hop of the median level of the room while we are silent: 5 dB a second."""

NEAR_STILL = 2.0
"""Error power over that level up to which a hop is good as well: what is left is the room, however uneven its noise,
and no canceller can be seen to do better in it."""

DEAD = 1e-10
"""Mean power (-100 dBFS) that is no room's noise but digital silence."""

FLOOR_RISE = 1.005
"""Rise per hop of the noise floor, a running minimum: 1.4 dB a second."""

RISE, FALL, FALL_COHERENT = 0.12, 0.003, 0.03
"""Expectile steps of the enhancement per hop: up, down, and further down by the squared coherence of what is left with
the echo estimate: what is coherent is echo, what is not may be a person."""


class Judge:
    """Follows the enhancement and the verdict. One owner thread."""

    def __init__(self) -> None:
        self.erle_db = 0.0
        self.linear_erle_db = 0.0
        self.trust = Trust.CONVERGING
        self._floor = 1.0
        self._still = 0.0
        self._listened = 0
        self._unheard = 0
        self._seen = 0
        self._share = 0.0
        self._bad = 0

    def hop(self, microphone: float, linear: float, clean: float, coherence: float, echo_expected: bool) -> Trust:
        """Mean powers of one hop of the microphone, the linear and the suppressed output; coherence of what is left
        with the echo estimate; `echo_expected`: the far end is audible in it."""
        if linear > DEAD:
            self._floor = min(self._floor * FLOOR_RISE, linear)
        if not echo_expected:
            self._listen(linear)
            return self.trust
        room = max(NEAR_FLOOR * self._floor, NEAR_STILL * self._still)
        if microphone < room:
            return self._inaudible()
        self._unheard = 0
        fall = FALL + FALL_COHERENT * coherence * coherence
        self.linear_erle_db = _expectile(self.linear_erle_db, _ratio_db(microphone, linear), fall)
        self.erle_db = _expectile(self.erle_db, _ratio_db(microphone, clean), fall)
        good = linear < room or _ratio_db(microphone, linear) >= GOOD_DB
        self._seen += 1
        self._share += (good - self._share) / min(self._seen, HOPS_PER_SECOND * 2)
        return self._verdict()

    def _inaudible(self) -> Trust:
        """We play and the room hides it: where there is no echo for long, none is to be doubted."""
        self._unheard += 1
        if self.trust is Trust.UNTRUSTED and self._unheard >= PATIENCE:
            self.trust = Trust.CONVERGING
            self._seen = self._bad = 0
        return self.trust

    def _listen(self, linear: float) -> None:
        """The room without us: follow its median level, in shorter steps the longer we have listened."""
        if linear <= DEAD:
            return
        self._listened += 1
        step = STILL_STEP ** max(1.0, HOPS_PER_SECOND / self._listened)
        self._still = linear if self._listened == 1 else self._still * (step if linear > self._still else 1 / step)

    def _verdict(self) -> Trust:
        self._bad = self._bad + 1 if self._share < DOUBT_SHARE else 0
        if self._seen >= ENOUGH and self._share > TRUST_SHARE:
            self.trust = Trust.TRUSTED
        elif self._seen >= PATIENCE and self._bad > HOPS_PER_SECOND:
            self.trust = Trust.UNTRUSTED
        return self.trust


def _ratio_db(above: float, below: float) -> float:
    return min(60.0, max(0.0, 10.0 * math.log10((above + 1e-12) / (below + 1e-12))))


def _expectile(old: float, new: float, fall: float) -> float:
    return old + (RISE if new > old else fall) * (new - old)
