"""The report of one run: a single HTML file that needs no network, with the sounds inside."""

from __future__ import annotations

import json

import numpy as np

from edgeagent.report import sheet, tables
from edgeagent.report.figure import figure
from edgeagent.report.markup import Markup, element
from edgeagent.report.record import RunRecord
from edgeagent.report.script import JS
from edgeagent.report.story import Span, overlaps, reactions, states, utterances
from edgeagent.units import HOP, RATE, seconds


def page(record: RunRecord) -> str:
    """The page as HTML."""
    spans = states(record.journal, record.length)
    told = utterances(record.journal, record.length)
    rows = reactions(overlaps(record.journal), record.truth, spans, record.speaker)
    sounds = [("Microphone", record.microphone), ("Loudspeaker", record.speaker)]
    if record.clean is not None:
        sounds.append(("Echo removed", record.clean))
    return sheet.document(
        record.title,
        record.subtitle,
        tables.tiles(rows, told),
        element("h2", "Over time"),
        sheet.players(sounds),
        sheet.bar(),
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


def _keys() -> Markup:
    lines = (("onset", "onset"), ("duck", "duck"), ("stop", "loudspeaker silent"), ("on", "spoke on"))
    return element(
        "ul", *(element("li", element("i", class_=f"line {kind}"), name) for kind, name in lines), class_="keys"
    )


def _data(record: RunRecord, spans: list[Span]) -> Markup:
    """What the script's read-out shows; `<` is escaped so that no text can end the script."""
    traces = []
    for trace in record.traces:
        shares = np.asarray(trace.values, np.float64) / trace.top * 100
        traces.append([trace.name, [round(v) if np.isfinite(v) else None for v in shares.tolist()], trace.top])
    states_ = [[round(seconds(s.start), 3), round(seconds(s.end), 3), s.state] for s in spans]
    data = {"hop": HOP / RATE, "states": states_, "traces": traces}
    return Markup(json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"))
