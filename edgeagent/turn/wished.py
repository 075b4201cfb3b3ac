"""How often the device stops for nothing at each caution: written by `python -m tools.wishes`, not by hand.

From 80 scenes (build/unheard) with 28.6 minutes of the device's speech, edgeagent 0.1.0, near_end e581aaec8e2e,
backchannel f8abc67fd8e7. Assumed in an hour: 60 backchannels, 20 noises, 20 beginnings of far speech. The whole curve
is in docs/wishes.md.
"""

from __future__ import annotations

TABLE = (
    (-2.0, 23.75),
    (0.0, 12.1),
    (2.0, 4.84),
    (4.0, 3.08),
)
"""Caution in nats, rising, and false stops in an hour of our own speech, falling."""
