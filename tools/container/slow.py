"""The engine gets less of the processor than it needs, as on a machine that is hot and runs at half its clock.

A quota of the unit (`CPUQuota=`) would not do: no quota holds for threads in real time, and the card's own have to go
on as ever. So the engine's thread alone is moved into a group that has so many microseconds of real time in each
period. That is harder than heat: it may be stopped while it holds what the card's callbacks need, and then sound is
lost, too.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Self

from tools.container.machine import CannotRun, Machine
from tools.container.room import Room

CPU = Path("/sys/fs/cgroup/cpu")
"""Where real time is rationed; with the newer cgroups alone it cannot be."""

PERIOD_US = 20_000
"""As often the ration is given: as on a slow machine, and unlike one that stalls, the engine is never away for long."""

LEAST_US = 10
"""A ration of 0 would be none at all, and refused for a thread in real time."""

LOOKED_S = 4.0
"""A person asks something and is answered."""


def needs(machine: Machine, room: Room) -> float:
    """Of one processor, what the engine's thread takes while somebody talks with it. It must listen."""
    room.speak()
    before = _spent(machine)
    time.sleep(LOOKED_S)
    return (_spent(machine) - before) / LOOKED_S


def _spent(machine: Machine) -> float:
    machine.aim()
    nanoseconds = Path(f"/proc/{machine.target}/task/{machine.target}/schedstat").read_text().split()[0]
    return int(nanoseconds) / 1e9


class Ration:
    """A context in which the engine of the process that runs now has no more than that share of a processor."""

    def __init__(self, machine: Machine, share: float) -> None:
        """Raises CannotRun where real time cannot be rationed."""
        self._ours = CPU / machine.name
        self._machine = machine
        self._share = share
        self._thread = 0
        if not (self._ours / "cpu.rt_runtime_us").exists():
            raise CannotRun("real time cannot be rationed here: that needs cgroup v1 and CONFIG_RT_GROUP_SCHED")

    def __enter__(self) -> Self:
        group = self._ours / "slow"
        group.mkdir(exist_ok=True)
        (group / "cpu.rt_runtime_us").write_text("0")
        (group / "cpu.rt_period_us").write_text(str(PERIOD_US))
        self.cut(1.0)
        self._machine.aim()
        self._thread = self._machine.target
        (group / "tasks").write_text(str(self._thread))
        return self

    def cut(self, factor: float) -> None:
        """To so much of what it was."""
        self._share *= factor
        runtime_us = max(LEAST_US, round(self._share * PERIOD_US))
        (self._ours / "slow" / "cpu.rt_runtime_us").write_text(str(runtime_us))

    def __exit__(self, *_error: object) -> None:
        if Path(f"/proc/{self._thread}").exists():
            (self._ours / "tasks").write_text(str(self._thread))
