"""How many events of each kind and style came to which outcome, and the scene that went worst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeagent.sim.figures import wilson
from edgeagent.sim.outcomes import FLOOR, OTHER, WRONG, Outcome, outcome
from edgeagent.sim.score import RunScore
from edgeagent.sim.truth import USER, Kind
from edgeagent.sim.verdicts import IN_TIME, EventScore
from edgeagent.units import seconds

BIN_S = 0.1
"""Width of a bar of the latency histogram."""


@dataclass(frozen=True, slots=True)
class Row:
    """Events of one kind, and of one style where that is not "". counts: how many of the `tested` came to what, in the
    order of the outcomes."""

    kind: str
    style: str
    events: int
    tested: int
    counts: Mapping[Outcome, int]

    @property
    def right(self) -> int:
        """So many of the tested were treated as they should be."""
        return sum(count for found, count in self.counts.items() if found not in WRONG)

    @property
    def share(self) -> float | None:
        """Of `right`; None where nothing was tested."""
        return round(self.right / self.tested, 3) if self.tested else None

    @property
    def interval(self) -> list[float] | None:
        """The 95 % interval of `share`."""
        return wilson(self.right, self.tested)

    def plain(self) -> dict[str, object]:
        """For JSON."""
        counts = {str(found): count for found, count in self.counts.items()}
        whose = {"kind": self.kind, "style": self.style, "events": self.events, "tested": self.tested}
        return {**whose, "outcomes": counts, "right": self.share, "right_ci": self.interval}


def confusion(events: Sequence[EventScore]) -> list[Row]:
    """A row for each kind that occurs, in the order of the kinds, each followed by those of its styles where it has
    any."""
    rows = []
    for kind in Kind:
        of_kind = [event for event in events if event.kind == kind]
        if of_kind:
            rows.append(_row(str(kind), "", of_kind))
        for style in sorted({event.style for event in of_kind} - {""}):
            rows.append(_row(str(kind), style, [event for event in of_kind if event.style == style]))
    return rows


def _row(kind: str, style: str, events: Sequence[EventScore]) -> Row:
    found = Counter(outcome(event) for event in events if event.tested)
    counts = {each: found[each] for each in (FLOOR if kind in USER else OTHER)}
    return Row(kind, style, len(events), sum(found.values()), counts)


def worst(runs: Sequence[RunScore]) -> RunScore | None:
    """The run with the smallest share of utterances that went right, of several the one with the most wrong; None
    where nothing was said in any."""
    said = [run for run in runs if run.lines]

    def badness(run: RunScore) -> tuple[float, int]:
        missed = sum(not line.right for line in run.lines)
        return missed / len(run.lines), missed

    return max(said, key=badness, default=None)


def histogram(latencies_s: Iterable[float]) -> list[tuple[float, int]]:
    """(lower edge in seconds, count) of each bar from 0 to the last moment at which a stop is in time."""
    bars = round(seconds(IN_TIME) / BIN_S)
    edges = np.linspace(0.0, bars * BIN_S, bars + 1)
    inside = np.clip(np.fromiter(latencies_s, np.float64), 0.0, edges[-1])
    counts, _ = np.histogram(inside, edges)
    return [(round(float(edge), 3), int(count)) for edge, count in zip(edges, counts, strict=False)]
