"""Whether the system's loader would find a library: seen from the files, without loading it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from itertools import chain
from pathlib import Path

ROOT = Path("/")

FOLDERS = ("lib", "lib64", "lib/*-linux-*", "usr/lib", "usr/lib64", "usr/lib/*-linux-*", "usr/local/lib")
"""In which it looks by itself on one system or another, below the root."""

CACHE = "etc/ld.so.cache"
"""What else it knows, on systems with glibc: names and paths, each ended by a zero byte."""


def loadable(library: str, root: Path = ROOT) -> bool:
    """False only where it is surely not there: a loader without a cache may have folders that nobody can list."""
    own = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    given = [Path(place) for place in (*own, f"{sys.prefix}/lib", f"{sys.base_prefix}/lib") if place]
    if any((place / library).exists() for place in chain(given, *(root.glob(pattern) for pattern in FOLDERS))):
        return True
    with suppress(OSError):
        return b"\0%b\0" % library.encode() in (root / CACHE).read_bytes()
    return True
