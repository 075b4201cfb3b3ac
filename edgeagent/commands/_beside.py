"""The device that runs already while `check` looks: what it holds by itself alone cannot be opened a second time, and
that is no fault.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from edgeagent.commands._finding import Finding, ok
from edgeagent.commands._installed import UNIT
from edgeagent.commands._monitor_probes import fetched
from edgeagent.devices.holders import Holders, Process
from edgeagent.settings import Settings

ANSWER_S = 5.0
"""For systemd, which answers in a tenth of a second."""

LEVEL = re.compile(rb"^edgeagent_microphone_level_dbfs (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Beside:
    """pid: of the device, 0 where none runs. service: whether systemd runs it. said: its status, "" where it tells
    none. again: what was typed, to type it again without the device."""

    pid: int = 0
    service: bool = False
    said: str = ""
    again: str = "edgeagent check"
    holders: Holders = field(default_factory=Holders)

    @property
    def alone(self) -> str:
        """The line that looks without the device."""
        if self.service:
            return f"sudo systemctl stop edgeagent; sudo {self.again}; sudo systemctl start edgeagent"
        return f"kill {self.pid}; sleep 2; {self.again}"

    @property
    def name(self) -> str:
        return f"the running device (pid {self.pid})"

    def has(self, pid: int) -> bool:
        """Whether a process is the device, or one that it has started."""
        return self.holders.belongs(pid, self.pid)

    def alone_has(self, held: Sequence[Process]) -> bool:
        """Whether those who hold something are the device and nobody else."""
        return bool(held) and all(self.has(process.pid) for process in held)

    def level(self, settings: Settings) -> str:
        """What its microphone hears now, where it tells that to Prometheus; "" elsewhere."""
        metrics = settings.metrics
        if not self.pid or not metrics.port:
            return ""
        found = LEVEL.search(fetched(metrics.address, metrics.port, "/metrics"))
        return f"its microphone hears {float(found[1]):.0f} dBFS" if found else ""

    def pace(self) -> str:
        """Whether its threads run in real time, which a check beside it cannot try; "" where we may not see."""
        urgent = self.holders.urgent(self.pid)
        if urgent is None:
            return ""
        which = ", ".join(map(str, urgent))
        return f"its sound runs in real time (SCHED_FIFO {which})" if urgent else "none of its threads is in real time"


NOBODY = Beside()


def find(pid: int, again: str) -> Beside:
    """The device with this pid; for 0, that of the installed service, if it runs."""
    holders = Holders()
    if pid:
        return Beside(pid, holders.unit(pid) == UNIT.name, "", again, holders)
    told = _shown("MainPID", "StatusText")
    return Beside(int(told.get("MainPID") or 0), True, told.get("StatusText", ""), again, holders)


def device(settings: Settings, beside: Beside = NOBODY) -> Iterator[Finding]:
    """That it runs, how it is, and how to look without it; nothing where it does not run."""
    if beside.pid:
        facts = [f"runs (pid {beside.pid})", beside.said, beside.level(settings), beside.pace()]
        how = f"what it holds is not opened beside it; without it: {beside.alone}"
        yield ok("device", "; ".join(fact for fact in (*facts, how) if fact))


def _shown(*properties: str) -> dict[str, str]:
    """Of the service; empty without systemd."""
    command = ["systemctl", "show", UNIT.name, *(f"--property={name}" for name in properties)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
