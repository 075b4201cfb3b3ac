"""Long work in several processes at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from edgeagent.commands.terminal import Progress

Order = TypeVar("Order")
Result = TypeVar("Result")


def at_once(function: Callable[[Order], Result], orders: Sequence[Order], jobs: int) -> Iterator[Result]:
    """The results in the order of the orders, each worked out in one of `jobs` processes of their own. Ctrl-C and
    faults wait for what has been begun and start nothing more. Function, orders and results must be picklable."""
    from concurrent.futures import ProcessPoolExecutor  # here, because they are slow to load
    from multiprocessing import get_context

    ignore = (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(jobs, get_context("spawn"), signal.signal, ignore) as pool:
        try:
            futures = [pool.submit(function, order) for order in orders]
            yield from (future.result() for future in futures)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def watched(function: Callable[[Order], Result], orders: Sequence[Order], jobs: int, label: str) -> list[Result]:
    """The results in the order of the orders, here or in `jobs` processes, with progress on the terminal. A function
    that runs in another process must lie in a module of its own: `__main__` is another one there."""
    results = []
    with Progress(label, len(orders)) as progress:
        for result in at_once(function, orders, jobs) if jobs > 1 else map(function, orders):
            results.append(result)
            progress.at(len(results))
    return results
