"""Whoever is told to end takes the device along that is measured, which would otherwise run for ever, and removes the
card."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Process = TypeVar("Process", "subprocess.Popen[str]", "subprocess.Popen[bytes]")


@contextmanager
def orderly(start: Callable[[], Process]) -> Iterator[Process]:
    """What `start` starts; killed at the end if it still runs. Main thread only. SIGTERM, as `timeout` sends it, and
    SIGHUP of a terminal that is closed end what happens here by SystemExit; where either is ignored, as under nohup, it
    stays so."""
    told: list[int] = []
    started = False

    def leave(number: int, _frame: object) -> None:
        told.append(number)
        if started:  # else there may be a process that nobody knows yet
            raise SystemExit(128 + number)

    ours = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) == signal.SIG_DFL]
    for number in ours:
        signal.signal(number, leave)
    process = start()
    try:
        started = True
        if told:
            raise SystemExit(128 + told[0])
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
