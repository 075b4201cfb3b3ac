"""Types that say what a setting may be."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Interval

Pin = Annotated[int, Interval(ge=0, le=27)]
"""A GPIO by its BCM number, as on the pinout card, not the position on the header."""

OptionalPin = Annotated[int, Interval(ge=-1, le=27)]
"""A GPIO by its BCM number; -1 for none."""

Port = Annotated[int, Interval(ge=0, le=65_535)]
"""A TCP port; what 0 means stands under each."""

PRIVATE = "private"
"""Marks text that may hold a password or a key: no message and no report prints it."""

Command = Annotated[str, PRIVATE]
"""A command line. People put tokens into these."""
