"""What a process costs: its memory and its processor time, as the kernel counts them, its children included."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

TICK_S = 1 / os.sysconf("SC_CLK_TCK")

WARM_UP = 0.1
"""Of a run: libraries load, rings fill, the heap takes its shape."""

SHARE = 0.15
"""Of a run: what is compared at its beginning, after the warm-up, and at its end."""


@dataclass(frozen=True, slots=True)
class Cost:
    """At one moment. rss_mb: resident memory of the process that is its own; files that it has mapped, such as the
    simulated card's record, are not. children_mb: of those it has started. cpu_s: user and system time of the process,
    without its children. open_files, threads: how many."""

    rss_mb: float
    children_mb: float
    cpu_s: float
    open_files: int
    threads: int


def cost(pid: int) -> Cost:
    """Of a process that runs. OSError for one that does not."""
    folder = Path("/proc") / str(pid)
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    tasks = [task for task in (folder / "task").iterdir() if (task / "children").exists()]
    children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return Cost(
        _rss_mb(pid),
        sum(_rss_mb(child) for child in children),
        (int(fields[11]) + int(fields[12])) * TICK_S,
        len(list((folder / "fd").iterdir())),
        int(fields[17]),
    )


def growth(values: Sequence[float]) -> float:
    """By how much `values`, taken at equal distances over a whole run, have grown: the median of the last SHARE less
    that of the first SHARE after WARM_UP. One high value is no growth. 0 for fewer than three."""
    settled = values[round(len(values) * WARM_UP) :]
    if len(settled) < 3:
        return 0.0
    some = max(1, round(len(values) * SHARE))
    return median(settled[-some:]) - median(settled[:some])


def growth_base(values: Sequence[float]) -> float:
    """What `growth` compares with: the median of the first SHARE after WARM_UP; 0 for nothing."""
    settled = values[round(len(values) * WARM_UP) :]
    return median(settled[: max(1, round(len(values) * SHARE))]) if settled else 0.0


def _rss_mb(pid: int) -> float:
    try:
        lines = (Path("/proc") / str(pid) / "status").read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024
