"""A bounded queue and the thread that empties it to the disk, so that whoever hands things over never waits.

`offer` puts onto a `queue.SimpleQueue` (in C, never blocks). What a full queue means is the caller's decision: a
journal counts the loss, a recording ends.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Spool(Generic[T]):
    """Hands what is offered, in order and in batches, to `write` on a thread of its own.

    limit: items that may wait. pause_s: rest between two batches; 0 writes each item as soon as it comes, more wakes
    the processor less often. The first error of `write` ends the spool: `failed` gets it, on the spool's thread, and
    everything offered later is refused. What is no OSError, a fault of ours, comes as one.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[list[T]], None],
        failed: Callable[[OSError], None],
        limit: int,
        pause_s: float = 0.0,
    ) -> None:
        self._write = write
        self._failed = failed
        self._limit = limit
        self._pause_s = pause_s
        self._queue: SimpleQueue[T | None] = SimpleQueue()
        self._closing = threading.Event()
        self._broken = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def offer(self, item: T) -> bool:
        """Queue `item`; False if the queue is full or the spool has ended. One thread at a time; never blocks."""
        if self._broken or self._closing.is_set() or self._queue.qsize() >= self._limit:
            return False
        self._queue.put(item)
        return True

    def waiting(self) -> int:
        """Items not yet handed to `write`."""
        return self._queue.qsize()

    def close(self, timeout_s: float = 2.0) -> bool:
        """Write what waits and end. False if the disk did not take it within `timeout_s`. Idempotent."""
        if not self._closing.is_set():
            self._closing.set()
            self._queue.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        over = False
        while not over:
            batch: list[T] = []
            item = self._queue.get()
            while item is not None:
                batch.append(item)
                if self._queue.empty():
                    break
                item = self._queue.get()
            over = item is None
            if batch and not self._broken:
                try:
                    self._write(batch)
                except Exception as error:
                    self._broken = True
                    if not isinstance(error, OSError):
                        error = OSError(errno.EIO, f"{type(error).__name__}: {error}")
                    self._failed(error)
            self._closing.wait(self._pause_s)
