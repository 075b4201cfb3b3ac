"""What people say about how we speak: it is done, and neither answered nor asked about."""

from __future__ import annotations

SOFTER_OR_LOUDER = ("softer", "louder")

MANNER = ("slower", "faster", "normal", *SOFTER_OR_LOUDER)
"""Of `language.COMMANDS`."""

MISSED = ("slower", "louder")
"""Who says so has not understood: what was said last is said again."""

INTERRUPTED = "interrupted"
"""No command: somebody took the floor from us and meant it."""
