"""The page of `edgeagent cancel`: what the microphone heard, what was left of it, how much of the echo went when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgeagent.ports import Sound
from edgeagent.report import sheet
from edgeagent.report.markup import element
from edgeagent.report.record import Trace
from edgeagent.report.spectrogram import CSS, erle, erle_curve, loudest, spectrogram
from edgeagent.report.tables import facts

TOP_DB = 60.0
"""End of the ERLE axis; more is quieter than a 16 bit file can say."""

GOOD_DB = 25.0
"""What a canceller should reach on recordings; drawn across the curves."""


@dataclass(frozen=True, slots=True)
class CancelRecord:
    """Sounds (n,) float32 at 16 kHz, in step. audible: (n // HOP,), whether there is an echo to cancel. figures: name,
    value and note of what the command printed. warnings: in words. facts: what to print at the foot."""

    title: str
    subtitle: str
    microphone: Sound
    linear: Sound
    clean: Sound
    audible: NDArray[np.bool_]
    figures: Sequence[tuple[str, str, str]]
    warnings: Sequence[str] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


def page(record: CancelRecord) -> str:
    """The page as HTML."""
    length = max(len(record.microphone), 1)
    sounds = {"Microphone": record.microphone, "Linear": record.linear, "Clean": record.clean}
    notes = ("what it heard", "less the estimated echo", "what is left suppressed too")
    bright = loudest(record.microphone)
    images = (
        sheet.track(name, note, spectrogram(sound, length, bright, f"Spectrogram: {name}, {note}"), "spectrogram")
        for (name, sound), note in zip(sounds.items(), notes, strict=True)
    )
    traces = [
        Trace(f"ERLE, {name.lower()}", erle(record.microphone, sounds[name], record.audible), TOP_DB, marks)
        for name, marks in (("Linear", {}), ("Clean", {f"{GOOD_DB:g} dB": GOOD_DB}))
    ]
    curves = (
        sheet.track(trace.name, f"0 to {TOP_DB:g} dB, while the reference plays", erle_curve(trace, length, at), "erle")
        for trace, at in zip(traces, (1, 0), strict=True)
    )
    return sheet.document(
        record.title,
        record.subtitle,
        sheet.tiles(record.figures),
        *(element("p", f"Warning: {warning}", class_="wrong") for warning in record.warnings),
        element("h2", "Over time"),
        sheet.players((("Microphone", record.microphone), ("Clean", record.clean), ("Linear", record.linear))),
        sheet.figure(length, [*images, *curves], traces),
        facts(record.facts),
        css=CSS,
    )
