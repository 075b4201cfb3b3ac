"""The newest lines of a journal in a file of the memory (/run), until they surely lie on the disk.

A journal's thread writes a line within milliseconds, unless the disk is busy; what it has not got to when the process
is killed would be lost. A file in memory outlives the process and holds up nobody, so the engine's own thread writes
there first. The next start writes what the journal lacks. A power cut ends both.
"""

from __future__ import annotations

import os
from pathlib import Path

from edgeagent.store.disk import opened, write_all

MOST_BYTES = 262_144
"""After so much the tail moves to FILE.1 and is begun anew: some thousand lines, far more than wait for a disk."""

END = 65_536
"""Bytes of a journal's end that are searched for its last line."""


class Tail:
    """One thread. Every method may raise OSError."""

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        """Begins anew: first ask for what is `missing`."""
        self._path = path
        self._most_bytes = most_bytes
        self._before = path.with_name(path.name + ".1")
        self._before.unlink(missing_ok=True)
        self._file = opened(path, "w")

    def write(self, line: bytes) -> None:
        """Keep one line."""
        if self._file.tell() > self._most_bytes:
            self._file.close()
            os.replace(self._path, self._before)
            self._file = opened(self._path, "w")
        write_all(self._file, line)

    def close(self, written: bool) -> None:
        """written: all of it lies on the disk. Idempotent."""
        if written and not self._file.closed:
            self._file.truncate(0)
            self._before.unlink(missing_ok=True)
        self._file.close()


def missing(path: Path, journal: Path) -> list[bytes]:
    """The lines of the tail at `path` that come behind the last line of `journal`. None if that is not in the tail:
    then it is of another journal. Raises OSError."""
    kept = [line for file in (path.with_name(path.name + ".1"), path) for line in _lines(file)]
    written = [line for file in (journal.with_name(journal.name + ".1"), journal) for line in _lines(file, END)]
    if not written:
        return kept
    last = max((index for index, line in enumerate(kept) if line == written[-1]), default=len(kept))
    return kept[last + 1 :]


def _lines(path: Path, most: int = 0) -> list[bytes]:
    """Whole lines, each with its newline, of the last `most` bytes, 0 for all; none of a file that is not there."""
    try:
        with path.open("rb") as file:
            if most:
                file.seek(max(0, file.seek(0, os.SEEK_END) - most))
            return [line for line in file if line.endswith(b"\n")]
    except FileNotFoundError:
        return []
