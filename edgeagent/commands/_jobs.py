"""Long work in several processes at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from edgeagent.commands.terminal import Progress

Order = TypeVar("Order")
Result = TypeVar("Result")


class Flag(Protocol):
    """A multiprocessing.Event."""

    def is_set(self) -> bool: ...


_over: list[Flag] = []
"""In a process that works for another: whether that one wants nothing more."""


def at_once(
    function: Callable[[Order], Result],
    orders: Sequence[Order],
    jobs: int,
    begin: Callable[..., None] | None = None,
    *given: object,
) -> Iterator[Result]:
    """The results in the order of the orders, each worked out in one of `jobs` processes of their own, each of which
    does `begin(*given)` first. Ctrl-C and faults wait for what has been begun and start nothing more. Function, orders,
    results and what is given must be picklable."""
    from concurrent.futures import ProcessPoolExecutor  # here, because they are slow to load
    from multiprocessing import get_context

    context = get_context("spawn")
    over = context.Event()
    with ProcessPoolExecutor(jobs, context, _begin, (over, begin, given)) as pool:
        try:
            futures = [pool.submit(_unless_over, function, order) for order in orders]
            yield from (future.result() for future in futures)
        except BaseException:
            over.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _begin(over: Flag, begin: Callable[..., None] | None, given: Sequence[object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _over.append(over)
    if begin is not None:
        begin(*given)


def _unless_over(function: Callable[[Order], Result], order: Order) -> Result:
    """A pool hands on more orders than are being worked at, and cannot take those back. Raises CancelledError."""
    from concurrent.futures import CancelledError

    if _over[-1].is_set():
        raise CancelledError
    return function(order)


def watched(function: Callable[[Order], Result], orders: Sequence[Order], jobs: int, label: str) -> list[Result]:
    """The results in the order of the orders, here or in `jobs` processes, with progress on the terminal. A function
    that runs in another process must lie in a module of its own: `__main__` is another one there."""
    results = []
    with Progress(label, len(orders)) as progress:
        for result in at_once(function, orders, jobs) if jobs > 1 else map(function, orders):
            results.append(result)
            progress.at(len(results))
    return results
