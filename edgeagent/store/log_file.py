"""A file of lines. With a limit it grows over many starts; full, it moves to FILE.1 and is begun anew.

So there is never more than twice the limit on the disk, and always the newest of it.
"""

from __future__ import annotations

import os
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
        self._file = opened(path, "a+" if most_bytes else "w")
        try:
            if most_bytes:
                self._file.truncate(_whole(self._file))
        except OSError:
            self._file.close()
            raise

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, line: bytes) -> None:
        """Append one line."""
        size = self._file.tell()
        if size and 0 < self._most_bytes < size + len(line):
            self._file.close()
            os.replace(self._path, self._path.with_name(self._path.name + ".1"))
            self._file = opened(self._path, "w")
        write_all(self._file, line)

    def close(self) -> None:
        self._file.close()


def _whole(file: FileIO) -> int:
    """Bytes up to the end of the last whole line: a power cut may leave part of another. Leaves `file` at its end."""
    end = file.seek(0, os.SEEK_END)
    start = file.seek(max(0, end - TAIL))
    tail = file.read(TAIL)
    return start + tail.rfind(b"\n") + 1 if tail else 0
