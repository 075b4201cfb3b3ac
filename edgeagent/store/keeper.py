"""Keeps what a running device knows of its people and where the conversation stands: slots for the newest state, and a
thread that writes it down.

The engine's thread only leaves the state in a slot, so a slow or full disk costs the memory and never the talk. What is
said is written at once, and then the thread rests: a device that talks writes once for each sentence at most. What is
learnt goes along, or waits: by itself it costs an SD card two writes a minute.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

from edgeagent.dialogue.saved import Saved
from edgeagent.store.former import numbers
from edgeagent.store.memory_database import Refused
from edgeagent.store.memory_file import PARTS, MemoryFile, Part, Stood, set_aside
from edgeagent.turn.events import Remembered

REST_S = 1.0
"""Between two writes, and two looks whether anything was forgotten."""

LEARNT_S = 30.0
"""At least so long before what was only learnt is written. A kill loses what was learnt in this time; a stop loses
nothing."""

CLOSING_S = 2.0
"""A disk that takes longer for the last state does not get it."""

NUMBERS = [field.name for field in fields(Remembered) if field.name != "at"]


class Wanted(NamedTuple):
    """What the file is to hold: never changed, only replaced. None for what the engine has not told yet."""

    saved: Saved | None
    manner: dict[str, float]
    remembered: Remembered | None


NOTHING = Wanted(None, {}, None)

FORMER = Refused("it is of an earlier version")


class Keeper:
    """`write`, `keep`, `keep_manner` and `begin_again` are for the engine thread, `look` for ours, or for whoever does
    without one."""

    _forgotten: Callable[[Part, Remembered | None], bool]
    _trouble: Callable[[str], None]
    _told = False
    _thread: Thread | None = None
    _wrote = 0.0

    def __init__(self, path: Path, hours: float, talk: bool = True, clock: Callable[[], float] = time.time) -> None:
        """Reads the file; one that is damaged is set aside, and `refused` says so. Never raises for the file's sake.
        hours: after which words are deleted. talk: false to keep no words, and to delete those that are there. clock:
        the wall's, in seconds."""
        self.refused = ""
        self._path, self._hours, self._clock = path, hours, clock
        self._file: MemoryFile | None = None
        self._tokens: dict[Part, str] = {}  # those that the engine knows
        self._asked: dict[Part, deque[None]] = {part: deque() for part in PARTS}
        self._news, self._closing = Event(), Event()
        self.stood = self._first()
        """What the file held at the start."""
        saved, manner, remembered = self.stood.saved, self.stood.manner, self.stood.remembered
        self._wanted = Wanted(saved if talk else Saved(), manner, remembered)
        self._done = Wanted(saved, manner, remembered if self._file else None)

    @property
    def rest_age_s(self) -> float:
        """How old the rest was at the start; never negative, whatever the clock says."""
        return max(0.0, self._clock() - self.stood.rest_at)

    def start(
        self,
        forgotten: Callable[[Part, Remembered | None], bool],
        trouble: Callable[[str], None],
        thread: bool = True,
    ) -> None:
        """forgotten: asks the engine's thread to forget a part, then to `begin_again`, and to know what the file says
        now; False to be asked once more. trouble: gets a line about the first failure. Both on the keeper's thread."""
        self._forgotten, self._trouble = forgotten, trouble
        if thread:
            self._thread = Thread(target=self._run, name="memory", daemon=True)
            self._thread.start()

    def write(self, entry: Mapping[str, Any]) -> None:
        """See `ports.Journal`. What was learnt is kept soon."""
        match entry["event"]:
            case "learnt":
                learnt = Remembered(0, **{name: entry[name] for name in NUMBERS})
                self._wanted = self._wanted._replace(remembered=learnt)
            case "forgotten":
                self.begin_again("profile")

    def keep(self, saved: Saved) -> None:
        """Where the conversation stands now. At once."""
        self._wanted = self._wanted._replace(saved=saved)
        self._news.set()

    def keep_manner(self, name: str, value: float) -> None:
        """How the device was asked to speak. At once."""
        self._wanted = self._wanted._replace(manner={**self._wanted.manner, name: value})
        self._news.set()

    def begin_again(self, part: Part) -> None:
        """All of this part has been forgotten. The engine itself says so of the profile, in its journal."""
        if part == "talk":
            self._wanted = self._wanted._replace(saved=None)
        else:
            self._wanted = self._wanted._replace(manner={}, remembered=None)
        if self._asked[part]:  # last: from now on the slots count
            self._asked[part].popleft()

    def close(self) -> None:
        """Write what is new, within 2 s. Idempotent."""
        self._closing.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join(CLOSING_S)
        else:
            self._let_go()

    def look(self, last: bool = False) -> bool:
        """Write what shall be written at once, and what is old enough; whether there was something of the former. last:
        write all that is new."""
        try:
            return self._look(last)
        except Refused as refused:
            self._tokens, self._done = {}, NOTHING  # a damaged file asks for nothing: all that is known is written anew
            self._tell(self._aside(refused))
        except OSError as error:
            self._tell(self._without(error))
        return False

    def _run(self) -> None:
        while not self._closing.is_set():
            self._news.wait(REST_S)
            self._news.clear()
            if self.look():
                self._closing.wait(REST_S)
        self.look(last=True)
        self._let_go()

    def _look(self, last: bool) -> bool:
        now = self._clock()
        file = self._file
        if file is None or not file.ours():
            file = self._opened(now)
        known = [part for part in PARTS if self._knows(part, file)]
        done, wanted = self._done, self._wanted  # behind the question whether they are from after the forgetting
        if "talk" not in known:
            wanted = wanted._replace(saved=done.saved)
        if "profile" not in known:
            wanted = wanted._replace(manner=done.manner, remembered=done.remembered)
        saved = wanted.saved if wanted.saved is not done.saved else None
        manner = wanted.manner if wanted.manner is not done.manner else {}
        learnt = wanted.remembered if wanted.remembered is not done.remembered else None
        at_once = saved is not None or bool(manner)
        if at_once or (learnt is not None and (last or not 0 <= now - self._wrote < LEARNT_S)):
            if not file.write(now, saved, manner, learnt):
                return False
            self._done, self._wrote = wanted, now
        file.prune(now)
        return at_once

    def _knows(self, part: Part, file: MemoryFile) -> bool:
        """Whether the engine's part of the slots is from after the last forgetting. If it is not, the engine is told,
        once for each."""
        before, now = self._tokens.get(part), file.tokens[part]
        recalls = file.stood.remembered if part == "profile" else None
        if now != before:
            if before or recalls:
                self._asked[part].append(None)
                if not self._forgotten(part, recalls):
                    self._asked[part].pop()
                    return False
                if part == "talk":  # nothing of this one has been written
                    self._done = self._done._replace(saved=None)
            self._tokens[part] = now
        return not self._asked[part]

    def _opened(self, now: float) -> MemoryFile:
        self._let_go()
        self._file = MemoryFile(self._path, now, self._hours)
        if self._tokens.get("talk") == self._file.tokens["talk"] and self._done.saved is not None:
            self._file.goes_on(self._done.saved)
        return self._file

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _first(self) -> Stood:
        try:
            file = self._opened(self._clock())
        except Refused as refused:
            known = numbers(self._path)
            self.refused = self._aside(refused) if known is None else self._aside(FORMER, "its numbers are taken over")
            return Stood(known)
        except OSError as error:
            self.refused = self._without(error)
            return Stood()
        self._tokens = dict(file.tokens)
        return file.stood

    def _without(self, error: OSError) -> str:
        return f"{self._path}: {error.strerror}; what is learnt and said is not kept"

    def _aside(self, refused: Refused, so: str = "it is begun anew") -> str:
        """Let go of a file that was refused, move it aside, and say so. so: what is done instead."""
        self._let_go()
        try:
            return f"{self._path}: {refused}; {so}, and the file kept as {set_aside(self._path).name}"
        except OSError as error:
            return f"{self._path}: {refused}, and it cannot be moved aside: {error.strerror}"

    def _tell(self, text: str) -> None:
        if not self._told:
            self._told = True
            self._trouble(text)
