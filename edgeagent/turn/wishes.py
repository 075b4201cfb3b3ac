"""What the user asks for, in what the policy counts with."""

from __future__ import annotations

from math import log

USUAL = 6.0
"""Tolerated false stops an hour at which everything in the policy holds as it stands."""


def caution(false_stops_per_hour: float) -> float:
    """Nats by which a stop must be surer than usual. Wald: the rate of wrong crossings falls by e per nat."""
    return -log(false_stops_per_hour / USUAL)
