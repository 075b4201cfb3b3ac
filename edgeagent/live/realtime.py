"""What keeps the sound from stuttering beside everything else on a small machine.

Measured: with SCHED_FIFO the callback's jitter under load falls from 64 to 10 ms; a switch interval of 0.5 ms lets a
thread get the interpreter within a millisecond of wanting it instead of 12; garbage collection in a callback is poison,
so what exists at the start is frozen, and the collector runs when nobody speaks. Memory is locked as it is touched
(MCL_ONFAULT): locking everything that is mapped would make 8 MB of each thread's stack resident.
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

CARD_PRIORITY = 22
"""SCHED_FIFO of the thread that stops the card: the highest we ask for, below the kernel's own (50)."""

ENGINE_PRIORITY = 21
"""Over the card's callbacks (20): the engine needs a twentieth of their time, and they spin when a card is pulled."""

SWITCH_S, DEFAULT_SWITCH_S = 0.0005, 0.005
"""Python's switch interval: ours, and its own."""

COLLECT_IDLE_S, COLLECT_BUSY_S = 60.0, 600.0
"""Seconds between two collections: when nobody speaks, and at the latest. A collection takes about a millisecond."""

MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT = 1, 2, 4

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Hygiene:
    """What could be had of it."""

    memory_locked: bool
    collector: str = "frozen"
    switch_ms: float = 1000 * SWITCH_S

    def entry(self, urgent: bool) -> dict[str, object]:
        """For the journal. urgent: whether the engine thread got its priority."""
        return {"at": 0, "event": "realtime", "scheduler": "fifo" if urgent else "normal", **asdict(self)}


def one_thread() -> None:
    """Numeric libraries shall compute in the thread that asks. Before numpy is imported."""
    for variable in THREADS:
        os.environ.setdefault(variable, "1")


def urgent(priority: int) -> bool:
    """SCHED_FIFO for the calling thread, not for threads and processes it starts; False where it is not permitted."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except OSError:
        return False
    return True


@contextmanager
def urgently(priority: int) -> Iterator[bool]:
    """`urgent` for as long as the context lasts; then the calling thread runs as it did before. Whether it may."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    may = urgent(priority)
    try:
        yield may
    finally:
        if may:
            # the mark that children do not inherit it stays: only root may take it back
            os.sched_setscheduler(0, before[0] | os.SCHED_RESET_ON_FORK, before[1])


def may_lock_memory() -> bool:
    """Whether memory may be locked without limit: with one, later allocations would fail."""
    return resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY or os.geteuid() == 0


def lock_memory() -> bool:
    """Keep what is touched from now on in memory. False where it is not permitted."""
    return may_lock_memory() and bool(ctypes.CDLL(None).mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0)


def prepare() -> Hygiene:
    """All but the priority, once everything is built and before the card runs: it holds every thread up for some 50
    ms."""
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.disable()
    return Hygiene(lock_memory())


def relax() -> None:
    """Undo what `prepare` did to the interpreter; the memory stays locked."""
    gc.enable()
    gc.unfreeze()
    sys.setswitchinterval(DEFAULT_SWITCH_S)


class Collector:
    """Garbage collection at moments when nobody listens to us."""

    def __init__(self, now: float) -> None:
        self._last = now

    def visit(self, now: float, idle: bool) -> None:
        """Collect if it is time. now: seconds."""
        if not gc.isenabled() and now - self._last > (COLLECT_IDLE_S if idle else COLLECT_BUSY_S):
            gc.collect()
            self._last = now
