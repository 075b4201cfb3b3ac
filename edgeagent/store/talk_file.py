"""Where a conversation stood when the device went off: one small SQLite file, written whole or not at all.

Every write is one transaction, and lies on the disk when it returns (write-ahead log, `synchronous=FULL`): after a kill
or a power cut the file holds the last state that was written, or the one before. Deleted words are overwritten.

The file carries a token. Whoever forgets empties it and gives it a new one; a running device, which asks for the token
in every transaction, then finds that it is not its own, and can never write back what was forgotten. A file that is
simply deleted is forgotten as well.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edgeagent.dialogue.history import LINES, Line, Who
from edgeagent.dialogue.saved import Saved, bounded
from edgeagent.store.disk import OWN_FILE, made, opened
from edgeagent.store.memory_file import Refused

OURS = 0x65646761
"""`PRAGMA application_id` of our files ("edga"): a database of somebody else's is left alone."""

SCHEMAS = (
    """
    CREATE TABLE token (one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL);
    CREATE TABLE lines (place INTEGER PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL,
        interrupted INTEGER NOT NULL, estimated INTEGER NOT NULL);
    CREATE TABLE rest (one INTEGER PRIMARY KEY CHECK (one = 1), at REAL NOT NULL, more INTEGER NOT NULL,
        texts TEXT NOT NULL);
    """,
    "CREATE TABLE manner (name TEXT PRIMARY KEY, value REAL NOT NULL);",
)
"""What each version of the file adds to the one before; a file of version n has had the first n of them."""

PAGES_MOST = 1024
"""Of 4 KiB: the file never grows beyond 4 MiB. What it may hold (`dialogue.saved`) is a tenth of that."""

WAL_PAGES = 64
"""Pages (256 KiB) after which the write-ahead log is put into the file."""

PATIENCE_S = 1.0
"""How long another process may hold the file: forgetting takes a moment."""

# SQLITE_ERROR: a table or a column is missing
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)

BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside a file."""

Key = tuple[Who, int]


class Foreign(OSError):
    """The file is a database of somebody else's."""


@dataclass(frozen=True, slots=True)
class Stood:
    """What a file held. rest_at: when its rest was written last, in seconds of the wall clock. manner: how the device
    was asked to speak, by name."""

    saved: Saved = field(default_factory=Saved)
    rest_at: float = 0.0
    manner: dict[str, float] = field(default_factory=dict)


class TalkFile:
    """An open file. One thread at a time. Every method raises Refused for what is damaged, of a later version or
    senseless, Foreign, and OSError for the rest."""

    def __init__(self, path: Path, now: float, hours: float) -> None:
        """Opens the file, makes it where there is none, and brings an older one up to date. now: seconds of the wall
        clock; hours: after which words are deleted."""
        self._hours = hours
        self._path = path
        made(path.parent)
        with contextlib.suppress(FileExistsError):
            opened(path, "x").close()
        os.chmod(path, OWN_FILE)  # and so are the files beside it
        self._inode = os.stat(path).st_ino
        with _named():
            self._database = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False)
        try:
            with _named():
                _prepare(self._database)
                with self._transaction():
                    self._date(now)
                    self._prune(now)
                    self.token = self._token()
                rows, self.stood = _read(self._database)
        except BaseException:
            self.close()
            raise
        self._written = {(line.who, line.number): (place, line) for place, line in rows}

    def ours(self) -> bool:
        """Whether the file is still there and has our token."""
        try:
            if os.stat(self._path).st_ino != self._inode:
                return False
        except FileNotFoundError:
            return False
        with _named():
            return self._token() == self.token

    def write(self, saved: Saved, manner: dict[str, float], now: float) -> bool:
        """Make the file hold this; False, and nothing written, if it is not ours any more."""
        if not self.ours():
            return False
        saved = bounded(saved)
        known = {(line.who, line.number): line for line in saved.lines}
        with _named():
            with self._transaction():
                if self._token() != self.token:
                    return False
                self._prune(now)
                written = self._write_lines(known, now)
                if (saved.rest, saved.more) != (self.stood.saved.rest, self.stood.saved.more):
                    texts = json.dumps([_utf8(text) for text in saved.rest], ensure_ascii=False)
                    self._database.execute("INSERT OR REPLACE INTO rest VALUES (1, ?, ?, ?)", (now, saved.more, texts))
                if manner != self.stood.manner:
                    self._database.executemany("INSERT OR REPLACE INTO manner VALUES (?, ?)", sorted(manner.items()))
            self._written, self.stood = written, Stood(saved, now, dict(manner))
        return True

    def prune(self, now: float) -> None:
        """Delete what is too old."""
        with _named(), self._transaction():
            self._prune(now)

    def close(self) -> None:
        """Idempotent."""
        with contextlib.suppress(sqlite3.Error):
            self._database.close()

    def _write_lines(self, known: dict[Key, Line], now: float) -> dict[Key, tuple[int, Line]]:
        """What is different. A line that was deleted for its age stays deleted: it is updated nowhere."""
        written = dict(self._written)
        stay = [key for key in written if key in known]
        if stay != list(known)[: len(stay)]:  # another history altogether
            stay = []
        for key in [key for key in written if key not in stay]:
            self._database.execute("DELETE FROM lines WHERE place = ?", (written.pop(key)[0],))
        for key, line in known.items():
            values = (_utf8(line.text), line.interrupted, line.estimated)
            if key not in written:
                added = self._database.execute(
                    "INSERT INTO lines (at, who, text, interrupted, estimated) VALUES (?, ?, ?, ?, ?)",
                    (now, line.who.value, *values),
                )
                written[key] = (added.lastrowid or 0, line)
            elif written[key][1] != line:
                place = written[key][0]
                update = "UPDATE lines SET text = ?, interrupted = ?, estimated = ? WHERE place = ?"
                self._database.execute(update, (*values, place))
                written[key] = (place, line)
        return written

    def _date(self, now: float) -> None:
        """What comes from the future, by a clock that went wrong, is from now: it would never be too old."""
        for table in ("lines", "rest"):
            self._database.execute(f"UPDATE {table} SET at = ? WHERE at > ?", (now, now))

    def _prune(self, now: float) -> None:
        for table in ("lines", "rest"):
            self._database.execute(f"DELETE FROM {table} WHERE at < ?", (now - 3600 * self._hours,))

    def _token(self) -> str:
        if (row := self._database.execute("SELECT value FROM token").fetchone()) is None:
            raise Refused("it is damaged")
        return str(row[0])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with _transaction(self._database):
            yield


