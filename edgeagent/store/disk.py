"""Writing so that a kill or a full disk costs the newest bytes at most, never older ones.

Files are opened unbuffered: what `write_all` has returned from lies in the kernel's page cache and survives kill -9 of
the process. A power cut is not guarded against (no fsync): it would wear SD cards and stall the writer for seconds.
Only a settings file, and the memory (SQLite), are worth that.

What people said, and what was learnt of them, is for the device's own user: its files and folders are made so that
nobody else of the machine can read them.
"""

from __future__ import annotations

import os
import shutil
from io import FileIO
from pathlib import Path

OWN_FILE, OWN_FOLDER = 0o600, 0o700
"""Modes of what is nobody else's: the voices of people, what they said, what was thought or learnt of them."""


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


def write_whole(path: Path, text: str, mode: int = 0o666) -> None:
    """Replace `path` by `text` so that a reader sees either the old or the new content. mode: less the umask, as
    always, and whatever the old file's was. What is no file, such as /dev/null, is written to and stays. Raises
    OSError, and leaves nothing else behind."""
    if (path.exists() and not path.is_file()) or (path.is_symlink() and path.absolute().is_relative_to("/dev")):
        path.write_text(text, encoding="utf-8")
        return
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)  # one that a kill has left may have another mode
    try:
        with open(draft, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(text)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)  # half a page would only keep a full disk full
        raise


def replace_kept(path: Path, text: str, backup: Path) -> None:
    """Replace `path` by `text`, the old content kept as `backup`. A reader, and a power cut, see either of both whole;
    mode and owner stay, of the backup as well, and a link still leads there. Raises OSError; then `path` is as it was.

    Root may be told to do so in a folder of somebody else's: nothing that lies there already is written into, for it
    may be a link to anywhere."""
    path = path.resolve()
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with path.open("rb") as old:
        about = os.fstat(old.fileno())
        with open(backup, "xb", opener=_own) as kept:
            _give(kept.fileno(), about)
            shutil.copyfileobj(old, kept)
    try:
        with open(draft, "x", encoding="utf-8", newline="", opener=_own) as file:
            _give(file.fileno(), about)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _give(file: int, about: os.stat_result) -> None:
    """Owner and mode of another file to one that is open."""
    if os.geteuid() == 0:
        os.fchown(file, about.st_uid, about.st_gid)
    os.fchmod(file, about.st_mode & 0o7777)


def _own(path: str, flags: int) -> int:
    return os.open(path, flags, OWN_FILE)
