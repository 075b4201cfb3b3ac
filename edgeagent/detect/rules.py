"""What is left when a model fails while it runs: a person is whatever is clearly louder than the noise and than the
echo that is expected, and takes the floor by going on.

Crude: a cough passes for a beginning, the television for a person. But a person who goes on is heard.
"""

from __future__ import annotations

from math import exp

from edgeagent.detect.backchannel import Overlap
from edgeagent.signal.features import ECHO, LEVEL_OVER_ECHO
from edgeagent.signal.measure import BANDS, Vector

SPEECH = slice(BANDS // 5, BANDS * 3 // 4)
"""Bands of about 350 to 4000 Hz."""

CLEAR = 0.9
"""Decades above the noise floor (9 dB) at which somebody is as likely as not."""

STEEP = 6.0
"""Nats per decade."""

OVER_ECHO = 0.3
"""Decades (3 dB) by which what is left must exceed the echo estimate where there is one: what is coherent with it is
misadjustment."""

AUDIBLE = 1.0
"""Decades above the noise floor from which the echo estimate counts."""

FLOOR, BACKCHANNEL = 0.5, 0.25
"""Nothing is known of what the overlap is; the policy then decides by how long it lasts."""


class Rules:
    """Keeps a short mean. One thread."""

    def __init__(self) -> None:
        self._level = 0.0

    def hear(self, vector: Vector) -> tuple[float, Overlap]:
        """`vector` (SIZE,) of one hop to P(near-end speech), and what the overlap is."""
        self._level += 0.4 * (float(vector[:BANDS][SPEECH].mean()) - self._level)
        odds = STEEP * (self._level - CLEAR)
        if float(vector[ECHO][SPEECH].mean()) > AUDIBLE and float(vector[LEVEL_OVER_ECHO]) < OVER_ECHO:
            odds = min(odds, -1.0)
        near = 1.0 / (1.0 + exp(-max(-6.0, min(6.0, odds))))
        return near, Overlap(FLOOR, BACKCHANNEL)
