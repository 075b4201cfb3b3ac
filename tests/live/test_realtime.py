"""Real-time hygiene stays with the thread and the process that asked for it."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from edgeagent.live import realtime
from edgeagent.live.realtime import Collector, prepare, relax, urgent, urgently


def in_a_thread(act: Callable[[], None]) -> None:
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def test_the_priority_is_not_inherited() -> None:
    found: list[int] = []

    def look() -> None:
        found.append(os.sched_getscheduler(0))

    def hurry() -> None:
        if urgent(5):
            look()
            in_a_thread(look)

    in_a_thread(hurry)
    if not found:
        pytest.skip("SCHED_FIFO is not permitted here")
    mine, theirs = found
    assert mine & os.SCHED_FIFO
    assert theirs == os.SCHED_OTHER


def test_real_time_ends_with_what_it_is_for() -> None:
    """For a thread that goes on to something else."""
    found: list[int] = []

    def hurry() -> None:
        with suppress(KeyError), urgently(5) as may:
            found.extend([os.sched_getscheduler(0)] * may)
            raise KeyError
        found.append(os.sched_getscheduler(0))

    in_a_thread(hurry)
    if len(found) == 1:
        pytest.skip("SCHED_FIFO is not permitted here")
    during, after = (policy & ~os.SCHED_RESET_ON_FORK for policy in found)
    assert (during, after) == (os.SCHED_FIFO, os.SCHED_OTHER)


def test_without_permission_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    assert not urgent(5)
    with urgently(5) as may:
        assert not may


def test_what_is_prepared_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realtime, "lock_memory", lambda: False)
    entry = prepare().entry(urgent=False)
    try:
        assert not gc.isenabled()
        assert gc.get_freeze_count() > 0
        assert sys.getswitchinterval() == pytest.approx(0.0005)
        assert (entry["scheduler"], entry["memory_locked"]) == ("normal", False)
    finally:
        relax()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_garbage_is_collected_while_nobody_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    moments, collected = list[float](), list[float]()
    monkeypatch.setattr(gc, "isenabled", lambda: False)
    monkeypatch.setattr(gc, "collect", lambda: collected.append(moments[-1]))
    collector = Collector(0.0)
    for now in range(0, 2000, 10):
        moments.append(now)
        collector.visit(now, idle=now < 200)
    assert collected == [70.0, 140.0, 750.0, 1360.0, 1970.0]


def test_numerics_keep_to_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "2")
    realtime.one_thread()
    assert (os.environ["OMP_NUM_THREADS"], os.environ["MKL_NUM_THREADS"]) == ("1", "2")
