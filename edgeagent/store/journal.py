"""Where the engine's journal goes: a file of JSON lines, a list, or several of them at once.

One compact JSON object a line, keys in the engine's order, `at_s` added after `at`, floats rounded to 4 decimals
(short lines compare well). The same entries give the same bytes, whatever was the chunking or the thread.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from numbers import Integral, Real
from pathlib import Path

from edgeagent.errors import EdgeAgentError, SessionError
from edgeagent.ports import Journal
from edgeagent.settings import Settings
from edgeagent.store.log_file import LogFile
from edgeagent.store.spool import Spool
from edgeagent.store.tail import Tail, missing
from edgeagent.units import seconds

WAITING_ENTRIES = 10_000
"""Entries that may wait for the disk: minutes of the liveliest conversation, some megabytes."""

Entry = Mapping[str, object]


def encode(value: object) -> bytes:
    """One line of JSON with its newline: compact, non-ASCII kept (what UTF-8 cannot hold is escaped as JSON does)."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def line(entry: Entry) -> bytes:
    """`entry` as one line of the journal. Numpy numbers become numbers, NaN and infinity become null."""
    timed: dict[str, object] = {}
    for key, value in entry.items():
        timed[str(key)] = _plain(value)
        if key == "at" and isinstance(value, Integral):
            timed["at_s"] = round(seconds(int(value)), 4)
    return encode(timed)


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        # Adding 0.0 turns -0.0 into 0.0.
        return round(float(value), 4) + 0.0 if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value)


class MemoryJournal:
    """Keeps the entries: for simulations and tests."""

    def __init__(self) -> None:
        self.entries: list[dict[str, object]] = []

    def write(self, entry: Entry) -> None:
        self.entries.append(dict(entry))

    def lines(self) -> bytes:
        """The bytes that `JsonLinesJournal` would have written."""
        return b"".join(map(line, self.entries))


class CallbackJournal:
    """Hands each entry to a function, on the engine's thread: the function must be quick."""

    def __init__(self, callback: Callable[[Entry], None]) -> None:
        self._callback = callback

    def write(self, entry: Entry) -> None:
        self._callback(entry)


class TeeJournal:
    """Writes to several journals in turn."""

    def __init__(self, *journals: Journal) -> None:
        self._journals = journals

    def write(self, entry: Entry) -> None:
        for journal in self._journals:
            journal.write(entry)


