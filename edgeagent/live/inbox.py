"""What other threads want of the engine's: notes, left without waiting, taken one after the other.

Whatever a talker, a hook, a button or a signal has to say is a function that the engine thread calls between two
blocks of sound. So the engine, the player and the conversation have one owner and need no locks.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import RLock

from edgeagent.live.capture import Capture

Note = Callable[[], None]

WAITING = 1024
"""Notes that may wait: a minute of a talker's sound. The engine thread takes them at least every tenth of a second, so
a full inbox means that it is stuck; then buttons are refused and talkers wait."""

REST_S = 0.01
"""How long a talker rests before it looks again whether there is room."""


class Inbox:
    """`post`, `leave`, `put` and `ring` are for any thread, the rest for the engine thread."""

    def __init__(self) -> None:
        self._notes: deque[Note] = deque()
        self._capture: Capture | None = None
        self._swapping = RLock()  # reentrant: a signal may ring while its own thread swaps

    def attach(self, capture: Capture | None) -> None:
        """From now on `ring` ends the waits of `capture`; nobody rings the one before any more."""
        with self._swapping:
            self._capture = capture

    def ring(self) -> None:
        """Ends the engine thread's wait. Never blocks for longer than `attach` takes."""
        with self._swapping:
            if self._capture is not None:
                self._capture.ring()

    def post(self, note: Note) -> bool:
        """Leave a note; False, and not taken, if the inbox is full. Never blocks."""
        if len(self._notes) >= WAITING:
            return False
        self._notes.append(note)
        self.ring()
        return True

    def leave(self, note: Note) -> None:
        """Leave a note, whether there is room or not. Never blocks. For what must not be lost and comes once for each
        turn of the user: of these there are no more while the engine thread is stuck."""
        self._notes.append(note)
        self.ring()

    def put(self, note: Note, wanted: Callable[[], bool]) -> None:
        """Leave a note as soon as there is room; for workers, who may wait. Given up once `wanted` says so."""
        while not self.post(note) and wanted():
            time.sleep(REST_S)

    def deliver(self) -> None:
        """Call what has been left up to now, in order."""
        for _ in range(len(self._notes)):
            self._notes.popleft()()
