"""Writing so that a kill or a full disk costs the newest bytes at most, never older ones.

Files are opened unbuffered: what `write_all` has returned from lies in the kernel's page cache and survives kill -9 of
the process. A power cut is not guarded against (no fsync): it would wear SD cards and stall the writer for seconds.

What people said, and what was learnt of them, is for the device's own user: its files and folders are made so that
nobody else of the machine can read them.
"""

from __future__ import annotations

import os
from io import FileIO
from pathlib import Path

OWN_FILE, OWN_FOLDER = 0o600, 0o700
"""Modes of what is nobody else's."""


def opened(path: Path, mode: str) -> FileIO:
    """As FileIO opens it; a file that is new is its owner's alone. Raises OSError."""
    return FileIO(path, mode, opener=_own)


def made(folder: Path) -> None:
    """Make `folder`, its owner's alone, and what is above it, as usual, where they are missing. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=OWN_FOLDER, exist_ok=True)


def write_all(file: FileIO, data: bytes) -> None:
    """Append `data` whole; a nearly full disk takes a part first, then raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def write_whole(path: Path, text: str) -> None:
    """Replace `path` by `text` so that a reader sees either the old or the new content. Raises OSError."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)


def write_whole_own(path: Path, text: str) -> None:
    """The same, for its owner alone to read, whatever the old file was. Raises OSError."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with opened(draft, "w") as file:
        write_all(file, text.encode())
    os.replace(draft, path)


def _own(path: str, flags: int) -> int:
    return os.open(path, flags, OWN_FILE)
