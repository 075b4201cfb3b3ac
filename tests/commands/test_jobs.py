"""Work in several processes: in order, begun as asked, and over when nobody wants more."""

from __future__ import annotations

from concurrent.futures import CancelledError
from threading import Event

import pytest

from edgeagent.commands import _jobs
from edgeagent.commands._jobs import at_once


def square(number: int) -> int:
    if number < 0:
        raise ValueError(f"{number} is negative")
    return number * number


begun: list[str] = []


def begin(what: str) -> None:
    begun.append(what)


def told(_order: int) -> list[str]:
    return begun


def test_results_come_in_order_from_processes_that_were_made_ready() -> None:
    assert list(at_once(square, [3, 1, 2], 2)) == [9, 1, 4]
    assert list(at_once(told, [1, 2, 3], 2, begin, "made ready")) == [["made ready"]] * 3
    assert not begun  # here


def test_a_fault_ends_it() -> None:
    working = at_once(square, [1, -1, 2], 2)
    assert next(working) == 1
    with pytest.raises(ValueError, match="-1 is negative"):
        next(working)


def test_what_a_process_was_given_ahead_is_not_begun_when_nobody_wants_it_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ctrl-C waited for a scene more of each process."""
    over = Event()
    monkeypatch.setattr(_jobs, "_over", [over])
    assert _jobs._unless_over(square, 3) == 9
    over.set()
    with pytest.raises(CancelledError):
        _jobs._unless_over(square, -1)
