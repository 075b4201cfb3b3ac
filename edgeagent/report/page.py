"""The report of one run: a single HTML file that needs no network, with the sounds inside.

The content policy in its head forbids the page to load anything and to run any script but its own.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import wave
from pathlib import Path

import numpy as np

from edgeagent.ports import Sound
from edgeagent.report import tables
from edgeagent.report.figure import figure
from edgeagent.report.markup import Markup, element, join
from edgeagent.report.record import RunRecord
from edgeagent.report.script import JS
from edgeagent.report.story import Span, overlaps, reactions, states, utterances
from edgeagent.report.style import CSS
from edgeagent.signal.convert import to_int16
from edgeagent.units import HOP, RATE, seconds

SOUND_LIMIT = 3_500_000
"""Bytes of the page that sounds may take: two of 40 s, or three of 27 s, keep it under 4 MB, which every browser and
mail program still takes. Lossless 16 bit, because the artefacts of a canceller are what one wants to hear."""

ZOOMS = (1, 2, 4, 8, 16)


def write_report(path: Path, record: RunRecord) -> None:
    """Write the page to `path`, whole or not at all. Raises OSError."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(page(record), encoding="utf-8")
    draft.replace(path)


def page(record: RunRecord) -> str:
    """The page as HTML."""
    spans = states(record.journal, record.length)
    told = utterances(record.journal, record.length)
    rows = reactions(overlaps(record.journal), record.truth, spans, record.speaker)
    body = (
        element("header", element("h1", record.title), element("p", record.subtitle)),
        tables.tiles(rows, told),
        element("h2", "Over time"),
        _players(record),
        _bar(),
        figure(record, spans, rows, told),
        tables.lamps(spans),
        _keys(),
        element("h2", "What happened, and what the device did"),
        element("div", tables.reaction_table(rows), class_="scroll"),
        element("h2", "What the device said"),
        tables.transcript(told),
        tables.journal_table(record.journal),
        tables.facts(record.facts),
        element("script", _data(record, spans), type="application/json", id="data"),
        element("script", Markup(JS)),
    )
    return "<!DOCTYPE html>\n" + element("html", _head(record.title), element("body", *body), lang="en") + "\n"


def _head(title: str) -> Markup:
    digest = base64.b64encode(hashlib.sha256(JS.encode()).digest()).decode()
    policy = f"default-src 'none'; media-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{title} - edgeagent"),
        element("style", Markup(CSS)),
    )


def _bar() -> Markup:
    buttons = (
        element("button", f"{factor}x", type="button", data_zoom=factor, aria_pressed=str(factor == 1).lower())
        for factor in ZOOMS
    )
    zoom = element("div", *buttons, role="group", aria_label="Zoom")
    hint = element("span", "Click to set the playing position, double-click to zoom in.", class_="kind")
    return element("div", zoom, hint, element("output", aria_live="off"), class_="bar")


def _keys() -> Markup:
    lines = (("onset", "onset"), ("duck", "duck"), ("stop", "loudspeaker silent"), ("on", "spoke on"))
    return element(
        "ul", *(element("li", element("i", class_=f"line {kind}"), name) for kind, name in lines), class_="keys"
    )


def _players(record: RunRecord) -> Markup:
    """A player for each sound, the most telling first, as long as they fit into the page."""
    sounds = [("Microphone", record.microphone), ("Loudspeaker", record.speaker)]
    if record.clean is not None:
        sounds.append(("Echo removed", record.clean))
    left, figures, absent = SOUND_LIMIT, [], []
    for name, sound in sounds:
        size = (2 * len(sound) + 44) * 4 // 3
        if size > left or not len(sound):
            absent.append(name.lower())
            continue
        left -= size
        audio = element("audio", src=_uri(sound), controls="", preload="auto", aria_label=name)
        figures.append(element("figure", element("figcaption", name), audio))
    note = (
        f"Too long to be carried in this page: {', '.join(absent)}; play the sound files beside it." if absent else ""
    )
    return join(element("div", *figures, class_="players"), element("p", note, class_="kind") if note else "")


def _uri(sound: Sound) -> str:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(to_int16(sound).astype("<i2").tobytes())
    return "data:audio/wav;base64," + base64.b64encode(file.getvalue()).decode()


def _data(record: RunRecord, spans: list[Span]) -> Markup:
    """What the script's read-out shows; `<` is escaped so that no text can end the script."""
    traces = []
    for trace in record.traces:
        shares = np.asarray(trace.values, np.float64) / trace.top * 100
        traces.append([trace.name, [round(v) if np.isfinite(v) else None for v in shares.tolist()], trace.top])
    states_ = [[round(seconds(s.start), 3), round(seconds(s.end), 3), s.state] for s in spans]
    data = {"hop": HOP / RATE, "states": states_, "traces": traces}
    return Markup(json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"))
