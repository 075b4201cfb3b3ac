"""What the figure shows, in numbers and words: headline figures, a table of reactions, the sentences, the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from edgeagent.report import sheet
from edgeagent.report.figure import utterance_text
from edgeagent.report.markup import Markup, element, join
from edgeagent.report.palette import look
from edgeagent.report.record import FLOOR_TAKING
from edgeagent.report.story import Overlap, Reaction, Span, Utterance, number
from edgeagent.turn.events import Verdict
from edgeagent.units import milliseconds, seconds

ENTRIES_SHOWN = 2000
"""Rows of the journal's table; an hour's journal would make the page unusable."""


def tiles(rows: Sequence[Reaction], told: Sequence[Utterance]) -> Markup:
    """The headline figures."""
    found = [overlap for row in rows for overlap in row.overlaps]
    stops = [row for row in rows if row.silent is not None]
    latencies = [milliseconds(row.silent - row.onset) for row in stops if row.silent is not None]
    cuts = [milliseconds(row.silent - at) for row in stops if row.silent is not None and (at := _verdict_at(row))]
    ducked = sum(milliseconds(o.ended - o.suspected) for o in found if o.ended is not None)
    timed = [utterance for utterance in told if utterance.of]
    judged = [row.right for row in rows if row.right is not None]
    figures = [
        (
            "Onset to silence",
            f"{median(latencies):.0f} ms" if latencies else "none",
            _count(len(stops), "stop") + ", median",
        ),
        ("Verdict to silence", f"{median(cuts):.0f} ms" if cuts else "none", "at the loudspeaker, median"),
        ("Ducked", _count(len(found), "time"), f"{ducked / 1000:.2f} s in all"),
        ("Held", f"{sum(map(_held, found))} of {len(found)}", "doubts after which it spoke on"),
    ]
    if timed:
        words = f"{sum(u.heard for u in timed)} of {sum(u.of for u in timed)}"
        figures.append(("Words heard", words, "counted at the loudspeaker"))
    if judged:
        figures.append(("Right", f"{sum(judged)} of {len(judged)}", "stopped for a person, else spoke on"))
    return sheet.tiles(figures)


def _verdict_at(row: Reaction) -> int | None:
    return next((o.ended for o in reversed(row.overlaps) if o.verdict == Verdict.INTERRUPTION), None)


def _held(overlap: Overlap) -> bool:
    return overlap.taken_back is not None or (overlap.ended is not None and overlap.verdict != Verdict.INTERRUPTION)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")


def reaction_table(rows: Sequence[Reaction]) -> Markup:
    """One row for each thing that happened at the microphone."""
    if not rows:
        return element("p", "Nobody disturbed the device.")
    heads = ("At", "What", "Duck", "Verdict", "Silence", "What the device did", "Words heard", "")
    body = [element("tr", *_cells(row)) for row in rows]
    head = element("tr", *(element("th", text, scope="col") for text in heads))
    caption = element("caption", "Times of duck, verdict and silence are milliseconds after the onset.")
    return element("table", caption, element("thead", head), element("tbody", *body), class_="reactions")


def _cells(row: Reaction) -> Iterable[Markup]:
    first = row.overlaps[0].suspected if row.overlaps else None
    judged = next((o.ended for o in row.overlaps[::-1] if o.ended is not None), None)
    words = next((f"{o.heard[0]} of {o.heard[1]}" for o in row.overlaps if o.heard and o.heard[1]), "")
    what: str = element("i", "a sound")
    if row.truth is not None:
        kind = element("span", row.truth.kind.replace("_", " "), class_="kind")
        what = join(f"“{row.truth.text}” " if row.truth.text else "", kind)
    yield element("td", f"{seconds(row.onset):.2f} s", class_="n")
    yield element("td", what)
    for at in (first, judged, row.silent):
        yield element("td", "" if at is None else f"{milliseconds(at - row.onset):.0f}", class_="n")
    yield element("td", outcome(row))
    yield element("td", words, class_="n")
    marks = {True: ("right", "✓"), False: ("wrong", "✗"), None: ("", "")}
    name, sign = marks[row.right]
    yield element("td", element("span", sign, class_=name, role="img", aria_label=name, title=name) if name else "")


def outcome(row: Reaction) -> str:
    """What the device did, in words."""
    if not row.overlaps:
        if not row.speaking:
            return "was not speaking"
        return "did not notice" if row.truth and row.truth.kind in FLOOR_TAKING else "spoke on, undisturbed"
    last = row.overlaps[-1]
    if last.stopped:
        return "ducked, then stopped"
    if last.taken_back is not None:
        return "stopped, took it back and went on"
    if last.ended is None:
        return "ducked; no verdict before the end"
    times = "" if len(row.overlaps) == 1 else f" {len(row.overlaps)} times"
    ducked = sum(milliseconds(o.ended - o.suspected) for o in row.overlaps if o.ended is not None)
    return f"ducked{times} for {ducked:.0f} ms, then spoke on"


def transcript(told: Sequence[Utterance]) -> Markup:
    """The device's sentences, with what was not heard struck out."""
    items = []
    for utterance in told:
        start = f"{seconds(utterance.spoken[0][0]):.2f} s" if utterance.spoken else "never begun"
        note = f"{utterance.heard} of {utterance.of} words" if utterance.of else ""
        text = utterance_text(utterance) if utterance.spoken else element("del", utterance.text)
        if not utterance.text:
            text = element("i", f"utterance {utterance.number}, its text is not known")
        items.append(
            element("li", element("span", start, class_="n"), element("p", text), element("span", note, class_="n"))
        )
    return element("ol", *items, class_="transcript")


def lamps(spans: Iterable[Span]) -> Markup:
    """What the colours of the ribbon mean, for the states that occurred, and how long each lasted."""
    lasted: dict[str, int] = {}
    for span in spans:
        lasted[span.state] = lasted.get(span.state, 0) + span.end - span.start
    return element(
        "ul",
        *(
            element(
                "li",
                element("i", style=f"background:{look(state).fill}"),
                f"{state.replace('_', ' ')} ",
                element("span", f"{seconds(time):.1f} s", class_="n"),
            )
            for state, time in lasted.items()
        ),
        class_="lamps",
    )


def journal_table(journal: Sequence[Mapping[str, object]]) -> Markup:
    """Every entry, folded away."""
    rows = [
        element(
            "tr",
            element("td", f"{seconds(number(entry, 'at')):.3f}", class_="n"),
            element("td", str(entry.get("event"))),
            element("td", ", ".join(f"{k} {v}" for k, v in entry.items() if k not in ("at", "at_s", "event"))),
        )
        for entry in journal[:ENTRIES_SHOWN]
    ]
    more = f" (the first {ENTRIES_SHOWN})" if len(journal) > ENTRIES_SHOWN else ""
    head = element("tr", *(element("th", text, scope="col") for text in ("Seconds", "Event", "Facts")))
    table = element("table", element("thead", head), element("tbody", *rows), class_="journal")
    return element(
        "details",
        element("summary", f"Journal: {_count(len(journal), 'entry').replace('entrys', 'entries')}{more}"),
        table,
    )


def facts(values: Mapping[str, str]) -> Markup:
    """Settings, versions and the like."""
    pairs = (element("div", element("dt", name), element("dd", value)) for name, value in values.items())
    return element("dl", *pairs, class_="facts")
