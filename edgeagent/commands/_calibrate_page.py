"""The page of a calibration: figures, advice, the steps of volume, and the sounds to listen to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeagent import __version__
from edgeagent.commands._calibrate_course import Recorded
from edgeagent.commands._calibrate_measured import Measured
from edgeagent.commands._calibrate_text import figures
from edgeagent.report import sheet
from edgeagent.report.markup import Markup, element
from edgeagent.report.spectrogram import CSS, loudest, spectrogram
from edgeagent.report.tables import facts


def page(measured: Measured, recorded: Recorded, advice: Sequence[str], changes: Mapping[str, object]) -> str:
    """As HTML."""
    sounds = {"Microphone": recorded.microphone, "Without echo": recorded.clean}
    length = max(len(recorded.microphone), 1)
    bright = loudest(recorded.microphone)
    images = [
        sheet.track(name, note, spectrogram(sound, length, bright, f"Spectrogram: {name}, {note}"), "spectrogram")
        for (name, sound), note in zip(
            sounds.items(), ("while the device spoke", "what the canceller left of it"), strict=True
        )
    ]
    return sheet.document(
        f"Calibration of {measured.card}",
        "Loudspeaker, microphone and the room between them",
        sheet.tiles(list(figures(measured))[1:]),
        *(element("p", line, class_="wrong") for line in advice),
        element("h2", "The device's own voice at its microphone"),
        sheet.players(sounds.items()),
        sheet.figure(length, images, []),
        element("h2", "Volume by volume"),
        _steps(measured),
        facts({**{f"Set {key}": str(value) for key, value in changes.items()}, "edgeagent": __version__}),
        css=CSS,
    )


def _steps(measured: Measured) -> Markup:
    head = element("tr", *(element("th", name) for name in ("Volume", "Echo", "Peak", "Clipped samples")))
    rows = (
        element(
            "tr",
            element("td", f"{step.volume_percent} %"),
            element("td", "not audible" if step.echo_dbfs is None else f"{step.echo_dbfs:.1f} dBFS"),
            element("td", f"{step.peak_dbfs:.1f} dBFS"),
            element("td", f"{100 * step.clipped:.2g} %"),
        )
        for step in measured.steps
    )
    return element("table", element("thead", head), element("tbody", *rows))
