"""What `bench echo --report` shows: all tables, and the sound of the base and of the conditions that went worst."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeagent.commands._bench_echo_setup import OURS, Plan
from edgeagent.report.echo_page import BenchTable, Shown, page
from edgeagent.sim.echo_bench.conditions import Condition
from edgeagent.sim.echo_bench.figures import View
from edgeagent.sim.echo_bench.peers import NOTHING
from edgeagent.sim.echo_bench.table import COLUMNS, LEGEND, Table
from edgeagent.store.disk import write_whole
from edgeagent.units import HOP

MOST = 6
"""Conditions shown: half a megabyte each."""


def write_page(path: Path, wanted: Plan, tables: Sequence[Table]) -> None:
    """Raises OSError, and what rendering a scene raises."""
    headings = ["", *(" ".join(column.heading).strip() for column in COLUMNS)]
    ordered = [*tables[-1:], *tables[:-1]] if len(tables) > 1 else tables
    shown = _worst(wanted, tables[0])
    subtitle = f"{len(wanted.conditions)} conditions, {wanted.notes['scenes']}; " + ", ".join(wanted.bench.subjects)
    text = page(
        subtitle,
        [BenchTable(table.title, headings, table.cells(), table.totals) for table in ordered],
        LEGEND,
        (_shown(wanted, condition) for condition in shown),
        wanted.notes,
    )
    write_whole(path, text)


def _worst(wanted: Plan, table: Table) -> list[Condition]:
    """The first condition and those that are the worst in the most figures, in the order of the table."""
    bad = sorted(table.bad, key=lambda name: -len(table.bad[name]))
    names = {wanted.conditions[0].name, *bad[: MOST - 1]}
    return [condition for condition in wanted.conditions if condition.name in names]


def _shown(wanted: Plan, condition: Condition) -> Shown:
    scene, runs = wanted.bench.runs(condition, wanted.seeds[0])
    ours = runs[OURS]
    length = ours.clean.size
    linear = {} if ours.linear is None else {f"{OURS}, linear": ours.linear}
    return Shown(
        name=condition.name,
        what=condition.what,
        images={"Microphone": scene.microphone[:length], **linear, OURS: ours.clean},
        curves={**linear, **{name: ran.clean for name, ran in runs.items() if name != NOTHING}},
        alone=View(scene).alone[: length // HOP],
        person=scene.utterances,
        event=scene.event,
    )
