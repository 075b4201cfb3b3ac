"""From scenes, where something happens every few seconds, to an hour in a home, where hardly anything does.

What scenes can measure is how likely a stop is for each backchannel, noise or remark to somebody else, and how often
the device stops for nothing at all. How many of these there are in an hour of the device's own speech is an assumption,
stated here and on the page, and an option of the command.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeagent.sim.figures import Figures, pool
from edgeagent.sim.score import RunScore
from edgeagent.sim.truth import Kind
from edgeagent.turn.wishes import Table

OTHER = (Kind.BACKCHANNEL, Kind.NOISE, Kind.FAR_SPEECH)
"""What is no reason to stop."""

BACKCHANNELS = 60.0
"""An hour. In Switchboard 19 % of some 200 000 utterances in some 120 hours are backchannels (Jurafsky et al. 1997):
about 300 an hour of somebody's speech, between people on the telephone. To a device people say far fewer; a fifth."""

NOISES = 20.0
"""An hour: coughs, clatter, doors close to the microphone; one in three minutes of a kitchen in use."""

REMARKS = 20.0
"""An hour: somebody further away begins to speak, to others or on television. Talk in a room begins anew some 200 times
an hour; it is assumed to be going on in a tenth of the time in which the device speaks."""

HALF = 0.5
"""Added to the false stops, and as much to what was no stop: none among 20 is no proof of none at all (Jeffreys)."""


@dataclass(frozen=True, slots=True)
class Home:
    """Events in an hour of the device's own speech."""

    backchannels: float = BACKCHANNELS
    noises: float = NOISES
    remarks: float = REMARKS

    def of(self, kind: Kind) -> float:
        return dict(zip(OTHER, (self.backchannels, self.noises, self.remarks), strict=True))[kind]


@dataclass(frozen=True, slots=True)
class Point:
    """What the scenes say at one caution. counts: false stops and tested events of each kind; hourly: false stops in an
    hour in a home by kind, those for nothing under "self". missed: of `floor` events that take the floor, so many were
    not stopped for in time and for good. latency_s: median from onset to stop, None without a stop."""

    caution: float
    counts: dict[str, tuple[int, int]]
    hourly: dict[str, float]
    missed: int
    floor: int
    latency_s: float | None

    @property
    def rate(self) -> float:
        """False stops in an hour of the device's own speech."""
        return sum(self.hourly.values())

    def untested(self, home: Home) -> list[str]:
        """The kinds that happen in that home and never did in the scenes, in words: the rate is without them."""
        return [kind.replace("_", " ") for kind in OTHER if home.of(kind) and not self.counts[kind][1]]


SELF = "self"


def point(caution: float, runs: Sequence[RunScore], home: Home) -> Point:
    """From the runs of all scenes at that caution."""
    figures = pool(runs)
    counts = {str(kind): (_count(figures, f"{kind}_false_stops"), _count(figures, f"{kind}_tested")) for kind in OTHER}
    hourly = {
        str(kind): home.of(kind) * (counts[kind][0] + HALF) / (counts[kind][1] + 2 * HALF) if counts[kind][1] else 0.0
        for kind in OTHER
    }
    clear_h = sum(run.clear_s for run in runs) / 3600
    hourly[SELF] = _count(figures, "self_stops") / clear_h if clear_h else 0.0
    tested = [event for run in runs for event in run.events if event.tested and event.kind not in OTHER]
    latency = figures["latency_p50"]
    return Point(
        caution=caution,
        counts=counts,
        hourly=hourly,
        missed=sum(not event.committed for event in tested),
        floor=len(tested),
        latency_s=latency if isinstance(latency, float) else None,
    )


def falling(points: Sequence[Point]) -> Table:
    """The points as the policy reads them: cautions rise and rates fall, strictly. Neighbours out of order, which is
    chance, are given their mean (isotonic regression; Barlow et al. 1972), and of those with the same rate the least
    cautious stays: more caution would buy nothing. Raises ValueError where nothing could be measured."""
    blocks: list[tuple[float, float, int]] = []  # least caution, rate, points
    for one in sorted(points, key=lambda each: each.caution):
        caution, rate, count = one.caution, one.rate, 1
        while blocks and blocks[-1][1] <= rate:
            before, mean, members = blocks.pop()
            caution, rate, count = before, (mean * members + rate * count) / (members + count), members + count
        blocks.append((caution, rate, count))
    if not blocks or blocks[-1][1] <= 0:
        raise ValueError("no event to be stopped for in vain: no rate")
    return tuple((caution, round(rate, 2)) for caution, rate, _ in blocks)


def _count(figures: Figures, key: str) -> int:
    value = figures[key]
    assert isinstance(value, int)
    return value
