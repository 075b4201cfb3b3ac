"""Keeps where the conversation stands: a slot for the newest state, and a thread that writes it down.

The engine's thread only leaves the state in the slot, so a slow or full disk costs the memory and never the talk. The
thread writes at once, and then rests: a device that talks writes once for each sentence at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from edgeagent.dialogue.saved import Saved
from edgeagent.store.memory_file import Refused, told_aside
from edgeagent.store.talk_file import BESIDE, Stood, TalkFile

REST_S = 1.0
"""Between two writes, and two looks whether everything was forgotten."""

PRUNE_S = 60.0
"""Between two looks for what is too old."""

CLOSING_S = 2.0
"""A disk that takes longer for the last state does not get it."""

Clock = Callable[[], float]

Wanted = tuple[Saved, dict[str, float]]
"""What the file is to hold: never changed, only replaced."""


class TalkKeeper:
    """`keep`, `keep_manner` and `begin_again` are for the engine thread, `look` for ours, or for whoever does without
    one."""

    _forgotten: Callable[[], bool]
    _trouble: Callable[[str], None]
    _told = False
    _thread: Thread | None = None

    def __init__(self, path: Path, hours: float, words: bool = True, clock: Clock = time.time) -> None:
        """Reads the file; one that is damaged is set aside, and `refused` says so. Never raises for the file's sake.
        hours: after which words are deleted. words: false to keep none, and to delete those that are there. clock: the
        wall's, in seconds."""
        self.refused = ""
        self._path, self._hours, self._clock = path, hours, clock
        self._file: TalkFile | None = None
        self._pruned = clock()
        self._deaf = False  # everything is being forgotten: what is left in the slot is from before
        self._news, self._closing = Event(), Event()
        self.stood = self._first()
        """What the file held at the start."""
        self._done: Wanted | None = (self.stood.saved, self.stood.manner)
        self._wanted = self._done if words else (Saved(), self.stood.manner)

    @property
    def rest_age_s(self) -> float:
        """How old the rest was at the start; never negative, whatever the clock says."""
        return max(0.0, self._clock() - self.stood.rest_at)

    def start(self, forgotten: Callable[[], bool], trouble: Callable[[str], None], thread: bool = True) -> None:
        """forgotten: asks the engine's thread to forget everything and then to `begin_again`; False to be asked once
        more. trouble: gets a line about the first failure. Both on the keeper's thread."""
        self._forgotten, self._trouble = forgotten, trouble
        if thread:
            self._thread = Thread(target=self._run, name="talk", daemon=True)
            self._thread.start()

    def keep(self, saved: Saved) -> None:
        """Where the conversation stands now. At once."""
        if not self._deaf:
            self._wanted = saved, self._wanted[1]
            self._news.set()

    def keep_manner(self, name: str, value: float) -> None:
        """How the device was asked to speak. At once."""
        if not self._deaf:
            self._wanted = self._wanted[0], {**self._wanted[1], name: value}
            self._news.set()

    def begin_again(self) -> None:
        """Everything has been forgotten."""
        self._wanted, self._done, self._deaf = (Saved(), {}), None, False

    def close(self) -> None:
        """Write what is new, within 2 s. Idempotent."""
        self._closing.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join(CLOSING_S)
        else:
            self._let_go()

    def look(self) -> bool:
        """Write what is new, if there is something; whether there was."""
        try:
            return self._look()
        except Refused as refused:
            self._let_go()
            self._done = None
            self._tell(self._aside(refused))
        except OSError as error:
            self._tell(f"{self._path}: {error.strerror}; the conversation is not kept")
        return False

    def _run(self) -> None:
        while not self._closing.is_set():
            self._news.wait(REST_S)
            self._news.clear()
            if self.look():
                self._closing.wait(REST_S)
        self.look()
        self._let_go()

    def _look(self) -> bool:
        if self._deaf and self._file is None:
            return False
        now = self._clock()
        if self._file is None:
            self._file = TalkFile(self._path, now, self._hours)
        if not self._file.ours():
            self._deaf = True
            if self._forgotten():
                self._let_go()
            return False
        wanted = self._wanted
        if new := wanted is not self._done:
            if not self._file.write(*wanted, now):
                return False
            self._done = wanted
        if not 0 <= now - self._pruned < PRUNE_S:
            self._pruned = now
            self._file.prune(now)
        return new

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _first(self) -> Stood:
        try:
            self._file = TalkFile(self._path, self._clock(), self._hours)
        except Refused as refused:
            self.refused = self._aside(refused)
        except OSError as error:
            self.refused = f"{self._path}: {error.strerror}; the conversation is not kept"
        return self._file.stood if self._file is not None else Stood()

    def _aside(self, refused: Refused) -> str:
        return told_aside(self._path, refused, "it is begun anew", BESIDE)

    def _tell(self, text: str) -> None:
        if not self._told:
            self._told = True
            self._trouble(text)
