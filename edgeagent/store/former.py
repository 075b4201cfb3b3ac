"""The memory of earlier versions: a JSON file of the numbers that were learnt, taken over once."""

from __future__ import annotations

import json
from pathlib import Path

from edgeagent.store.plain import from_plain
from edgeagent.turn.events import Remembered

LARGEST = 4096
"""Bytes; it had some 250."""


def numbers(path: Path) -> Remembered | None:
    """What the file holds; None if it is none of these."""
    try:
        with path.open("rb") as file:
            plain = json.loads(file.read(LARGEST))
        return from_plain(Remembered, {**(plain["remembered"] or {}), "at": 0}) if plain["format"] == 1 else None
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return None
