"""Where the two models meet: a person here, or a noise, or somebody far away?

The near-end detector hears within a hop or two *that* something sounds; whether it is a person here or the television
it can only guess until it knows how loud the person usually is. The backchannel model has listened to the whole
overlap, to its words and its melody: where it hears somebody who takes the floor or listens aloud, it is neither. Of
what sounds, the share that is a person is therefore asked of both, and their log odds are added: those of the second
in part, for it has heard the same sound and its errors are not its own (a logarithmic opinion pool: Genest & Zidek
1986, "Combining probability distributions", Statistical Science 1). Whether anything sounds at all only the first can
say.
"""

from __future__ import annotations

from math import exp

from edgeagent.detect.backchannel import Overlap
from edgeagent.detect.near_end import Presence
from edgeagent.turn.policy import bounded, log_odds

SHARE = 0.4
"""Of what the backchannel model says. Chosen on scenes: with 0 a person whose level is not known yet passes for a
television for half a second and more; with 1 a television that says something sensible passes for a person."""

MOVED = 0.25
"""Of the log odds for a person that is believed where the echo path may just have become another: what the networks
hear may be our own voice from where the filter does not know it."""


def accord(presence: Presence, overlap: Overlap) -> float:
    """P(a person is speaking here) in this hop, in [1 - SURE, SURE]."""
    sounding = presence.near + presence.other
    odds = log_odds(bounded(presence.near / sounding))
    odds += SHARE * log_odds(bounded(overlap.floor + overlap.backchannel))
    return bounded(sounding / (1.0 + exp(-odds)))


def doubted(near: float) -> float:
    """P(a person is speaking here) where what is heard may be our own voice, with an echo path that has just moved."""
    return near if near <= 0.5 else bounded(1.0 / (1.0 + exp(-MOVED * log_odds(near))))
