"""How often the device stops for nothing at each caution: written by `python -m tools.wishes`, not by hand.

From 120 scenes (build/unheard) with 42.6 minutes of the device's speech, edgeagent 0.1.0, near_end e581aaec8e2e,
backchannel dfc568448ac9. Assumed in an hour: 60 backchannels, 20 noises, 20 beginnings of far speech. The whole curve
is in docs/wishes.md.
"""

from __future__ import annotations

TABLE = (
    (-2.0, 16.11),
    (0.0, 14.9),
    (2.0, 11.11),
    (4.0, 4.44),
)
"""Caution in nats, rising, and false stops in an hour of our own speech, falling."""
