"""Which rates a voice may have; apart from what converts them, for a configuration is checked without numpy."""

from __future__ import annotations

RATES = range(4000, 192_001, 25)
"""Hz that a voice may have: whole steps of 25, which all sound has. The filter of one in between, 44,099, takes seconds
and a gigabyte to make, and servers tell us their rate."""
