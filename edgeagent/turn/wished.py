"""How often the device stops for nothing at each caution: written by `python -m tools.wishes`, not by hand.

From 120 scenes (build/unheard) with 45.5 minutes of the device's speech, edgeagent 0.1.0, near_end e581aaec8e2e,
backchannel dfc568448ac9. Assumed in an hour: 60 backchannels, 20 noises, 20 beginnings of far speech. The whole curve
is in docs/wishes.md.
"""

from __future__ import annotations

TABLE = (
    (-2.0, 10.33),
    (0.0, 8.56),
    (2.0, 4.63),
    (4.0, 3.26),
)
"""Caution in nats, rising, and false stops in an hour of our own speech, falling."""
