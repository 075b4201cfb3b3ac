"""What a thread that waits for a socket hands to a reader who may be called off at any moment.

A bounded queue with an end. The reader waits for the queue and for nothing else, so a cancel ends its wait at once,
even while the thread hangs in a connection that nobody answers; the thread finds out when it next hands something over,
or when whoever cancels also shuts its socket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

from edgeagent.errors import ServiceError

T = TypeVar("T")

LOOK_S = 0.5
"""How often a full queue is looked at again."""


class Feed(Generic[T]):
    """`start` once; iterate once, in one thread; `cancel` from any."""

    def __init__(self, name: str, work: Callable[[Callable[[T], bool]], None], limit: int) -> None:
        """work: runs on a thread of its own and hands things over by its argument, which waits while the queue is full
        and is False once nobody wants more. What it raises is raised to the reader, if it is a ServiceError; anything
        else is told as one. limit: things that may wait."""
        self.cancelled = Event()
        self._work = work
        self._queue: Queue[T | ServiceError | None] = Queue(limit)
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Let it work."""
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        while not self.cancelled.is_set():
            item = self._queue.get()
            if item is None or self.cancelled.is_set():
                return
            if isinstance(item, ServiceError):
                raise item
            yield item

    def cancel(self) -> None:
        """No more of it. Returns at once."""
        self.cancelled.set()
        with suppress(Full):  # a reader waits only where it is empty
            self._queue.put_nowait(None)

    def _run(self) -> None:
        end: ServiceError | None = None
        try:
            self._work(self._put)
        except ServiceError as error:
            end = error
        except Exception as error:
            end = ServiceError(f"{type(error).__name__}: {error}")
        self._put(end)

    def _put(self, item: T | ServiceError | None) -> bool:
        while not self.cancelled.is_set():
            try:
                self._queue.put(item, timeout=LOOK_S)
            except Full:
                continue
            return True
        return False
