"""What a simulated day has shown, and what of it is not as it must be."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from edgeagent.units import HOP
from tools.endurance.process import Cost, growth, growth_base

GRANTED_MB = 1.0
"""Growth of memory that is none: of the process, and of its children."""

GRANTED_COST = 0.25
"""Growth of the relative cost of a period that is none: beside eight busy programs for each core it was a fifth higher
than beside none. What is searched again and again for what has piled up costs many times as much after a day."""

GRANTED_MS = 50.0
"""By so much the median from onset to stop may change: that of 200 interruptions is good to 20 ms."""


@dataclass(frozen=True, slots=True)
class Look:
    """Every five simulated minutes. hours: simulated so far. period_us: processor time of a period of 10 ms in the last
    five minutes. relative: the same in hops of the yardstick. passed_s: real seconds."""

    hours: float
    cost: Cost
    period_us: float
    relative: float
    passed_s: float


@dataclass(frozen=True, slots=True)
class Hour:
    """One simulated hour. spoke: times that somebody took the floor. stop_ms: from onset to stop, median. slip: samples
    that the engine is behind the card."""

    spoke: int
    stops: int
    turns: int
    stop_ms: float
    relative: float
    drift_ppm: float
    slip: int


@dataclass(slots=True)
class Simulated:
    """A day. wanted: hours. lost, told: microphone samples that the card lost, and that the journal tells of. slip:
    samples that were never decided upon."""

    wanted: float
    looks: list[Look] = field(default_factory=list)
    hours: list[Hour] = field(default_factory=list)
    lost: int = 0
    told: int = 0
    slip: int = 0
    ended_early: bool = False

    @property
    def reached(self) -> float:
        """Hours simulated."""
        return self.looks[-1].hours if self.looks else 0.0

    @property
    def growth_mb(self) -> float:
        """Of the process."""
        return growth([look.cost.rss_mb for look in self.looks])

    @property
    def children_growth_mb(self) -> float:
        """Of the voice."""
        return growth([look.cost.children_mb for look in self.looks])

    @property
    def cost_growth(self) -> float:
        """Of what a period costs, as a share of what it cost at first."""
        before = growth_base([look.relative for look in self.looks])
        return growth([look.relative for look in self.looks]) / before if before else 0.0

    @property
    def stop_growth_ms(self) -> float:
        """Of the time from onset to stop."""
        return growth([hour.stop_ms for hour in self.hours])

    @property
    def faults(self) -> list[str]:
        """What is not as it must be, in words; none for a device that lasts."""
        found = []
        for name, grown in (("the process", self.growth_mb), ("its children", self.children_growth_mb)):
            if grown > GRANTED_MB:
                found.append(f"the memory of {name} has grown by {grown:.2f} MB")
        if self.cost_growth > GRANTED_COST:
            found.append(f"a period costs {100 * self.cost_growth:.0f} % more than at first")
        if abs(self.stop_growth_ms) > GRANTED_MS:
            found.append(f"stops come {self.stop_growth_ms:+.0f} ms later than at first")
        if self.lost != self.told:
            found.append(f"{self.lost} samples were lost and {self.told} told")
        if not 0 <= self.slip < 2 * HOP:
            found.append(f"the engine is {self.slip} samples beside the card")
        if self.hours and not self.hours[-1].turns:
            found.append("no turn was handed over in the last hour")
        if unstoppable := [str(n) for n, hour in enumerate(self.hours, start=1) if hour.spoke and not hour.stops]:
            found.append(f"nobody could interrupt it in hour {', '.join(unstoppable)}")
        files = [look.cost.open_files + look.cost.threads for look in self.looks]
        if growth(files) > 0:
            found.append("more files or threads are open than at first")
        return found

    def __str__(self) -> str:
        head = f"{'hour':>4}{'spoke':>7}{'stops':>7}{'turns':>7}{'onset to stop, ms':>19}{'hops a period':>15}"
        head += f"{'drift, ppm':>12}"
        lines = [
            f"{n:>4}{h.spoke:>7}{h.stops:>7}{h.turns:>7}{h.stop_ms:>19.0f}{h.relative:>15.3f}{h.drift_ppm:>12.1f}"
            for n, h in enumerate(self.hours, start=1)
        ]
        lines += [
            f"{self.reached:.1f} of {self.wanted:g} hours; memory {self.growth_mb:+.2f} MB, of the children "
            f"{self.children_growth_mb:+.2f} MB; cost of a period {100 * self.cost_growth:+.1f} %; onset to stop "
            f"{self.stop_growth_ms:+.0f} ms",
            f"{self.lost} microphone samples lost, {self.told} told",
            "; ".join(self.faults) or "no fault",
        ]
        return "\n".join([head, *lines])

    def figures(self) -> dict[str, object]:
        """For JSON."""
        grown = {
            "reached_hours": round(self.reached, 2),
            "growth_mb": round(self.growth_mb, 3),
            "children_growth_mb": round(self.children_growth_mb, 3),
            "cost_growth": round(self.cost_growth, 4),
            "stop_growth_ms": round(self.stop_growth_ms, 1),
            "faults": self.faults,
        }
        return grown | asdict(self)
