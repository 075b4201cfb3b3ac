"""What any page of ours is made of: the head, headline figures, sounds to play, tracks over a common time axis.

A page is one file that needs no network. The content policy in its head forbids it to load anything and to run any
script but ours.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import wave
from collections.abc import Iterable, Sequence

import numpy as np

from edgeagent.ports import Sound
from edgeagent.report import plots
from edgeagent.report.markup import Markup, element, join
from edgeagent.report.record import Trace
from edgeagent.report.script import JS
from edgeagent.report.style import CSS
from edgeagent.signal.convert import to_int16
from edgeagent.units import HOP, RATE, seconds

SOUND_LIMIT = 3_500_000
"""Bytes of the page that sounds may take: two of 40 s, or three of 27 s, keep it under 4 MB, which every browser and
mail program still takes. Lossless 16 bit, because the artefacts of a canceller are what one wants to hear."""

ZOOMS = (1, 2, 4, 8, 16)

COARSE, FINE = 10, 60
"""Labels of time across the page, and across the zoomed page."""


class Axis:
    """Samples to per cent of the plot."""

    def __init__(self, length: int) -> None:
        self.length = length

    def left(self, at: float) -> str:
        return f"left:{self._percent(self._inside(at))}%"

    def across(self, start: float, end: float) -> str:
        start, end = self._inside(start), self._inside(end)
        return f"left:{self._percent(start)}%;width:{self._percent(max(0.0, end - start))}%"

    def _inside(self, at: float) -> float:
        return min(max(at, 0.0), float(self.length))

    def _percent(self, at: float) -> str:
        return f"{100 * at / self.length:.3f}".rstrip("0").rstrip(".")


def document(title: str, subtitle: str, *body: Markup, css: str = "", script: str = JS) -> str:
    """The page as HTML. `css`: what its plots need beyond our style sheet. `script`: the one that the body may hold.
    What is no text (half of a surrogate pair, from a file's name or from a JSON escape) is a question mark in it."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    sources = f"img-src data:; media-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=f"default-src 'none'; {sources}"),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{title} - edgeagent"),
        element("style", Markup(CSS + css)),
    )
    header = element("header", element("h1", title), element("p", subtitle))
    page = "<!DOCTYPE html>\n" + element("html", head, element("body", header, *body), lang="en") + "\n"
    return page.encode(errors="replace").decode()


def tiles(figures: Iterable[tuple[str, str, str]]) -> Markup:
    """Headline figures: name, value, and what it was measured on."""
    cards = (
        element("div", element("dt", name), element("dd", value), element("dd", note, class_="note"))
        for name, value, note in figures
    )
    return element("dl", *cards, class_="tiles")


def players(sounds: Iterable[tuple[str, Sound]]) -> Markup:
    """A player for each named sound, the most telling first, as long as they fit into the page."""
    left, figures, absent = SOUND_LIMIT, [], []
    for name, sound in sounds:
        size = (2 * len(sound) + 44) * 4 // 3
        if size > left or not len(sound):
            absent.append(name.lower())
            continue
        left -= size
        audio = element("audio", src=_uri(sound), controls="", preload="auto", aria_label=name)
        figures.append(element("figure", element("figcaption", name), audio))
    note = f"Too long to be carried in this page: {', '.join(absent)}; play the sound files beside it."
    return join(element("div", *figures, class_="players"), element("p", note, class_="kind") if absent else "")


def track(name: str, note: str, plot: Markup, class_: str) -> Markup:
    """A plot with its name on the left."""
    label = element("div", element("b", name), element("span", note), class_="name")
    return element("div", label, element("div", plot, class_="plot"), class_=f"track {class_}")


def curve(trace: Trace, length: int, index: int) -> Markup:
    """A track of the trace on an axis of `length` samples with its marks named; `index`: which of our line colours."""
    drawing = plots.curve(trace, length, f"{trace.name} over time", f"trace t{index % 3}")
    share = 50 - plots.level(np.array(list(trace.marks.values())) / trace.top) / (2 * plots.HEIGHT) * 100
    marks = [
        element("span", f"{name} {value:g}", class_="level", style=f"bottom:{height:.1f}%")
        for (name, value), height in zip(trace.marks.items(), share, strict=True)
    ]
    return track(trace.name, f"0 to {trace.top:g}", join(drawing, *marks), "curves")


def figure(length: int, tracks: Sequence[Markup], traces: Sequence[Trace]) -> Markup:
    """Tracks one under the other over `length` samples, the bar to zoom them, and the script that follows the sound and
    reads the traces out."""
    axis = Axis(length)
    grid = (element("i", class_="grid", style=axis.left(at)) for at, _ in plots.ticks(length, COARSE))
    lines = (element("i", class_="cursor"), element("i", class_="hair"))
    over = element("div", *grid, *lines, class_="over")
    inner = element("div", scale(axis), *tracks, over, class_="inner", data_seconds=f"{seconds(length):.4f}")
    label = "Tracks over time; scroll sideways when zoomed"
    data = {"hop": HOP / RATE, "states": [], "traces": [_readable(trace) for trace in traces]}
    return join(
        bar(),
        element("div", inner, class_="figure", tabindex=0, role="group", aria_label=label),
        element("script", Markup(json.dumps(data).replace("<", "\\u003c")), type="application/json", id="data"),
        element("script", Markup(JS)),
    )


def _readable(trace: Trace) -> list[object]:
    """Name, per cent of the top, top: what the script reads out."""
    shares = np.asarray(trace.values, np.float64) / trace.top * 100
    return [trace.name, [round(v) if np.isfinite(v) else None for v in shares.tolist()], trace.top]


def bar() -> Markup:
    """Zoom and read-out above a figure."""
    buttons = (
        element("button", f"{factor}x", type="button", data_zoom=factor, aria_pressed=str(factor == 1).lower())
        for factor in ZOOMS
    )
    zoom = element("div", *buttons, role="group", aria_label="Zoom")
    hint = element("span", "Click to set the playing position, double-click to zoom in.", class_="kind")
    return element("div", zoom, hint, element("output", aria_live="off"), class_="bar")


def scale(axis: Axis) -> Markup:
    """The labels of time above the tracks; the fine ones show when zoomed."""
    coarse = plots.ticks(axis.length, COARSE)
    fine = [tick for tick in plots.ticks(axis.length, FINE) if tick not in coarse]
    labels = [element("span", text, style=axis.left(at), class_="tick") for at, text in coarse]
    labels += [element("span", text, style=axis.left(at), class_="tick fine") for at, text in fine]
    return element("div", element("div", class_="name"), element("div", *labels, class_="plot"), class_="track scale")


def _uri(sound: Sound) -> str:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(to_int16(sound).astype("<i2").tobytes())
    return "data:audio/wav;base64," + base64.b64encode(file.getvalue()).decode()
