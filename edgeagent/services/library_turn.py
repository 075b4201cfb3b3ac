"""One turn of the user on its way through a recogniser's child: pieces in from the engine's thread, its text back."""

from __future__ import annotations

from collections import deque
from threading import Lock
from time import monotonic

import numpy as np

from edgeagent.ports import Partial, Sound
from edgeagent.services.one_turn import Telling
from edgeagent.services.wake import Wake
from edgeagent.units import samples

WAITING = samples(60_000)
"""Sound that may wait for a recogniser that is behind; then the rest of the turn is lost, and told."""

SMALLEST, LARGEST = samples(100), samples(250)
"""A piece for the child: every one costs it an answer, so many small ones are joined."""


class LibraryTurn:
    """`hear`, `finish` and `drop` are for the engine's thread; the others for the one that serves the child.

    said: what is understood so far. lost: samples that found no room. closed: when the
    turn was over, in seconds of time.monotonic(); 0.0 while it is not."""

    def __init__(self, telling: Telling, wake: Wake) -> None:
        self.turn = telling.turn
        self.telling = telling
        self.said = Partial("", 0)
        self.lost = 0
        self.closed = 0.0
        self._wake = wake
        self._waiting: deque[Sound] = deque()
        self._size = 0
        self._given = 0
        self._ended = False
        self._lock = Lock()  # of what waits; held for a few lines only

    @property
    def over(self) -> bool:
        """Nobody wants more of it."""
        return self.telling.dropped

    def hear(self, block: Sound) -> None:
        with self._lock:
            if self._size + block.size > WAITING:
                self.lost += block.size
                return
            self._waiting.append(block)
            self._size += block.size
        self._wake.set()

    def finish(self) -> None:
        self.closed = monotonic()
        self._wake.set()

    def drop(self) -> None:
        self.telling.drop()
        self._wake.set()

    def take(self) -> tuple[Sound | None, int] | None:
        """See `pocketsphinx_link.Stretch`."""
        closed = self.closed > 0.0  # looked at first: no sound comes after it
        with self._lock:
            if self._size < SMALLEST and not closed:
                return None
            blocks: list[Sound] = []
            size = 0
            while self._waiting and size < LARGEST:
                blocks.append(self._waiting.popleft())
                size += blocks[-1].size
            self._size -= size
        self._given += size
        if blocks:
            return np.concatenate(blocks), self._given
        if self._ended:
            return None
        self._ended = True
        return None, self._given

    def say(self, partial: Partial) -> None:
        """See `pocketsphinx_link.Stretch`."""
        self.said = partial

    def give_up(self) -> None:
        """See `pocketsphinx_link.Stretch`; it is asked about otherwise."""
