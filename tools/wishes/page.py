"""The measured curve: as a table for the terminal, as the page docs/wishes.md, and as the module the policy reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill

from edgeagent.settings import Turns
from edgeagent.sim.figures import wilson
from edgeagent.turn.wishes import Table, caution
from tools.markdown import aligned
from tools.wishes.home import OTHER, SELF, Home, Point

NAMES = dict(zip(map(str, OTHER), ("backchannels", "noises", "far speech"), strict=True))

EXAMPLES = (1.0, 3.0, 6.0, 12.0, 30.0, 60.0)
"""Wishes whose caution the page shows."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a curve is from. versions: of this program and its models, by name."""

    source: str
    scenes: int
    spoken_min: float
    versions: Mapping[str, str]

    def told(self) -> str:
        versions = ", ".join(f"{name} {value}" for name, value in self.versions.items())
        spoken = f"{self.spoken_min:.1f} minutes of the device's speech"
        return f"{self.scenes} scenes ({self.source}) with {spoken}, {versions}"


PAGE = """\
# What the user's wishes come to

`turns.false_stops_per_hour` says how many wrong stops in an hour of its own speech a person tolerates. The policy
counts in nats of caution: by so much more evidence is asked of a person, and by half as much of their taking the floor.
This page says what each caution costs, and `edgeagent/turn/wished.py` is the same curve for the policy. The other wish,
`turns.patience_ms`, is a silence in milliseconds and needs no curve.

{table}

False stops an hour are those in a home, not in the scenes, where something happens every few seconds: how likely a stop
is for each event, as measured, times the events that are assumed in an hour of the device's own speech: {home}. "For
nothing" is what no event can be blamed for, per hour of undisturbed speech. A stop that is taken back within a second,
with nothing lost, counts as none. Missed are those who take the floor and are not stopped for within 1.5 s and for
good; the interval is that of Wilson (95 %).

```mermaid
xychart-beta
    title "False stops an hour"
    x-axis "caution (nats)" [{cautions}]
    y-axis "an hour" 0 --> {most}
    line [{rates}]
```

```mermaid
xychart-beta
    title "Interruptions missed"
    x-axis "caution (nats)" [{cautions}]
    y-axis "per cent" 0 --> 100
    line [{missed}]
```

So a wish becomes a caution. The measured rates are made to fall; between the points it is a straight line over their
logarithm, outside of them one nat for each factor of e (Wald), and never more than 6 nats.

{wishes}

{verdict}

From {told}. Made by

    {command}
"""

MODULE = '''\
"""How often the device stops for nothing at each caution: written by `python -m tools.wishes`, not by hand.

{told}
"""

from __future__ import annotations

TABLE = (
{rows}
)
"""Caution in nats, rising, and false stops in an hour of our own speech, falling."""
'''


def text(points: Sequence[Point]) -> str:
    """Markdown table, a row for each caution. What was not tested costs something all the same."""
    heading = ["caution", "false stops/h", *(f"{name}" for name in NAMES.values()), "for nothing", "missed", "p50 s"]
    rows = [
        [
            f"{one.caution:+g}",
            f"{one.rate:.1f}",
            *(_counted(one, key) for key in NAMES),
            f"{one.hourly[SELF]:.1f}",
            _missed(one),
            "-" if one.latency_s is None else f"{one.latency_s:.2f}",
        ]
        for one in points
    ]
    return aligned([heading, *rows])


def page(points: Sequence[Point], table: Table, home: Home, provenance: Provenance, command: str) -> str:
    """Markdown: docs/wishes.md."""
    wishes = [["an hour", "caution"], *([f"{wish:g}", f"{caution(wish, table):+.1f}"] for wish in EXAMPLES)]
    return PAGE.format(
        table=text(points),
        home=assumed(home),
        cautions=", ".join(f'"{one.caution:+g}"' for one in points),
        most=max(1, round(1.1 * max(one.rate for one in points))),
        rates=", ".join(f"{one.rate:.1f}" for one in points),
        missed=", ".join(f"{100 * one.missed / max(one.floor, 1):.0f}" for one in points),
        wishes=aligned(wishes),
        verdict=verdict(table),
        told=provenance.told(),
        command=command,
    )


def module(table: Table, home: Home, provenance: Provenance) -> str:
    """Python: edgeagent/turn/wished.py."""
    end = "The whole curve is in docs/wishes.md."
    told = fill(f"From {provenance.told()}. Assumed in an hour: {assumed(home)}. {end}", 120)
    return MODULE.format(told=told, rows="\n".join(f"    ({one!r}, {rate!r})," for one, rate in table))


def assumed(home: Home) -> str:
    """In words."""
    return f"{home.backchannels:g} backchannels, {home.noises:g} noises, {home.remarks:g} beginnings of far speech"


def verdict(table: Table) -> str:
    """What the default wish comes to."""
    wish = Turns().false_stops_per_hour
    nats = f"{caution(wish, table):+.1f} nats"
    return f"The default, {wish:g} an hour, comes to {nats}. The policy was tuned at 0: {tuned(table)} an hour."


def tuned(table: Table) -> str:
    """The rate at caution 0, by bisection of the curve that the policy reads."""
    low, high = 1e-3, 1e4
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if caution(middle, table) > 0 else (low, middle)
    return f"{low:.1f}"


def _counted(one: Point, kind: str) -> str:
    stops, tested = one.counts[kind]
    return f"{one.hourly[kind]:.1f} ({stops} of {tested})" if tested else "not tested"


def _missed(one: Point) -> str:
    interval = wilson(one.missed, one.floor)
    if interval is None:
        return "-"
    low, high = interval
    return f"{100 * one.missed / one.floor:.0f} % of {one.floor} ({100 * low:.0f} to {100 * high:.0f})"
