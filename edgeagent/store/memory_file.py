"""What is remembered from start to start: a file of a few numbers, read once, written now and then, reset on request.

The file carries a token. Whoever forgets replaces the file by an empty one with a new token; a running device looks at
the file every second, and before each time that it writes, and when the token is not the one it knows, it begins again
with what the file says. So a device can never write back what was forgotten, and needs no door for being told. A file
that is simply deleted is forgotten as well. A lock on the folder keeps looking and writing together.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeagent.store.disk import OWN_FILE, made, write_whole
from edgeagent.store.plain import from_plain, to_plain
from edgeagent.turn.events import Remembered

FORMAT = 1
"""Of the file. A reader refuses any other."""

LARGEST = 4096
"""Bytes; ours has some 250."""

REFUSED = ".refused"
"""Behind the name of a file that was no memory, kept aside."""


class Refused(ValueError):
    """The file is damaged, of another version, or none of ours; the message says which."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the file holds. token: which forgetting it dates from, "" where there is no file."""

    token: str
    remembered: Remembered | None


def read(path: Path) -> Kept:
    """Raises Refused, or OSError where it cannot be read; no file is no memory."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        return Kept("", None)
    try:
        return _parsed(data)
    except ValueError as error:
        raise Refused(str(error)) from error


def _parsed(data: bytes) -> Kept:
    """Raises ValueError, saying what does not fit."""
    if len(data) > LARGEST:
        raise ValueError("it is too large")
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("it is damaged") from None
    if not isinstance(plain, dict) or not isinstance(token := plain.get("token"), str) or not token:
        raise ValueError("it is no memory of ours")
    if plain.get("format") != FORMAT:
        raise ValueError(f"it has format {plain.get('format')}, this version reads format {FORMAT}")
    known = plain.get("remembered", "")
    if known is not None and not isinstance(known, dict):
        raise ValueError("it is damaged")
    return Kept(token, None if known is None else from_plain(Remembered, {**known, "at": 0}))


def forget(path: Path) -> None:
    """Replace whatever is there by an empty memory, also under a running device. Raises OSError."""
    made(path.parent)
    with _locked(path):
        _write(path, Kept(secrets.token_hex(8), None))


def save(path: Path, token: str, remembered: Remembered) -> str | None:
    """Write `remembered` if the file still has `token`; the token that it has now. None, and nothing written, if it
    was replaced meanwhile. Raises Refused or OSError."""
    made(path.parent)
    with _locked(path):
        if read(path).token != token:
            return None
        kept = Kept(token or secrets.token_hex(8), remembered)
        _write(path, kept)
        return kept.token


def told_aside(path: Path, refused: Refused, so: str, beside: Sequence[str] = ()) -> str:
    """Move a file that was refused aside, and say so. so: what is done without it. beside: see `set_aside`."""
    try:
        return f"{path}: {refused}; {so}, and the file kept as {set_aside(path, beside).name}"
    except OSError as error:
        return f"{path}: {refused}, and it cannot be moved aside: {error.strerror}"


def set_aside(path: Path, beside: Sequence[str] = ()) -> Path:
    """Rename a file that was refused, over an earlier one; its new path. beside: ends of the names of files that
    belong to it, where they are. Raises OSError."""
    aside = path.with_name(path.name + REFUSED)
    with _locked(path):
        os.replace(path, aside)
        for end in beside:
            with contextlib.suppress(FileNotFoundError):
                os.replace(path.with_name(path.name + end), aside.with_name(aside.name + end))
    return aside


def _write(path: Path, kept: Kept) -> None:
    plain = to_plain(kept.remembered)
    if isinstance(plain, dict):
        del plain["at"]  # a moment of another session
    write_whole(
        path, json.dumps({"format": FORMAT, "token": kept.token, "remembered": plain}, indent=1) + "\n", OWN_FILE
    )


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Nobody else writes meanwhile: forgetting and saving both take a moment."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
