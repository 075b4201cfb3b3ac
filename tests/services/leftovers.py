"""What a test must not leave behind."""

from __future__ import annotations

import os
import threading
from pathlib import Path

TRACKER = b"multiprocessing.resource_tracker"
"""A process that Python keeps until its end, once anything has used a pool of processes."""


def children() -> set[int]:
    """Processes of ours that live."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        try:
            found |= {int(pid) for pid in (task / "children").read_text().split()}
        except OSError:  # a thread that has just ended
            continue
    return {pid for pid in found if _lives(pid)}


def _lives(pid: int) -> bool:
    try:
        if TRACKER in Path(f"/proc/{pid}/cmdline").read_bytes():
            return False
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def threads() -> set[str]:
    """Names of the threads that run."""
    return {thread.name for thread in threading.enumerate()}


def descriptors() -> int:
    """Open files, pipes and sockets."""
    return len(os.listdir("/proc/self/fd"))
