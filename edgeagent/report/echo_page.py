"""The page of `edgeagent bench echo`: the tables, and for some conditions the sound before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeagent.ports import Sound
from edgeagent.report import sheet
from edgeagent.report.markup import Markup, element, join
from edgeagent.report.record import Trace
from edgeagent.report.sheet import Axis
from edgeagent.report.spectrogram import CSS, erle, erle_curve, loudest, spectrogram
from edgeagent.report.tables import facts

TOP_DB, GOOD_DB = 60.0, 20.0
"""End of the ERLE axis, and what is drawn across it."""

STYLE = """
.bench{font-size:.78rem;white-space:nowrap}.bench th,.bench td{padding:.25rem .5rem .25rem 0;text-align:right}
.bench th{white-space:normal;vertical-align:bottom}.bench th:first-child,.bench td:first-child{text-align:left}
.bench .total td{font-weight:600}
.figure{margin-bottom:1rem}.erle .plot{min-height:4.6rem}.event.mark{border-color:var(--speaker);width:0}
pre{font-size:.78rem;white-space:pre-wrap;color:var(--soft)}
"""


@dataclass(frozen=True, slots=True)
class BenchTable:
    """rows: cells of text, the first one the name. totals: so many rows at the end are about all the others."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    totals: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """One scene. Sounds (n,) float32 at 16 kHz, in step. images: those to draw, by name, the microphone first. curves:
    outputs whose ERLE is drawn, by name. alone: (n // HOP,), whether only the device makes sound. person: (start, stop)
    of each utterance. event: where something happened, or None."""

    name: str
    what: str
    images: Mapping[str, Sound]
    curves: Mapping[str, Sound]
    alone: NDArray[np.bool_]
    person: Sequence[tuple[int, int]]
    event: int | None


def page(
    subtitle: str, tables: Sequence[BenchTable], legend: str, shown: Iterable[Shown], told: Mapping[str, str]
) -> str:
    """The page as HTML. told: how all this was measured."""
    return sheet.document(
        "The echo canceller on the bench",
        subtitle,
        *(part for table in tables for part in (element("h2", table.title), _table(table))),
        element("pre", legend),
        *(part for scene in shown for part in _scene(scene)),
        facts(told),
        css=CSS + STYLE,
    )


def _table(table: BenchTable) -> Markup:
    head = element("tr", *(element("th", text, scope="col") for text in table.headings))
    body = [
        element("tr", *(element("td", cell) for cell in row), class_="total" if left <= table.totals else None)
        for left, row in zip(range(len(table.rows), 0, -1), table.rows, strict=True)
    ]
    whole = element("table", element("thead", head), element("tbody", *body), class_="bench")
    return element("div", whole, class_="scroll")


def _scene(scene: Shown) -> Iterator[Markup]:
    """Heading and figure."""
    microphone = next(iter(scene.images.values()))
    length, bright = len(microphone), loudest(microphone)
    axis = Axis(length)
    images = (
        sheet.track(name, "0 to 8 kHz", spectrogram(sound, length, bright, f"Spectrogram: {name}"), "spectrogram")
        for name, sound in scene.images.items()
    )
    curves = (
        sheet.track(name, f"ERLE, 0 to {TOP_DB:g} dB", _curve(name, microphone, sound, scene.alone, index), "erle")
        for index, (name, sound) in enumerate(scene.curves.items())
    )
    yield element("h2", f"{scene.name}: {scene.what}")
    yield element(
        "div",
        element(
            "div",
            sheet.scale(axis),
            sheet.track("Person", "speaks", join(*_person(axis, scene)), "person"),
            *images,
            *curves,
            class_="inner",
        ),
        class_="figure",
    )


def _person(axis: Axis, scene: Shown) -> Iterator[Markup]:
    for start, stop in scene.person:
        yield element("div", class_="event floor", style=axis.across(start, stop))
    if scene.event is not None:
        yield element("div", scene.name, class_="event mark", style=axis.left(scene.event))


def _curve(name: str, before: Sound, after: Sound, alone: NDArray[np.bool_], index: int) -> Markup:
    trace = Trace(f"ERLE, {name}", erle(before, after, alone), TOP_DB, {f"{GOOD_DB:g} dB": GOOD_DB})
    return erle_curve(trace, len(before), index)
