"""An SQLite file of ours: whether it is one, how it is made and brought up to date, how we write, and what we call that
which goes wrong."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

OURS = 0x65646761
"""`PRAGMA application_id` of our files ("edga"): a database of somebody else's is left alone."""

SCHEMAS = (
    """
    CREATE TABLE token (one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL);
    INSERT INTO token VALUES (1, lower(hex(randomblob(8))));
    CREATE TABLE lines (place INTEGER PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL,
        interrupted INTEGER NOT NULL, estimated INTEGER NOT NULL);
    CREATE TABLE rest (one INTEGER PRIMARY KEY CHECK (one = 1), at REAL NOT NULL, more INTEGER NOT NULL,
        texts TEXT NOT NULL);
    """,
    "CREATE TABLE manner (name TEXT PRIMARY KEY, value REAL NOT NULL);",
    """
    CREATE TABLE learnt (name TEXT PRIMARY KEY, value NOT NULL);
    CREATE TABLE tokens (part TEXT PRIMARY KEY, value TEXT NOT NULL);
    INSERT INTO tokens SELECT 'talk', value FROM token;
    INSERT INTO tokens VALUES ('profile', lower(hex(randomblob(8))));
    DROP TABLE token;
    """,
)
"""What each version of the file changes in the one before; a file of version n has had the first n of them."""

PAGES_MOST = 1024
"""Of 4 KiB: the file never grows beyond 4 MiB. What it may hold (`dialogue.saved`) is a tenth of that."""

WAL_PAGES = 64
"""Pages (256 KiB) after which the write-ahead log is put into the file."""

PATIENCE_S = 1.0
"""How long another process may hold the file: forgetting takes a moment."""

# SQLITE_ERROR: a table or a column is missing
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


class Refused(ValueError):
    """The file is damaged, of a later version, or none of ours; the message says which."""


class Foreign(OSError):
    """The file is a database of somebody else's."""


def connected(path: Path, *, reads: bool = False) -> sqlite3.Connection:
    """For one thread at a time. reads: changes nothing."""
    name = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(
        f"file:{name}?mode={'ro' if reads else 'rw'}",
        timeout=PATIENCE_S,
        isolation_level=None,
        check_same_thread=False,
        uri=True,
    )


def prepare(database: sqlite3.Connection) -> None:
    """Our way of writing, and the newest version of what there is."""
    version = version_of(database)
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
    with transaction(database):
        version = version_of(database)  # somebody else may have been faster
        for schema in SCHEMAS[version:]:
            for statement in filter(str.strip, schema.split(";")):
                database.execute(statement)
        database.execute(f"PRAGMA application_id = {OURS}")
        database.execute(f"PRAGMA user_version = {len(SCHEMAS)}")


def version_of(database: sqlite3.Connection) -> int:
    """Of the file; 0 for an empty one. Raises Foreign, and Refused for a later one than ours."""
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()  # first: somebody may be making it
    (owner,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if owner != OURS:
        if tables:
            raise Foreign(errno.EPERM, "it is a database of somebody else's")
        return 0
    if not 0 <= version <= len(SCHEMAS):
        raise Refused(f"it has version {version}, this program reads up to {len(SCHEMAS)}")
    return int(version)


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing. What is committed lies on the disk."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:  # a full disk may have ended it already
            database.execute("ROLLBACK")
        raise


def overwrite(database: sqlite3.Connection) -> bool:
    """Put the write-ahead log into the file and empty it: until then both may hold what was deleted. False if somebody
    who reads keeps it from us."""
    (busy, _, _) = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


@contextlib.contextmanager
def named() -> Iterator[None]:
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
