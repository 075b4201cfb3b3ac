"""Real time for whatever stands in the place of a card's callback."""

from __future__ import annotations

import os

PRIORITY = 20
"""SCHED_FIFO: over everything ordinary, under the kernel's own audio and USB threads (50)."""


def urgent(process: int = 0) -> bool:
    """For the calling thread, or a process that has just begun; False where it is not permitted, or it has ended."""
    try:
        os.sched_setscheduler(process, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except OSError:
        return False
    return True
