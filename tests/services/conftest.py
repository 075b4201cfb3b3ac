"""Waiting for other processes and threads without guessing how long they take."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import monotonic

import pytest

Eventually = Callable[[Callable[[], object]], None]


@pytest.fixture
def eventually() -> Eventually:
    """Waits until a condition holds; fails when it still does not after 10 s."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = monotonic() + 10
        while not condition():
            assert monotonic() < deadline, "it never happened"
            Event().wait(0.002)

    return wait