class JsonLinesJournal:
    """Writes to a file, one system call a line: a kill -9 loses the newest line at most and harms no earlier one.

    background: a thread of its own writes, so that `write` never waits for the disk; live use. Entries that find
    `WAITING_ENTRIES` waiting are left out, and an entry `journal_lost` says how many. Without it, `write` returns when
    the line is with the kernel. A full disk gives one warning through `warn` (on whatever thread writes) and ends the
    journal, or, with most_bytes, costs what comes until there is room, which `journal_lost` tells as well; nothing is
    raised. `write` and `close`: one thread. Entries must not be changed once handed over. most_bytes: see `LogFile`.
    tail: a file in memory that makes good what a kill leaves unwritten (`store.tail`).
    """

    def __init__(
        self,
        path: Path,
        warn: Callable[[str], None],
        background: bool = False,
        most_bytes: int = 0,
        tail: Path | None = None,
    ) -> None:
        self._path = path
        self._warn = warn
        self._lost = self._unwritten = 0  # what found the queue full, and the disk
        self._last_at: object = 0
        self._long = most_bytes > 0
        new = not any(os.path.exists(file) for file in (path, f"{path}.1"))
        try:
            self._file = LogFile(path, most_bytes)
        except OSError as error:
            raise EdgeAgentError(f"{path}: {error.strerror}", "choose a folder that can be written") from error
        self._broken = False
        self._tail = self._made_good(tail, new) if tail else None
        self._spool = Spool("journal", self._put, self._failed, WAITING_ENTRIES) if background else None

    def write(self, entry: Entry) -> None:
        self._last_at = entry.get("at", 0)
        if self._tail is not None:
            self._remember(self._tail, line(entry))
        if self._spool is None:
            self._direct(entry)
            return
        if self._lost and self._spool.offer(_loss(self._last_at, self._lost)):
            self._lost = 0
        if self._lost or not self._spool.offer(entry):
            self._lost += 1

    def close(self) -> None:
        """Write what waits, within 2 s, and close. Idempotent."""
        if self._file.closed:
            return
        if self._spool is not None and not self._spool.close():
            self._warn(f"{self._path}: the disk does not answer; the journal's end is lost")
            self._forget(written=False)
            return
        if self._lost:
            self._direct(_loss(self._last_at, self._lost))
        self._file.close()
        self._forget(written=not (self._broken or self._unwritten))

    def _forget(self, written: bool) -> None:
        if self._tail is not None:
            with suppress(OSError):
                self._tail.close(written)

    def _made_good(self, path: Path, new: bool) -> Tail | None:
        """The tail, once what the journal lacks of the one before is written. A new one lacks nothing: whoever has
        deleted a journal wants nothing of it back."""
        try:
            for late in [] if new else missing(path, self._path):
                self._file.write(late)
            return Tail(path)
        except OSError as error:
            self._warn(f"{path}: {error.strerror}; what a kill leaves unwritten is lost")
            return None

    def _remember(self, tail: Tail, text: bytes) -> None:
        try:
            tail.write(text)
        except OSError as error:
            self._tail = None
            self._warn(f"{self._path}: its tail in memory: {error.strerror}; what a kill leaves unwritten is lost")

    def _direct(self, entry: Entry) -> None:
        if self._broken:
            return
        try:
            self._put([entry])
        except OSError as error:
            self._failed(error)

    def _put(self, entries: list[Entry]) -> None:
        for entry in entries:
            try:
                if self._unwritten:
                    self._file.write(line(_loss(entry.get("at", 0), self._unwritten)))
                    self._unwritten = 0
                self._file.write(line(entry))
            except OSError as error:
                if not self._long:
                    raise
                if not self._unwritten:
                    so = "the journal has a gap until that is over, everything else goes on"
                    self._warn(f"{self._path}: {error.strerror}; {so}")
                self._unwritten += 1

    def _failed(self, error: OSError) -> None:
        self._broken = True
        self._warn(f"{self._path}: {error.strerror}; the journal ends here, everything else goes on")


def _loss(at: object, entries: int) -> Entry:
    return {"at": at, "event": "journal_lost", "entries": entries}


def long_journal(
    settings: Settings, warn: Callable[[str], None], lenient: bool = False, tail: Path | None = None
) -> JsonLinesJournal | None:
    """The journal over all starts, None for none. lenient: one that cannot be written is a warning: a service must talk
    from a disk that has become read-only, too. Otherwise raises EdgeAgentError. tail: see
    `JsonLinesJournal`."""
    record = settings.record
    if not record.journal:
        return None
    path = Path(record.journal).expanduser()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return JsonLinesJournal(path, warn, True, record.journal_mb * 1_000_000, tail)
    except (OSError, EdgeAgentError) as refused:
        if not lenient:
            why = refused.problem if isinstance(refused, EdgeAgentError) else f"{path}: {refused.strerror}"
            raise EdgeAgentError(f"record.journal: {why}", "give a file in a folder that can be written") from refused
        warn(f"{refused}; there is no journal in a file, everything else goes on")
        return None


def read_lines(path: Path) -> list[dict[str, object]]:
    """The objects of a JSON-lines file. A last line cut short by a kill is left out; SessionError for anything else."""
    return list(each_line(path))


def each_line(path: Path) -> Iterator[dict[str, object]]:
    """As `read_lines`, one after the other: a journal may be larger than the memory."""
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, 1):
                try:
                    value = json.loads(text)
                    if not isinstance(value, dict):
                        raise ValueError("no object")
                except ValueError as error:
                    if not text.endswith(b"\n"):
                        return
                    problem = f"{path}: line {number} is damaged"
                    raise SessionError(problem, "restore the file, or cut it before that line") from error
                yield value
    except OSError as error:
        raise SessionError(f"{path}: {error.strerror}", "name a folder that `run --record` wrote") from error
