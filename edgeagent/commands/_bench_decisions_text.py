"""What `bench decisions` prints: the figures of `score` in words, what became of each kind of event, how fast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeagent.commands._bench_decisions_result import Result
from edgeagent.report.decisions_page import Table

BAR = 40
"""Columns of the longest bar."""


def text(result: Result) -> str:
    """All of it."""
    figures = result.figures()
    width = max(len(name) for name, _, _ in figures)
    values = [f"{name:<{width}}  {value:>6}  {note}".rstrip() for name, value, note in figures]
    tables = ["\n".join(_lines(table)) for table in result.tables()]
    return "\n\n".join(
        [result.subtitle, "\n".join(values), *tables, "\n".join(_bars(result)), "\n".join(_closing(result))]
    )


def _lines(table: Table) -> Iterator[str]:
    """The first column to the left, the others to the right."""
    rows = [
        (table.title, *table.headings[1:]),
        *((f"{'  ' * part}{cells[0]}", *cells[1:]) for part, cells in table.rows),
    ]
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    for name, *cells in rows:
        yield "  ".join([f"{name:<{first}}", *(f"{c:>{width}}" for c, width in zip(cells, others, strict=True))])


def _bars(result: Result) -> Iterator[str]:
    bars = result.histogram()
    most = max((count for _, count in bars), default=0) or 1
    yield f"onset to stop: {result.latency_note()}"
    for edge, count in bars:
        yield f"{edge:.1f} s  {'#' * round(BAR * count / most):<{BAR}} {count or ''}".rstrip()


def _closing(result: Result) -> Sequence[str]:
    worst = result.worst_note()
    lines = [f"self stops: {result.self_note()}", f"wrong decisions: {result.wrong_note()}"]
    lines += [f"worst scene: {worst}"] if worst else []
    return [*lines, "with: " + ", ".join(f"{name} {value}" for name, value in result.told.items())]
