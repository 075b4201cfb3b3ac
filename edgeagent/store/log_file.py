"""A file of lines. With a limit it grows over many starts; full, it moves to FILE.1 and is begun anew.

So there is never more than twice the limit on the disk, and always the newest of it. Such a file is there for months:
who deletes it, or moves it elsewhere, has a new one, and a disk that was full costs the lines of that time.
"""

from __future__ import annotations

import os
from contextlib import suppress
from io import FileIO
from pathlib import Path

from edgeagent.store.disk import opened, write_all

TAIL = 65_536
"""Bytes searched for the last line's end; a line of a journal has some hundred."""


class LogFile:
    """Every method may raise OSError. One thread at a time."""

    def __init__(self, path: Path, most_bytes: int = 0) -> None:
        """most_bytes: go on behind the last whole line that is there, and begin anew after so many bytes. 0: begin
        anew now, without limit."""
        self._path = path
        self._most_bytes = most_bytes
        self._file = self._opened() if most_bytes else opened(path, "w")

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, line: bytes) -> None:
        """Append one line, whole or not at all."""
        if self._most_bytes:
            self._make_room(len(line))
        before = self._file.tell()
        try:
            write_all(self._file, line)
        except OSError:
            with suppress(OSError):
                self._file.seek(self._file.truncate(before))
            raise

    def _make_room(self, more: int) -> None:
        if not self._there():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._instead(self._opened())
        if self._file.tell() and self._file.tell() + more > self._most_bytes:
            os.replace(self._path, self._path.with_name(self._path.name + ".1"))
            self._instead(opened(self._path, "w"))

    def _instead(self, file: FileIO) -> None:
        self._file.close()
        self._file = file

    def _opened(self) -> FileIO:
        """At the end of the last whole line."""
        file = opened(self._path, "a+")
        try:
            file.truncate(_whole(file))
        except OSError:
            file.close()
            raise
        return file

    def _there(self) -> bool:
        """Whether what we write to still has its name."""
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._file.fileno()))
        except FileNotFoundError:
            return False

    def close(self) -> None:
        self._file.close()


def _whole(file: FileIO) -> int:
    """Bytes up to the end of the last whole line: a power cut may leave part of another. Leaves `file` at its end."""
    end = file.seek(0, os.SEEK_END)
    start = file.seek(max(0, end - TAIL))
    tail = file.read(TAIL)
    return start + tail.rfind(b"\n") + 1 if tail else 0
