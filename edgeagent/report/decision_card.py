"""One wrong decision on a card: what was heard, what the ear and the policy made of it, what the gate did. To listen
to, too.

A card takes about 0.3 MB of the page, most of it sound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from edgeagent.ports import Sound
from edgeagent.report import mu_law, sheet
from edgeagent.report.markup import Markup, element, join
from edgeagent.report.record import FLOOR_TAKING, Trace
from edgeagent.report.sheet import Axis
from edgeagent.report.spectrogram import loudest, spectrogram
from edgeagent.units import samples, seconds

LABEL, LABELS = samples(500), 12
"""Between two labels of time, or as many times that as lets no more than so many in; they count from the onset, so that
a latency can be read off."""

GATES = ("open", "ducked", "shut")
"""Names of what the player lets through."""

STYLE = """
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,34rem),1fr));gap:1.2rem;margin-top:1rem}
.card{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:.8rem 1rem;min-width:0;
break-inside:avoid;--name:6.8rem}
.card h3{font-size:.95rem;margin:0}.card h3 span{margin-right:.5rem}.card h3 .open{color:var(--soft)}
.card p{margin:.1rem 0 .5rem}
.card .figure{border-radius:6px}.card .name{padding-left:.6rem}.card .name span{font-size:.66rem}
.card .plot{min-height:2rem}.card .scale .plot{min-height:1.5rem}.card .spectrogram .plot{min-height:6.2rem}
.card .curves .plot{min-height:3.4rem}.card .players{grid-template-columns:1fr 1fr;margin:.6rem 0 0}
.gate{top:.35rem;bottom:.35rem;font-size:.72rem;line-height:1.3rem;text-indent:.3rem;overflow:hidden;white-space:nowrap;
border-left:1px solid var(--soft);container-type:inline-size}
@container (max-width:2.8rem){.gate span{display:none}}
.gate.open{background:color-mix(in srgb,var(--speaker) 18%,transparent)}.gate.ducked{background:var(--duckshade)}
.gate.shut{background:var(--shutshade)}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A wrong decision, cut out of its run. Sounds: (n,) float32 at 16 kHz, in step. Everything else in samples of the
    cut, whose first is the scene's `start`. event: [start, end) of what happened, None if nothing did. stop: when the
    loudspeaker fell silent, None if it did not. gates: (start, end, one of GATES). said: what the device did, in
    words."""

    kind: str
    style: str
    text: str
    scene: str
    outcome: str
    said: str
    start: int
    event: tuple[int, int] | None
    stop: int | None
    microphone: Sound
    clean: Sound
    traces: tuple[Trace, ...]
    gates: tuple[tuple[int, int, str], ...]
    manner: str = "wrong"
    """How the outcome is marked: wrong, right, or open."""

    source: str = "as it truly was"
    """Who says what `event` is."""

    @property
    def zero(self) -> int:
        """The sample from which times are counted: the onset, or the stop of a cut without one."""
        return self.event[0] if self.event else self.stop or 0


def card(case: Case) -> Markup:
    """What is on the card."""
    at = seconds(case.start + case.zero)
    what = " · ".join(part for part in (case.kind.replace("_", " "), case.style, f"{case.scene} at {at:.2f} s") if part)
    quoted = f"“{case.text}”: " if case.text else ""
    return join(
        element("h3", element("span", case.outcome, class_=case.manner), what),
        element("p", quoted + case.said, class_="kind"),
        _figure(case),
        element("div", *_players(case), class_="players"),
    )


def _figure(case: Case) -> Markup:
    length, bright = len(case.microphone), loudest(case.microphone)
    axis = Axis(length)
    sounds = {"Microphone": case.microphone, "Cleaned": case.clean}
    tracks = [
        sheet.track("", "from the onset", join(*_labels(axis, case)), "scale"),
        sheet.track("Event", case.source, join(*_event(axis, case)), "person"),
        sheet.track("Gate", "our own voice", join(*_gates(axis, case)), "gates"),
        *(
            sheet.track(name, "0 to 8 kHz", spectrogram(sound, length, bright, f"Spectrogram: {name}"), "spectrogram")
            for name, sound in sounds.items()
        ),
        *(sheet.curve(trace, length, index) for index, trace in enumerate(case.traces)),
    ]
    over = element("div", *_lines(axis, case), element("i", class_="cursor"), class_="over")
    return element("div", element("div", *tracks, over, class_="inner"), class_="figure")


def _labels(axis: Axis, case: Case) -> Iterator[Markup]:
    zero, apart = case.zero, LABEL * max(1, ceil(axis.length / LABELS / LABEL))
    for step in range(-(zero // apart), (axis.length - zero) // apart + 1):
        yield element("span", f"{seconds(step * apart):g} s", style=axis.left(zero + step * apart), class_="tick")


def _event(axis: Axis, case: Case) -> Iterator[Markup]:
    if case.event is not None:
        manner = "floor" if case.kind in FLOOR_TAKING else "other"
        text = case.text or case.style or case.kind.replace("_", " ")
        yield element("div", text, class_=f"event {manner}", style=axis.across(*case.event))


def _gates(axis: Axis, case: Case) -> Iterator[Markup]:
    for start, end, gate in case.gates:
        name = element("span", gate)
        yield element("div", name, class_=f"gate {gate}", style=axis.across(start, end), title=f"gate {gate}")


def _lines(axis: Axis, case: Case) -> Iterator[Markup]:
    """Through all the tracks: onset, end, stop."""
    for at in case.event or ():
        yield element("i", class_="line onset", style=axis.left(at))
    if case.stop is not None:
        yield element("i", class_="line stop", style=axis.left(case.stop))


def _players(case: Case) -> Iterator[Markup]:
    for name, sound in (("Microphone", case.microphone), ("Cleaned", case.clean)):
        audio = element("audio", src=mu_law.uri(sound), controls="", preload="metadata", aria_label=name)
        yield element("figure", element("figcaption", name), audio)
