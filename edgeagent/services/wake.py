"""Waking a thread that waits in `poll`, from any other thread, in microseconds.

An eventfd rather than a condition variable, because the sleeper also waits for pipes of child processes.
"""

from __future__ import annotations

import os
from threading import Lock


class Wake:
    """A flag that `poll` can wait for. `set` from any thread; `clear` and `close` by the owner."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._closing = Lock()  # so that `set` never writes to a number that `close` has just given back

    def fileno(self) -> int:
        return self._fd

    def set(self) -> None:
        """Ends the current or the next wait. Does nothing after `close`."""
        with self._closing:
            if self._fd >= 0:
                os.eventfd_write(self._fd, 1)

    def clear(self) -> None:
        try:
            os.eventfd_read(self._fd)
        except BlockingIOError:
            return  # nobody had set it

    def close(self) -> None:
        with self._closing:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
