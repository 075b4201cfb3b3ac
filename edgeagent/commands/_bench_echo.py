"""The canceller over the conditions of the bench, and with --peers those of others beside it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from edgeagent.commands._bench_echo_page import write_page
from edgeagent.commands._bench_echo_setup import Plan, plan
from edgeagent.commands._jobs import at_once
from edgeagent.commands.terminal import Progress, print_json
from edgeagent.sim.echo_bench.bench import Bench, Heard
from edgeagent.sim.echo_bench.conditions import Condition
from edgeagent.sim.echo_bench.figures import Figures
from edgeagent.sim.echo_bench.table import LEGEND, Table, of_canceller, of_means, plain

Results = Mapping[str, Mapping[str, list[Figures]]]
"""By canceller, then by condition."""


def run(args: argparse.Namespace) -> int:
    wanted = plan(args)
    real = wanted.bench.real(args.real) if args.real else {}  # first: seconds, and it may not be there
    results = _measured(wanted, args.jobs)
    tables = [of_canceller(name, rows) for name, rows in results.items()]
    if len(results) > 1:
        tables.append(of_means("mean of all", results))
    if args.report:
        write_page(args.report, wanted, tables)
    if args.json:
        print_json(_document(wanted, results, real))
    else:
        print(_text(wanted, tables, real))
    return 0


def _measured(wanted: Plan, jobs: int) -> Results:
    results: dict[str, dict[str, list[Figures]]] = {
        name: {condition.name: [] for condition in wanted.conditions} for name in wanted.bench.subjects
    }
    orders = [(condition, seed) for condition in wanted.conditions for seed in wanted.seeds]
    with Progress("measuring", len(orders)) as progress:
        bench = wanted.bench
        measured = _in_turn(bench, orders) if jobs == 1 else at_once(_one, orders, jobs, _begin, bench)
        for done, ((condition, _), figures) in enumerate(zip(orders, measured, strict=True), start=1):
            for name, one in figures.items():
                results[name][condition.name].append(one)
            progress.at(done)
    return results


def _text(wanted: Plan, tables: Sequence[Table], real: Mapping[str, Heard]) -> str:
    parts = ["\n".join(f"{name}: {value}" for name, value in wanted.notes.items()), *map(str, tables), LEGEND]
    if real:
        lines = ["real recording: ERLE in dB, second by second; their median; what the judge calls speech"]
        for name, heard in real.items():
            levels = "".join(f"{level:6.1f}" for level in heard.erle)
            lines.append(f"{name:<16}{levels}  median {np.median(heard.erle):.1f}  speech {heard.speech:.1%}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _document(wanted: Plan, results: Results, real: Mapping[str, Heard]) -> dict[str, object]:
    return {
        "notes": wanted.notes,
        "cancellers": {name: plain(rows) for name, rows in results.items()},
        "real": {
            name: {"erle_db": [round(float(level), 2) for level in heard.erle], "speech": round(heard.speech, 4)}
            for name, heard in real.items()
        },
    }


Order = tuple[Condition, int]
"""A condition and a seed."""


def _in_turn(bench: Bench, orders: Sequence[Order]) -> Iterator[Mapping[str, Figures]]:
    for condition, seed in orders:
        yield bench.figures(condition, seed)


_given: list[Bench] = []
"""The bench of this process, where it is one of several."""


def _begin(bench: Bench) -> None:
    _given.append(bench)


def _one(order: tuple[Condition, int]) -> dict[str, Figures]:
    return _given[0].figures(*order)
