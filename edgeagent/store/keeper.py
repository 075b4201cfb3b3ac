"""Keeps what a running device learns: a journal that picks out what is worth it, and a thread that writes it down.

The engine's thread only leaves the newest state in a slot. The thread looks once a second: was the file replaced (by
`edgeagent forget`, or by hand), is there something new. An SD card gets at most two writes a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

from edgeagent.store.memory_file import Kept, Refused, read, save, told_aside
from edgeagent.turn.events import Remembered

LOOK_S = 1.0
"""Between two looks at the file: how late a running device notices that it shall forget."""

REST_S = 30.0
"""At least so long between two writes. A kill loses what was learnt in this time; a stop loses nothing."""

CLOSING_S = 2.0

NUMBERS = [field.name for field in fields(Remembered) if field.name != "at"]


class _Learnt(NamedTuple):
    """The newest state. era: how often everything had been forgotten before."""

    era: int
    remembered: Remembered


class Keeper:
    """`write` is for the engine thread, `look` for ours, or for whoever does without one."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Reads the file; one that is none is set aside, and `refused` says so. Never raises for the file's sake."""
        self.refused = ""
        self._path = path
        self._clock = clock
        self._replaced: Callable[[Remembered | None], bool]
        self._trouble: Callable[[str], None]
        self._learnt: _Learnt | None = None
        self._eras = [0, 0]  # forgotten by the engine; asked of it
        self._wrote = -REST_S
        self._told = False
        self._closing = Event()
        self._thread: Thread | None = None
        self._kept = self._first()

    @property
    def remembered(self) -> Remembered | None:
        """What the file held at the start, or since it was replaced."""
        return self._kept.remembered

    def start(
        self, replaced: Callable[[Remembered | None], bool], trouble: Callable[[str], None], thread: bool = True
    ) -> None:
        """replaced: gets what a file says that took the place of ours; False to be asked again. trouble: gets a line
        about the first failure. Both on the keeper's thread."""
        self._replaced, self._trouble = replaced, trouble
        if thread:
            self._thread = Thread(target=self._run, name="memory", daemon=True)
            self._thread.start()

    def write(self, entry: Mapping[str, Any]) -> None:
        """See `ports.Journal`."""
        match entry["event"]:
            case "learnt":
                numbers = {name: entry[name] for name in NUMBERS}
                self._learnt = _Learnt(self._eras[0], Remembered(0, **numbers))
            case "forgotten":
                self._eras[0] += 1

    def close(self) -> None:
        """Write what is new, within 2 s. Idempotent."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(CLOSING_S)

    def look(self, last: bool = False) -> None:
        """Once a second. last: write now what is new."""
        try:
            self._look(last)
        except Refused as refused:
            self._tell(self._aside(refused, "it is written anew"))
            self._kept = Kept("", None)  # a damaged file asks for nothing: what is known is written anew
        except OSError as error:
            self._tell(f"{self._path}: {error.strerror}; what is learnt is not kept")

    def _run(self) -> None:
        while not self._closing.wait(LOOK_S):
            self.look()
        self.look(last=True)

    def _look(self, last: bool) -> None:
        now = read(self._path)
        if now.token != self._kept.token:
            self._replace(now)
            return
        learnt = self._learnt
        if learnt is None or learnt.era < self._eras[1] or learnt.remembered == self._kept.remembered:
            return
        if not last and self._clock() - self._wrote < REST_S:
            return
        token = save(self._path, self._kept.token, learnt.remembered)
        if token is None:
            self._replace(read(self._path))
            return
        self._kept = Kept(token, learnt.remembered)
        self._wrote = self._clock()

    def _replace(self, now: Kept) -> None:
        """Somebody else wrote the file: the engine begins again with it, and what it learnt until then is not kept."""
        if self._replaced(now.remembered):
            self._eras[1] += 1
            self._kept = now

    def _first(self) -> Kept:
        try:
            return read(self._path)
        except Refused as refused:
            self.refused = self._aside(refused, "begins without it")
        except OSError as error:
            self.refused = f"{self._path}: {error.strerror}; begins without it"
        return Kept("", None)

    def _aside(self, refused: Refused, so: str) -> str:
        return told_aside(self._path, refused, so)

    def _tell(self, text: str) -> None:
        if not self._told:
            self._told = True
            self._trouble(text)
