"""Curves as SVG paths, a few thousand points each, in coordinates that stretch with the page.

Every drawing has a viewBox of COLUMNS by 2 * HEIGHT and no aspect ratio of its own, so zooming is CSS width alone;
lines keep theirs through `vector-effect`. Labels are HTML beside it: SVG text would stretch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeagent.ports import Sound
from edgeagent.report.markup import Markup, element
from edgeagent.report.record import Trace
from edgeagent.units import HOP, RATE

COLUMNS = 3000
"""Points across: sharp on a wide screen at zoom 2, and 40 kB a waveform."""

HEIGHT = 100
"""Half the height of a drawing, in its own units: y runs from -HEIGHT (top) to HEIGHT."""

TICKS_S = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
"""Distances between labels that people read easily."""


def frame(*content: Markup, label: str, class_: str) -> Markup:
    """A drawing with its spoken label."""
    box = f"0 {-HEIGHT} {COLUMNS} {2 * HEIGHT}"
    return element(
        "svg",
        element("title", label),
        *content,
        viewBox=box,
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
        class_=class_,
    )


def waveform(sound: Sound, length: int, peak: float, label: str, class_: str) -> Markup:
    """Peak envelope (light) and RMS (dark) of `sound` on an axis of `length` samples; `peak` reaches the edge."""
    columns = min(COLUMNS, length)
    edges = np.linspace(0, length, columns + 1).astype(int)
    padded = np.zeros(length, np.float32)
    padded[: len(sound)] = sound[:length]
    scale = HEIGHT * 0.96 / max(peak, 1e-9)
    low, high = (edge.reduceat(padded, edges[:-1]) * scale for edge in (np.minimum, np.maximum))
    rms = np.sqrt(np.add.reduceat(padded * padded, edges[:-1]) / np.diff(edges)) * scale
    return frame(
        element("path", d=_band(-high, -low), class_="peak"),
        element("path", d=_band(-rms, rms), class_="rms"),
        label=label,
        class_=class_,
    )


def _band(upper: NDArray[np.float64], lower: NDArray[np.float64]) -> str:
    """The closed outline between two curves."""
    x = np.linspace(0, COLUMNS, len(upper)).round(1)
    there = _points(x, upper)
    back = _points(x[::-1], lower[::-1])
    return f"M{there}L{back}Z"


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    return " ".join(f"{a:g},{b:g}" for a, b in zip(x.tolist(), y.round(1).tolist(), strict=True))


def curve(trace: Trace, length: int, label: str, class_: str) -> Markup:
    """The trace as a line over a soft area, with its marks as dashed lines across."""
    values = np.clip(np.asarray(trace.values, np.float64) / trace.top, 0, 1)
    x = np.arange(len(values)) * (HOP * COLUMNS / length)
    y = level(values)
    lines, areas = [], []
    known = np.isfinite(values)
    for start, end in zip(*_runs(known), strict=True):
        points = " ".join(f"{a:.1f},{b:.0f}" for a, b in zip(x[start:end], y[start:end], strict=True))
        lines.append(f"M{points}")
        areas.append(f"M{x[start]:.1f},{HEIGHT}L{points}L{x[end - 1]:.1f},{HEIGHT}Z")
    marks = [
        element("line", x1=0, x2=COLUMNS, y1=height, y2=height, class_="mark")
        for height in (f"{level(np.array(mark / trace.top)):.0f}" for mark in trace.marks.values())
    ]
    return frame(
        element("path", d="".join(areas), class_="area"),
        *marks,
        element("path", d="".join(lines), class_="curve"),
        label=label,
        class_=class_,
    )


def level(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """y of a value that is `share` of the axis."""
    return HEIGHT - share * 2 * HEIGHT * 0.96


def _runs(known: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Starts and ends of the stretches of True."""
    steps = np.diff(np.concatenate(([False], known, [False])).astype(np.int8))
    return np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)


def decibels(sound: Sound) -> str:
    """The peak in words."""
    peak = float(np.max(np.abs(sound), initial=0.0))
    return f"peak {20 * np.log10(peak):.0f} dBFS" if peak > 0 else "silent"


def ticks(length: int, most: int) -> list[tuple[int, str]]:
    """At most about `most` (sample, label) pairs at round times."""
    whole = length / RATE
    step = next((step for step in TICKS_S if whole / step <= most), TICKS_S[-1])
    return [(round(i * step * RATE), f"{i * step:g} s") for i in range(int(whole / step + 1e-9) + 1)]