def forget(path: Path) -> None:
    """Empty the file, also under a running device. Raises as TalkFile does; a file that is not there stays away."""
    if not path.exists():
        return
    with _named(), contextlib.closing(sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)) as database:
        _prepare(database)
        with _transaction(database):
            for table in ("lines", "rest", "manner"):
                database.execute(f"DELETE FROM {table}")
            database.execute("UPDATE token SET value = ?", (secrets.token_hex(8),))
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def look(path: Path) -> Stood | None:
    """What the file holds, changing nothing; None where there is none. Raises as TalkFile does."""
    if not path.exists():
        return None
    with (
        _named(),
        contextlib.closing(sqlite3.connect(f"file:{_quoted(path)}?mode=ro", timeout=PATIENCE_S, uri=True)) as database,
    ):
        if _version(database) == 0:
            return None
        return _read(database)[1]


def _read(database: sqlite3.Connection) -> tuple[list[tuple[int, Line]], Stood]:
    """The lines with their places, and all of it. An older file has no `manner`."""
    select = "SELECT place, who, text, interrupted, estimated FROM lines ORDER BY place DESC LIMIT ?"
    found = database.execute(select, (LINES,)).fetchall()
    rest = database.execute("SELECT at, more, texts FROM rest").fetchone() or (0.0, 0, "[]")
    has_manner = database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'manner'").fetchone()[0]
    manner = database.execute("SELECT name, value FROM manner").fetchall() if has_manner else []
    try:
        rows = [
            (place, Line(Who(who), -1 - back, str(text), bool(interrupted), bool(estimated)))
            for back, (place, who, text, interrupted, estimated) in enumerate(found)
        ]
        texts = json.loads(rest[2])
        if not (isinstance(texts, list) and all(isinstance(text, str) for text in texts)):
            raise ValueError
        rows.reverse()
        saved = Saved(tuple(line for _, line in rows), tuple(texts), bool(rest[1]))
        return rows, Stood(saved, float(rest[0]), {str(name): float(value) for name, value in manner})
    except (ValueError, TypeError):
        raise Refused("it is damaged") from None


def _prepare(database: sqlite3.Connection) -> None:
    """Our way of writing, and the newest version of what there is."""
    version = _version(database)
    for pragma in (
        f"max_page_count = {PAGES_MOST}",
        "journal_mode = WAL",
        f"wal_autocheckpoint = {WAL_PAGES}",
        f"journal_size_limit = {4096 * WAL_PAGES}",
        "synchronous = FULL",
        "secure_delete = ON",
        "trusted_schema = OFF",
    ):
        database.execute(f"PRAGMA {pragma}")
    if version == len(SCHEMAS):
        return
    with _transaction(database):
        version = _version(database)  # somebody else may have been faster
        for schema in SCHEMAS[version:]:
            for statement in filter(str.strip, schema.split(";")):
                database.execute(statement)
        if version == 0:
            database.execute("INSERT INTO token VALUES (1, ?)", (secrets.token_hex(8),))
            database.execute(f"PRAGMA application_id = {OURS}")
        database.execute(f"PRAGMA user_version = {len(SCHEMAS)}")


def _version(database: sqlite3.Connection) -> int:
    """Of the file; 0 for an empty one. Raises Foreign, and Refused for a later one than ours."""
    (owner,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if owner != OURS:
        if database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise Foreign(errno.EPERM, "it is a database of somebody else's")
        return 0
    if not 0 <= version <= len(SCHEMAS):
        raise Refused(f"it has version {version}, this program reads up to {len(SCHEMAS)}")
    return int(version)


@contextlib.contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing. What is committed lies on the disk."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:  # a full disk may have ended it already
            database.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def _named() -> Iterator[None]:
    """What SQLite complains of, as we do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of an extended code says where
        if code in DAMAGED:
            raise Refused("it is damaged") from error
        if code == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        if code == sqlite3.SQLITE_BUSY:
            raise OSError(errno.EBUSY, "somebody else holds it") from error
        raise OSError(errno.EIO, str(error)) from error


def _utf8(text: str) -> str:
    """What SQLite can hold: half a surrogate pair is no text."""
    return text.encode(errors="replace").decode()


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
