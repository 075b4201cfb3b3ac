"""An hour of the real thing: `edgeagent run` through PortAudio's ALSA host on the simulated card.

A person interrupts it and asks for more, all the time. What the card lost is compared with what the device told of it,
sample by sample, and what stops and memory cost at the end with what they did at the beginning.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeagent.errors import DeviceError
from edgeagent.store.journal import read_lines
from tools.endurance.process import Cost, cost, growth
from tools.simcard.card import SimCard
from tools.simcard.device import Person, running
from tools.simcard.run_figures import Told, stop_times_ms, told

LOOK_S = 30.0
"""Between two looks at the device's memory."""

GRANTED_MB = 1.0
"""Growth of memory that is none."""

DRIFT_MS = 0.5
"""By so much the median of verdict to last sample may differ between the run's first and last quarter."""

Tell = Callable[[float, Cost, int], None]
"""Called every LOOK_S with the seconds passed, what the device costs, and how often the person has spoken."""


@dataclass(frozen=True, slots=True)
class Live:
    """What an hour showed. first_ms, last_ms: verdict to last audible sample in the first and the last quarter of the
    stops, median and 99th percentile. costs: every LOOK_S. left: the exit code of a device that left by itself."""

    seconds: float
    spoke: int
    stops: int
    turns: int
    turns_at_the_end: int
    first_ms: tuple[float, float]
    last_ms: tuple[float, float]
    costs: tuple[Cost, ...]
    told: Told | None
    left: int | None

    @property
    def growth_mb(self) -> float:
        """Of the device and its children."""
        return growth([c.rss_mb + c.children_mb for c in self.costs])

    @property
    def faults(self) -> list[str]:
        """What is not as it must be, in words; none for a device that lasts."""
        found = []
        if self.left is not None:
            found.append(f"the device left with exit code {self.left}")
        if self.growth_mb > GRANTED_MB:
            found.append(f"memory has grown by {self.growth_mb:.2f} MB")
        if self.told is None or not self.told.exact:
            found.append("frames were lost untold")
        if not self.turns_at_the_end:
            found.append("no turn was handed over in the last tenth")
        if self.stops and abs(self.last_ms[0] - self.first_ms[0]) > DRIFT_MS:
            found.append(f"stops took {self.first_ms[0]:.2f} ms at first and {self.last_ms[0]:.2f} ms in the end")
        return found

    def __str__(self) -> str:
        first, last = (f"{middle:.2f} / {high:.2f}" for middle, high in (self.first_ms, self.last_ms))
        busy = 100 * (self.costs[-1].cpu_s - self.costs[0].cpu_s) / (LOOK_S * max(1, len(self.costs) - 1))
        lines = [
            f"{self.seconds / 60:.0f} minutes: spoken to {self.spoke} times, {self.stops} stops, {self.turns} turns",
            f"verdict to last sample, p50 / p99: {first} ms in the first quarter, {last} ms in the last",
            f"memory {self.costs[-1].rss_mb:.1f} MB, grown by {self.growth_mb:+.2f} MB; {busy:.1f} % of one core",
            str(self.told),
            "; ".join(self.faults) or "no fault",
        ]
        return "\n".join(lines)

    def figures(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self) | {"growth_mb": round(self.growth_mb, 3), "faults": self.faults}


def live(folder: Path, seconds: float, streams: str, tell: Tell) -> Live:
    """Let the device talk for so long, then judge. folder: for the card, the session (4 MB a minute) and the
    configuration. Raises BuildError, DeviceError if it did not start, ServiceError without a voice."""
    sim, session = SimCard(folder), folder / "session"
    config = folder / "config.yaml"
    config.write_text(f"audio: {{streams: {streams}}}\n")
    person = Person(sim)
    costs: list[Cost] = []
    left = None
    with running(sim, session, "--quiet", "--config", str(config)) as process:
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < seconds:
            person.live()
            if (left := process.poll()) is not None:
                break
            if passed >= LOOK_S * (len(costs) + 1):
                costs.append(cost(process.pid))
                tell(passed, costs[-1], person.spoke)
            time.sleep(0.1)
        person.live()
    if not (session / "notes.jsonl").exists():
        raise DeviceError(f"the device did not start; exit code {left}", "run it alone: python -m tools.simcard")
    return judged(sim, person, session, costs, passed, left)


def judged(
    sim: SimCard, person: Person, session: Path, costs: Sequence[Cost], seconds: float, left: int | None
) -> Live:
    """What has been recorded, beside what the card knows."""
    noted: list[dict[str, Any]] = read_lines(session / "notes.jsonl")
    journal: list[dict[str, Any]] = read_lines(session / "journal.jsonl")
    turns = [entry["at"] for entry in journal if entry["event"] == "heard"]
    end = journal[-1]["at"]
    halts = [note for note in noted if note["event"] == "halted"]
    ends = stop_times_ms(sim, person, halts)
    quarter = max(1, len(ends) // 4)
    return Live(
        seconds,
        person.spoke,
        len(halts),
        len(turns),
        sum(at > 0.9 * end for at in turns),
        spread(ends[:quarter]),
        spread(ends[-quarter:]),
        tuple(costs),
        told(sim, person, session, noted),
        left,
    )


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile; zeros for none."""
    if not values:
        return 0.0, 0.0
    middle, high = np.percentile(values, [50, 99])
    return round(float(middle), 3), round(float(high), 3)
