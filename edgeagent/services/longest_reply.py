"""How long a reply may be, whoever gives it: one that does not end is cut, and whoever looks is told."""

from __future__ import annotations

from edgeagent.errors import ServiceError

LONGEST = 8000
"""Characters of a reply at most, ten minutes of speech: a model that repeats itself does not end."""


def too_long() -> ServiceError:
    """What a reply is broken off with. What has been said of it stands."""
    return ServiceError(f"it was cut at {LONGEST} characters")
