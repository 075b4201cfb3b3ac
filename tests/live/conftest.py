"""What every test of the audio threads is held to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import enumerate as threads

import pytest

ENDING_S = 10.0
"""Real time that a card's thread may take to end, on a busy machine."""


@pytest.fixture(autouse=True)
def no_card_stays_open() -> Iterator[None]:
    """A card's thread runs in real time: one that stayed behind would be before whatever is tested next."""
    before = set(threads())
    yield
    end = time.monotonic() + ENDING_S
    while left := [one for one in threads() if one.name == "card" and one not in before]:
        assert time.monotonic() < end, left
        time.sleep(0.001)
