"""A card that died is closed and opened anew, by a thread of its own, as often as it takes.

PortAudio sees a card that was plugged in again only after it has been ended and begun afresh, so everything is made
from scratch. If closing hangs, only a new process helps.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

from edgeagent.errors import DeviceError, DeviceHung
from edgeagent.live.guarded_card import close_quietly
from edgeagent.live.sound_path import SoundPath
from edgeagent.ports import Card

RETRY_S = 1.0
"""Between two attempts; each asks the sound library for all its devices."""


class Repair:
    """make: finds and opens the card; raises DeviceError. Engine thread only."""

    def __init__(self, make: Callable[[], SoundPath]) -> None:
        self._make = make
        self._over = Event()
        self._thread: Thread | None = None
        self._path: SoundPath | None = None
        self._hung: DeviceHung | None = None

    @property
    def at_work(self) -> bool:
        """Between `start` and the `take` that gives a path."""
        return self._thread is not None

    def start(self, dead: Card) -> None:
        """Close `dead`, then open the card as soon as it can be."""
        self._thread = Thread(target=self._work, args=(dead,), name="repair", daemon=True)
        self._thread.start()

    def take(self) -> SoundPath | None:
        """The card anew, once. Raises DeviceHung if there can be none in this process."""
        if self._hung is not None:
            raise self._hung
        path, self._path = self._path, None
        if path is not None:
            self._thread = None
        return path

    def close(self) -> None:
        """No more attempts. Does not wait for one that hangs."""
        self._over.set()
        if self._path is not None:
            close_quietly(self._path.card)

    def _work(self, dead: Card) -> None:
        try:
            dead.close()
            while not self._over.wait(RETRY_S):
                if (path := self._attempt()) is not None:
                    self._path = path
                    return
        except DeviceHung as hung:
            self._hung = hung

    def _attempt(self) -> SoundPath | None:
        try:
            return self._make()
        except DeviceHung:
            raise
        except DeviceError:
            return None
