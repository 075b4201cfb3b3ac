"""What the user asks for, in what the policy counts with.

Tolerated false stops an hour become nats of caution by a measured table (`wished`, written by tools/wishes):
between its points in a straight line over the logarithm of the rate, outside of them by Wald's rule, by which each nat
divides the false stops by e.
"""

from __future__ import annotations

from itertools import pairwise
from math import log

from edgeagent.turn.wished import TABLE

Table = tuple[tuple[float, float], ...]
"""Caution in nats, rising, and the false stops an hour at it, falling."""

LEAST, MOST = -6.0, 6.0
"""Bounds of the caution that a wish may lead to. Together with what is learnt (`habits`, 1.5 nats) a stop still needs
more evidence than a doubt does, and less than the evidence can grow to."""


def caution(false_stops_per_hour: float, table: Table = TABLE) -> float:
    """Nats by which a stop must be surer than the policy's constants say, for so many tolerated false stops."""
    wished = log(false_stops_per_hour)
    (first, most), (last, least) = table[0], table[-1]
    if wished >= log(most):
        return max(LEAST, first - (wished - log(most)))
    for (below, more), (above, less) in pairwise(table):
        if wished >= log(less):
            share = (log(more) - wished) / (log(more) - log(less))
            return min(MOST, max(LEAST, below + share * (above - below)))
    return min(MOST, last + log(least) - wished)
