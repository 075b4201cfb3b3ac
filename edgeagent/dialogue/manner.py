"""What people say about how we speak: it is done, and neither answered nor asked about."""

from __future__ import annotations

SOFTER_OR_LOUDER = ("softer", "louder")

MANNER = ("slower", "faster", "normal", *SOFTER_OR_LOUDER)
"""Of `language.COMMANDS`."""

OPPOSITE = {"slower": "faster", "faster": "slower", "louder": "softer", "softer": "louder", "normal": "normal"}
"""What "too" and "not so" make of each."""

MISSED = ("slower", "louder")
"""Who says so has not understood: what was said last is said again."""

INTERRUPTED = "interrupted"
"""No command: somebody took the floor from us and meant it."""
