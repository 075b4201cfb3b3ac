"""How long a reply may be: a model that repeats itself, or a program in a loop, does not end."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing

from edgeagent.errors import ServiceError

LONGEST = 8000
"""Characters of a reply at most, ten minutes of speech."""


def within(pieces: Generator[str]) -> Iterator[str]:
    """The pieces of a reply, and of an endless one its beginning: then ServiceError, so that it is told, and `pieces`
    is closed."""
    left = LONGEST
    with closing(pieces):
        for piece in pieces:
            if said := piece[:left]:
                yield said
            left -= len(piece)
            if left < 0:
                raise ServiceError(f"it has more than {LONGEST} characters", "what is beyond them is not said")
