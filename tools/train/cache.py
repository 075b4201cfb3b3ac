"""Files of the cache: each is there whole or not at all, whoever writes it, and one that is damaged is named.

A run may be killed at any time, and two runs may share a cache and make the same file (`--only`). What a power cut
leaves is not guarded against, but noticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from secrets import token_hex
from typing import BinaryIO
from zipfile import BadZipFile

from edgeagent.errors import EdgeAgentError


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """Where to write what becomes `path` when all of it is written; gone if that fails. Raises EdgeAgentError."""
    draft = path.with_name(f"{path.stem}.{token_hex(4)}.half{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield draft
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise EdgeAgentError(f"{path}: {error.strerror}", "make room, or give another folder") from error


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """The file at `path`, open around whatever reads it. Raises EdgeAgentError when it cannot be read."""
    try:
        with path.open("rb") as file:
            yield file
    except (OSError, EOFError, ValueError, KeyError, RuntimeError, BadZipFile, UnpicklingError) as error:
        raise EdgeAgentError(f"{path}: cannot be read: {error}", "delete it, and it is made anew") from error
