"""How often the device stops for nothing at each caution: assumed, and to be replaced by `python -m tools.wishes`.

Six an hour where the policy's constants stand as they are; the rest is Wald's rule.
"""

from __future__ import annotations

TABLE = ((0.0, 6.0),)
"""Caution in nats, rising, and false stops in an hour of our own speech, falling."""
