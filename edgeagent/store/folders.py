"""Where a session goes. A device that starts again finds the folder it was given in use, and begins a new one in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path


def dated(parent: Path) -> Path:
    """A folder in `parent` named by this moment (UTC); not made yet. Names sort by age."""
    return parent.expanduser() / datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def vacant(folder: Path) -> Path:
    """`folder` itself if it is new or empty, else a dated one in it; not made yet. Raises OSError if it cannot be
    looked into."""
    return dated(folder) if folder.is_dir() and any(folder.iterdir()) else folder
