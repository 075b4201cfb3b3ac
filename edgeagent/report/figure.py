"""The figure: tracks one under the other on a common time axis, and what spans them all.

Everything is placed in per cent of the plot's width, so zooming is one CSS variable and needs no redrawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from edgeagent.ports import Sound
from edgeagent.report import plots
from edgeagent.report.markup import Markup, element, join
from edgeagent.report.palette import look
from edgeagent.report.record import FLOOR_TAKING, RunRecord
from edgeagent.report.sheet import COARSE, Axis, curve, scale, track
from edgeagent.report.story import Reaction, Span, Utterance, number
from edgeagent.turn.events import Word
from edgeagent.units import milliseconds, seconds

TOLD_ELSEWHERE = {"state", "started"}
"""Events that have a track of their own, or none."""

HEADLONG = {"suspected", "judged", "button_short", "button_long", "microphone_failed", "failed", "reply_failed", "lost"}
"""Events worth a taller tick."""


def figure(record: RunRecord, spans: Sequence[Span], rows: Sequence[Reaction], told: Sequence[Utterance]) -> Markup:
    """The whole figure."""
    axis = Axis(record.length)
    peak = max(_peak(record.microphone), _peak(record.clean))
    tracks = [
        track("State", "lamp colours", _ribbon(axis, spans), "ribbon"),
        track("Person", _legend(record), join(*_events(axis, rows)), "person"),
        track("Words", "heard, unheard", join(*_words(axis, told, record)), "words"),
        track(
            "Loudspeaker",
            plots.decibels(record.speaker),
            join(
                _duck_shading(axis, spans),
                _wave(record, record.speaker, _peak(record.speaker), "What the loudspeaker got", "speaker"),
            ),
            "wave",
        ),
        track(
            "Microphone",
            plots.decibels(record.microphone),
            _wave(record, record.microphone, peak, "What the microphone heard", "microphone"),
            "wave",
        ),
    ]
    if record.clean is not None:
        sound = _wave(record, record.clean, peak, "The microphone without our own voice", "clean")
        tracks.append(track("Echo removed", plots.decibels(record.clean), sound, "wave"))
    tracks += [curve(trace, record.length, index) for index, trace in enumerate(record.traces)]
    tracks.append(track("Journal", "every entry", join(*_ticks(axis, record)), "ticks"))
    over = element(
        "div", *_spanning(axis, rows), element("i", class_="cursor"), element("i", class_="hair"), class_="over"
    )
    inner = element("div", scale(axis), *tracks, over, class_="inner", data_seconds=f"{seconds(record.length):.4f}")
    return element(
        "div",
        inner,
        class_="figure",
        tabindex=0,
        role="group",
        aria_label="Tracks of the run over time; scroll sideways when zoomed",
    )


def _ribbon(axis: Axis, spans: Iterable[Span]) -> Markup:
    return join(
        *(
            element(
                "div",
                element("span", span.state.replace("_", " ")),
                class_="span",
                style=f"{axis.across(span.start, span.end)};background:{look(span.state).fill}",
                title=f"{span.state.replace('_', ' ')}: {_s(span.start)} to {_s(span.end)}, "
                f"{milliseconds(span.end - span.start):.0f} ms; lamp {look(span.state).lamp}",
            )
            for span in spans
        )
    )


def _legend(record: RunRecord) -> str:
    return "what really happened" if record.truth else "as the device saw it"


def _events(axis: Axis, rows: Sequence[Reaction]) -> Iterator[Markup]:
    """What the person did, and below it how long the device took."""
    for row in rows:
        if row.truth is not None:
            kind = "floor" if row.truth.kind in FLOOR_TAKING else "other"
            what = f"{row.truth.kind.replace('_', ' ')}: {row.truth.text}".rstrip(": ")
            yield element(
                "div",
                row.truth.text or row.truth.kind.replace("_", " "),
                class_=f"event {kind}",
                style=axis.across(row.truth.start, row.truth.end),
                title=f"{what}; {_s(row.truth.start)} to {_s(row.truth.end)}",
            )
        for overlap in row.overlaps:
            ended = axis.length if overlap.ended is None else overlap.ended
            yield element(
                "div",
                class_="doubt",
                style=axis.across(overlap.suspected, ended),
                title=f"ducked from {_s(overlap.suspected)} for {milliseconds(ended - overlap.suspected):.0f} ms",
            )
        if row.overlaps:
            yield element("div", reaction_text(row), class_="took", style=axis.left(row.onset))


def reaction_text(row: Reaction) -> str:
    """ "duck 96 · stop 352 ms", counted from the onset."""
    parts = [f"duck {milliseconds(row.overlaps[0].suspected - row.onset):.0f}"]
    if row.silent is not None:
        parts.append(f"stop {milliseconds(row.silent - row.onset):.0f}")
    return " · ".join(parts) + " ms"


def _words(axis: Axis, told: Sequence[Utterance], record: RunRecord) -> Iterator[Markup]:
    """A bar for each utterance with its text; its words one by one when zoomed."""
    starts = [*sorted(start for utterance in told for start, _, _ in utterance.spoken), axis.length]
    for utterance in told:
        words = record.words.get(utterance.number, ())
        for index, (start, end, offset) in enumerate(utterance.spoken):
            text = (utterance.text_heard or utterance.text) if index == 0 else "… goes on"
            timed = " timed" if words else ""
            yield element(
                "div",
                element("span", text),
                class_="utterance" + timed,
                style=axis.across(start, end),
                title=utterance.text,
            )
            until = end
            if index == len(utterance.spoken) - 1 and not utterance.finished:
                following = next(later for later in starts if later > start or later == axis.length)
                until = min(following, max(end, start - offset + utterance.length))
                yield element(
                    "div",
                    element("del", utterance.text_unheard),
                    class_="utterance ghost" + timed,
                    style=axis.across(end, until),
                    title=f"not heard: {utterance.text_unheard}",
                )
            yield from _timed(axis, words, start - offset, offset, end, until)


def _timed(axis: Axis, words: Sequence[Word], zero: int, offset: int, end: int, until: int) -> Iterator[Markup]:
    """The words that sounded from own sample `offset` to `end`; struck out, those that would have followed."""
    for word in words:
        if word.end > offset and zero + word.start < until:
            style = axis.across(zero + word.start, min(zero + word.end, until))
            whole = zero + word.end <= end
            yield element(
                "span",
                word.text,
                class_="word fine" if whole else "word fine unheard",
                style=style,
                title=word.text if whole else f"{word.text} (not heard)",
            )


def utterance_text(utterance: Utterance) -> Markup:
    """The text with the unheard words struck out, also for those who only hear it read."""
    if utterance.of == 0:
        return element("span", utterance.text)
    heard = element("span", utterance.text_heard, class_="heard")
    if not utterance.text_unheard:
        return heard
    return join(heard, " ", element("del", utterance.text_unheard, title="not heard"))


def _wave(record: RunRecord, sound: Sound, peak: float, label: str, class_: str) -> Markup:
    return plots.waveform(sound, record.length, peak, label, class_)


def _peak(sound: Sound | None) -> float:
    return 0.0 if sound is None else float(np.max(np.abs(sound), initial=0.0))


def _duck_shading(axis: Axis, spans: Iterable[Span]) -> Markup:
    shades = {"doubting": "ducked", "yielding": "shut"}
    return join(
        *(
            element(
                "div",
                class_=f"shade {shades[span.state]}",
                style=axis.across(span.start, span.end),
                title=f"gate {shades[span.state]}",
            )
            for span in spans
            if span.state in shades
        )
    )


def _ticks(axis: Axis, record: RunRecord) -> Iterator[Markup]:
    for entry in record.journal:
        event = str(entry.get("event", "?"))
        if event not in TOLD_ELSEWHERE:
            at = number(entry, "at")
            facts = ", ".join(f"{key} {value}" for key, value in entry.items() if key not in ("at", "at_s", "event"))
            yield element(
                "i",
                class_="entry tall" if event in HEADLONG else "entry",
                style=axis.left(at),
                title=f"{_s(at)} {event}" + (f": {facts}" if facts else ""),
            )


def _spanning(axis: Axis, rows: Iterable[Reaction]) -> Iterator[Markup]:
    """Lines through all the tracks: the grid; onset, duck and stop of each reaction."""
    for at, _ in plots.ticks(axis.length, COARSE):
        yield element("i", class_="grid", style=axis.left(at))
    for row in rows:
        stops = [overlap.ended for overlap in row.overlaps if overlap.ended is not None]
        marks = [(row.onset, "onset")] + [(overlap.suspected, "duck") for overlap in row.overlaps]
        if row.silent is not None:
            marks.append((row.silent, "stop"))
        elif stops:
            marks.append((stops[-1], "on"))
        for at, class_ in marks if row.overlaps else ():
            yield element("i", class_=f"line {class_}", style=axis.left(at))


def _s(at: int) -> str:
    return f"{seconds(at):.3f} s"
