"""Figures of many scenes: pooled over seeds, over conditions, and as the text of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import inf, isnan, nan

import numpy as np

from edgeagent.sim.echo_bench.figures import Figures

Row = dict[str, float]
"""A figure to its value; nan: it does not apply."""

ByCondition = Mapping[str, Sequence[Figures]]
"""Figures of all scenes of each condition, of one canceller."""

MEAN, WORST = "mean", "worst"

NAME = 16
"""Columns of text for names."""


@dataclass(frozen=True, slots=True)
class Column:
    """A figure in the table, under two lines of heading. more: whether more of it is better."""

    figure: str
    heading: tuple[str, str]
    form: str
    more: bool = False


COLUMNS = (
    Column("clean_erle_1s", ("ERLE", "1 s"), "5.1f", more=True),
    Column("clean_erle_end", ("ERLE", "end"), "5.1f", more=True),
    Column("clean_erle_median", ("ERLE", "median"), "6.1f", more=True),
    Column("linear_erle_end", ("linear", "end"), "6.1f", more=True),
    Column("clean_sdr", ("SDR", "clean"), "5.1f", more=True),
    Column("linear_sdr", ("SDR", "linear"), "6.1f", more=True),
    Column("clean_gain", ("gain", "clean"), "5.1f", more=True),
    Column("linear_gain", ("gain", "linear"), "6.1f", more=True),
    Column("speech_steady", ("false", "steady"), "6.1%"),
    Column("speech_event", ("false", "event"), "6.1%"),
    Column("speech_quiet", ("false", "no echo"), "7.1%"),
    Column("false_runs", ("runs", "/min"), "4.1f"),
    Column("missed", ("missed", ""), "6.1%"),
    Column("missed_quiet", ("missed", "no echo"), "7.1%"),
    Column("onset_p50", ("onset", "p50"), "5.0f"),
    Column("onset_p90", ("onset", "p90"), "5.0f"),
    Column("lost", ("lost", ""), "6.1%"),
    Column("clean_back_s", ("back", "s"), "5.2f"),
    Column("linear_back_s", ("back", "lin s"), "5.2f"),
    Column("drift_2s", ("drift", "2 s"), "5.1f"),
    Column("drift_end", ("drift", "end"), "5.1f"),
    Column("block_ms", ("block", "p50"), "5.3f"),
    Column("block_p99_ms", ("block", "p99"), "5.2f"),
)

LEGEND = """ERLE (dB): microphone over output while only the device speaks: in the second second, at the end, the median
  over 100 ms; linear: of the output without suppression.
SDR, gain (dB): the person in double talk, by a projection of 64 taps.
false: echo-only frames of 32 ms that the judge calls speech, steady and in the 2 s after an event; runs: of 96 ms.
missed: frames with the person in them that it does not; no echo: both of a microphone that hears no echo.
onset (ms): from the person's to the begin of the first frame judged speech; lost: utterances without any.
back (s of active far end): from an event until the ERLE over 100 ms is 20 dB, and stays.
drift (ppm): error of the estimate. block (ms): processor time for 16 ms of sound. -: does not apply.
The last rows: mean and worst over the conditions."""


def pool(figures: Sequence[Figures]) -> Row:
    """Means over scenes of what applies in them; onsets over all utterances."""
    flat = [_flat(one) for one in figures]
    row = {name: _mean([one[name] for one in flat]) for name in flat[0]} if flat else {}
    onsets = [onset for one in figures for onset in one.onsets_ms]
    for name, q in (("onset_p50", 50), ("onset_p90", 90)):
        row[name] = float(np.percentile(onsets, q)) if onsets else nan
    return row


def worst(rows: Mapping[str, Row]) -> dict[str, tuple[float, str]]:
    """Each figure's worst value and the condition that has it."""
    found = {}
    for column in COLUMNS:
        known = [(row[column.figure], name) for name, row in rows.items() if not isnan(row[column.figure])]
        if known:
            found[column.figure] = (min if column.more else max)(known, key=lambda pair: pair[0])
    return found


@dataclass(frozen=True, slots=True)
class Table:
    """rows: by name; totals: how many at the end sum up the others. bad: which condition is the worst, in what."""

    title: str
    rows: Mapping[str, Row]
    totals: int = 0
    bad: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def cells(self) -> list[list[str]]:
        """The rows as text, the name first."""
        return [
            [name, *(_cell(row.get(column.figure, nan), column.form) for column in COLUMNS)]
            for name, row in self.rows.items()
        ]

    def __str__(self) -> str:
        lines = [[self.title, *(column.heading[0] for column in COLUMNS)], ["", *(c.heading[1] for c in COLUMNS)]]
        text = ["".join(_aligned(line)) for line in [*lines, *self.cells()]]
        if self.bad:
            text.append("worst in: " + "; ".join(f"{name} ({', '.join(what)})" for name, what in self.bad.items()))
        return "\n".join(text)


def of_canceller(title: str, by_condition: ByCondition) -> Table:
    """A row for each condition, then mean and worst."""
    rows = {name: pool(figures) for name, figures in by_condition.items()}
    found = worst(rows)
    bad: dict[str, list[str]] = {}
    for column in COLUMNS:
        if len({row[column.figure] for row in rows.values()}) > 1:  # else none is worse than another
            bad.setdefault(found[column.figure][1], []).append(" ".join(column.heading).strip())
    rows[MEAN] = pool([one for figures in by_condition.values() for one in figures])
    rows[WORST] = {figure: value for figure, (value, _) in found.items()}
    return Table(title, rows, 2, bad)


def of_means(title: str, cancellers: Mapping[str, ByCondition]) -> Table:
    """A row for each canceller, over all conditions."""
    return Table(title, {name: pool([f for row in rows.values() for f in row]) for name, rows in cancellers.items()})


def plain(by_condition: ByCondition) -> dict[str, object]:
    """One canceller's rows as JSON takes them: null for what does not apply, "never" for what never happened."""
    rows = {name: pool(figures) for name, figures in by_condition.items()}
    mean = pool([one for figures in by_condition.values() for one in figures])
    bad = {figure: {"value": _json(value), "condition": name} for figure, (value, name) in worst(rows).items()}
    return {
        "conditions": {name: {figure: _json(value) for figure, value in row.items()} for name, row in rows.items()},
        MEAN: {figure: _json(value) for figure, value in mean.items()},
        WORST: bad,
    }


def _flat(figures: Figures) -> Row:
    row = {name: value for name, value in asdict(figures).items() if isinstance(value, float)}
    for output in ("clean", "linear"):
        row |= {f"{output}_{name}": value for name, value in asdict(getattr(figures, output)).items()}
    return row


def _aligned(cells: Sequence[str]) -> Iterator[str]:
    yield f"{cells[0]:<{NAME}}"
    for cell, column in zip(cells[1:], COLUMNS, strict=True):
        yield f"{cell:>{int(column.form.partition('.')[0]) + 1}}"


def _cell(value: float, form: str) -> str:
    if isnan(value):
        return "-"
    return "never" if value == inf else f"{value:{form}}".strip()


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not isnan(value)]
    return float(np.mean(known)) if known else nan


def _json(value: float) -> float | str | None:
    if isnan(value):
        return None
    return "never" if value == inf else round(value, 4)
