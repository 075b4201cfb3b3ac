"""What a device knows from start to start: one small SQLite file, written whole or not at all.

It has two parts: the profile of its people (what was learnt of them, and how they want it to speak), and where the
conversation stood. Every write is one transaction, and lies on the disk when it returns (write-ahead log,
`synchronous=FULL`): after a kill or a power cut the file holds the last state that was written, or the one before.
What is deleted is overwritten.

Each part carries a token. Whoever forgets it empties it and gives it a new one; a running device, which asks for the
tokens in every transaction, then finds that they are not its own, and can never write back what was forgotten. A file
that is simply deleted is forgotten as well.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from edgeagent.dialogue.saved import Saved, bounded
from edgeagent.store import talk_rows
from edgeagent.store.disk import OWN_FILE, made, opened
from edgeagent.store.former import numbers
from edgeagent.store.memory_database import (
    Refused,
    connected,
    named,
    overwrite,
    prepare,
    transaction,
    version_of,
)
from edgeagent.store.plain import from_plain, to_plain
from edgeagent.turn.events import Remembered

Part = Literal["profile", "talk"]

PARTS: dict[Part, tuple[str, ...]] = {"profile": ("learnt", "manner"), "talk": ("lines", "rest")}
"""What can be forgotten by itself, and the tables it lies in."""

MANNER_SINCE, LEARNT_SINCE = 2, 3
"""Versions."""

PRUNE_S = 60.0
"""Between two looks for what is too old, and two overwritings of what was deleted."""

BESIDE = ("", "-wal", "-shm")
"""Ends of the names of what SQLite has: the file, and what it keeps beside it."""

REFUSED = ".refused"
"""Behind the name of a file that was no memory, kept aside."""


@dataclass(frozen=True, slots=True)
class Stood:
    """What a file held. manner: how the device was asked to speak, by name. rest_at: when the rest of `saved` was
    written last, in seconds of the wall clock."""

    remembered: Remembered | None = None
    manner: dict[str, float] = field(default_factory=dict)
    saved: Saved = field(default_factory=Saved)
    rest_at: float = 0.0


class MemoryFile:
    """An open file. One thread at a time. Every method raises Refused for what is damaged, of a later version or
    senseless, Foreign, and OSError for the rest."""

    def __init__(self, path: Path, now: float, hours: float) -> None:
        """Opens the file, makes it where there is none, and brings an older one up to date. now: seconds of the wall
        clock; hours: after which words are deleted."""
        self._hours = hours
        self._path = path
        self._deleted = False
        """Words lie on the disk that nobody reads any more."""
        self._overwrote = 0.0
        made(path.parent)
        with contextlib.suppress(FileExistsError):
            opened(path, "x").close()
        if not path.is_file():  # whose rights are not ours to change
            raise OSError(errno.EISDIR if path.is_dir() else errno.EINVAL, "it is no file", str(path))
        os.chmod(path, OWN_FILE)  # and so are the files beside it
        self._inodes = {"": _inode(path)}
        with named():
            self._database = connected(path)
        try:
            with named():
                prepare(self._database)
                with transaction(self._database):
                    self._prune(now)
                    self.tokens = _tokens(self._database)
                    self._rows, self.stood = _read(self._database)
            self._inodes = {end: _inode(path, end) for end in BESIDE}
        except BaseException:
            self.close()
            raise

    def goes_on(self, written: Saved) -> None:
        """This talk was written here before it was opened anew. What has gone since, for its age, is not written again,
        and what is there is as old as it was."""
        written = bounded(written)
        self._rows = talk_rows.matched(self._rows, written.lines)
        self.stood = replace(self.stood, saved=written)

    def ours(self) -> bool:
        """Whether the file is still there and nothing in it was forgotten."""
        if not self._there():
            return False
        with named():
            return _tokens(self._database) == self.tokens

    def write(
        self, now: float, saved: Saved | None, manner: Mapping[str, float], remembered: Remembered | None = None
    ) -> bool:
        """Make the file hold this, and leave what is None and each manner that is not named; False, and nothing
        written, if it is not ours any more."""
        if not self.ours():
            return False
        stood, rows = self.stood, self._rows
        with named():
            with transaction(self._database):
                if _tokens(self._database) != self.tokens:
                    return False
                self._prune(now)
                if saved is not None:
                    saved = bounded(saved)
                    rows = talk_rows.write_lines(self._database, rows, saved.lines, now)
                    self._deleted |= not self._rows.keys() <= rows.keys()
                    if (saved.rest, saved.more) != (stood.saved.rest, stood.saved.more):
                        talk_rows.write_rest(self._database, saved, now)
                        self._deleted |= bool(stood.saved.rest)
                    stood = replace(stood, saved=saved, rest_at=now)
                if changed := {name: value for name, value in manner.items() if stood.manner.get(name) != value}:
                    self._put("manner", changed)
                    stood = replace(stood, manner={**stood.manner, **changed})
                if remembered not in (None, stood.remembered):
                    self._put("learnt", _numbers(remembered))
                    stood = replace(stood, remembered=remembered)
            self.stood, self._rows = stood, rows
        return True

    def prune(self, now: float) -> None:
        """Delete what is too old, and overwrite what was deleted, each at most once a minute."""
        if not 0 <= now - self._pruned < PRUNE_S:
            with named(), transaction(self._database):
                self._prune(now)
        if self._deleted and not 0 <= now - self._overwrote < PRUNE_S:
            with named():
                self._deleted, self._overwrote = not overwrite(self._database), now

    def close(self) -> None:
        """Idempotent."""
        with contextlib.suppress(sqlite3.Error):
            self._database.close()
        if not self._there():  # SQLite would take what belongs to ours for a part of the one that lies there now
            for end, inode in self._inodes.items():
                with contextlib.suppress(OSError):
                    if inode == _inode(self._path, end):
                        os.unlink(f"{self._path}{end}")

    def _there(self) -> bool:
        return self._inodes[""] == _inode(self._path)

    def _prune(self, now: float) -> None:
        self._deleted |= talk_rows.prune(self._database, now, 3600 * self._hours)
        self._pruned = now

    def _put(self, table: str, values: Mapping[str, float]) -> None:
        self._database.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", sorted(values.items()))


def forget(path: Path, parts: Collection[Part] = tuple(PARTS)) -> None:
    """Empty these parts, also under a running device. Raises as MemoryFile does, also where they are empty and not yet
    overwritten; a file that is not there stays away, and one of an earlier version, which has but the profile, is
    removed."""
    if not path.exists():
        return
    if numbers(path) is not None:
        if "profile" in parts:
            path.unlink()
        return
    with named(), contextlib.closing(connected(path)) as database:
        prepare(database)
        with transaction(database):
            for part in parts:
                for table in PARTS[part]:
                    database.execute(f"DELETE FROM {table}")
                database.execute("UPDATE tokens SET value = lower(hex(randomblob(8))) WHERE part = ?", (part,))
        if not overwrite(database):
            raise OSError(errno.EBUSY, "forgotten, but somebody who reads it keeps the old content on the disk")


def look(path: Path) -> Stood | None:
    """What the file holds, changing nothing; None where there is none. Raises as MemoryFile does."""
    if not path.exists():
        return None
    try:
        with named(), contextlib.closing(connected(path, reads=True)) as database:
            database.execute("BEGIN")  # all that is read is of one moment
            return _read(database)[1] if version_of(database) else None
    except Refused:
        if (known := numbers(path)) is None:
            raise
        return Stood(known)


def set_aside(path: Path) -> Path:
    """Rename a file that was refused, over an earlier one, and what belongs to it; its new path. Raises OSError."""
    aside = path.with_name(path.name + REFUSED)
    for end in BESIDE:
        with contextlib.suppress(FileNotFoundError):
            os.replace(path.with_name(path.name + end), aside.with_name(aside.name + end))
    return aside


def _read(database: sqlite3.Connection) -> tuple[talk_rows.Rows, Stood]:
    """The lines with their places, and all of it; of an older file, what it has."""
    version = version_of(database)
    try:
        rows, saved, rest_at = talk_rows.read(database)
        manner = database.execute("SELECT name, value FROM manner").fetchall() if version >= MANNER_SINCE else []
        learnt = database.execute("SELECT name, value FROM learnt").fetchall() if version >= LEARNT_SINCE else []
        remembered = from_plain(Remembered, {**dict(learnt), "at": 0}) if learnt else None
        return rows, Stood(remembered, {str(name): float(value) for name, value in manner}, saved, rest_at)
    except (ValueError, TypeError, RecursionError):
        raise Refused("it is damaged") from None


def _inode(path: Path, end: str = "") -> int:
    """Of the file of this name; 0 for none that can be reached."""
    try:
        return os.stat(f"{path}{end}").st_ino
    except OSError:
        return 0


def _numbers(remembered: Remembered | None) -> dict[str, float]:
    """By name; without the moment, which is one of another session."""
    plain = to_plain(remembered)
    return {name: value for name, value in plain.items() if name != "at"} if isinstance(plain, dict) else {}


def _tokens(database: sqlite3.Connection) -> dict[Part, str]:
    tokens = dict(database.execute("SELECT part, value FROM tokens"))
    if set(tokens) != set(PARTS):
        raise Refused("it is damaged")
    return tokens
