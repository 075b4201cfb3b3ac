"""The rates at which a card may run, whichever way it is driven."""

from __future__ import annotations

RATES = (16000, 48000, 44100, 32000)
"""In the order we like them: none to convert, a whole ratio, what is left. Hz."""
