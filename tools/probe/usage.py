"""What the process costs and what the machine is, read off /proc and /sys; no program of the vendor's is needed."""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from edgeagent.monitor import board

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20

THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
"""A Raspberry Pi's own word for: too hot, or too little voltage."""


@dataclass(frozen=True, slots=True)
class Usage:
    """One moment. when: seconds of time.monotonic(). cpu_s: processor time of the process so far; threads: of each of
    its threads; children_s: of the processes that it has started, such as the voice."""

    when: float
    cpu_s: float
    threads: Mapping[str, float] = field(default_factory=dict)
    children_s: float = 0.0
    rss_mb: float = 0.0
    celsius: float | None = None


def usage() -> Usage:
    """Now. A millisecond; any thread."""
    return Usage(time.monotonic(), time.process_time(), _threads(), children_s(), _rss_mb(), celsius())


def share(before: Usage, after: Usage) -> dict[str, float]:
    """Per cent of one core between two moments: in all, of each thread, and of the children."""
    passed = (after.when - before.when) / 100
    spent = {name: after.threads[name] - before.threads.get(name, 0.0) for name in after.threads}
    parts = {name: seconds / passed for name, seconds in spent.items() if seconds > 0}
    children = (after.children_s - before.children_s) / passed
    return {"process": (after.cpu_s - before.cpu_s) / passed, **parts, "voice": children}


def _threads() -> dict[str, float]:
    """Seconds of each thread by its name; those that the sound library has made are the card's."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    spent: dict[str, float] = {}
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError, ValueError):  # it has just ended
            name = names.get(int(task.name), "callbacks")
            name = {"MainThread": "engine"}.get(name, "callbacks" if name.startswith("Dummy") else name)
            spent[name] = spent.get(name, 0.0) + _precise(task)
    return spent


def _precise(task: Path) -> float:
    """Seconds of a thread, in nanoseconds where the kernel counts them."""
    with suppress(OSError):
        return int((task / "schedstat").read_text().split()[0]) / 1e9
    return ticks_s(task / "stat")


def ticks_s(stat: Path) -> float:
    """User and system seconds by the file of a thread or process."""
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def children_s(process: int | str = "self") -> float:
    """User and system seconds of the processes that one has started."""
    spent = 0.0
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in listed.read_text().split():
                with suppress(OSError):
                    spent += ticks_s(Path(f"/proc/{child}/stat"))
    return spent


def _rss_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_MB


def celsius(root: Path = board.ROOT) -> float | None:
    """The hottest thermal zone; None where the machine has none."""
    return max(board.temperatures(root).values(), default=None)


def machine() -> dict[str, str | int]:
    """What it is: board or processor, cores, kernel, Python; and whether the board holds itself back."""
    said: dict[str, str | int] = {
        "model": _model(),
        "cores": os.cpu_count() or 1,
        "machine": platform.machine(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }
    with suppress(OSError):
        said["throttled"] = THROTTLED.read_text().strip()
    return said


def _model() -> str:
    with suppress(OSError):
        return Path("/proc/device-tree/model").read_text().strip("\0\n ")
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
