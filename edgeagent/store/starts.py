"""How often the device was started, where there is a folder for its state."""

from __future__ import annotations

from pathlib import Path

from edgeagent.store.disk import write_whole

NAME = "starts"


def count_start(folder: Path) -> int | None:
    """One more; how many there are now. None where the folder cannot be written: nothing else depends on it."""
    file = folder / NAME
    try:
        before = int(file.read_text(encoding="ascii")) if file.exists() else 0
    except (OSError, ValueError):
        before = 0  # damaged: a counter that begins anew is what its readers are made for
    try:
        write_whole(file, f"{before + 1}\n")
    except OSError:
        return None
    return before + 1
