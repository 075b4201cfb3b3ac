"""The page of a measurement: what was found in one look, how it is spread, trial by trial, and two trials as sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from edgeagent.report import plots, sheet
from edgeagent.report.markup import Markup, element, join
from edgeagent.report.sheet import Axis
from edgeagent.report.tables import facts
from edgeagent.units import samples
from tools.probe.figures import MEANING, PARTS, SINGLE
from tools.probe.judge import Judged, Scene

SPREADS = {
    "From the onset": ("duck", "verdict", "stop", "stop_mic"),
    "From the verdict": ("cut", "cut_mic", "cut_card", "abort"),
}
"""Plots with an axis of their own: a tenth of a second and a tenth of a millisecond do not share one."""

LEAST_MS = -0.5
"""What lies further left, a stop that fell into a pause of ours, is drawn at the edge."""

AROUND = samples(250)
"""Drawn of a trial before the onset and behind the end."""

STYLE = """
.spread .plot{min-height:11rem}.spread .share{left:.3rem;font-size:.68rem;color:var(--soft);transform:translateY(50%)}
.spread path{fill:none;stroke:currentColor;stroke-width:1.6;vector-effect:non-scaling-stroke}
.c0{color:var(--speaker)}.c1{color:var(--duck)}.c2{color:var(--stop)}.c3{color:var(--clean)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;margin:.4rem 0 .8rem;font-size:.82rem}
.legend b{font-weight:650}.dots .plot{min-height:8rem}
.dot{width:6px;height:6px;margin:-3px;border-radius:50%;background:currentColor;position:absolute}
.mark{top:0;bottom:0;border-left:1.5px solid var(--stop);font-size:.68rem;padding-left:.2rem;white-space:nowrap;
z-index:2}
.mark.onset{border-color:var(--speaker)}.mark.verdict{border-color:var(--duck)}
.numbers td,.numbers th{text-align:right;font-variant-numeric:tabular-nums}
.numbers td:nth-child(-n+2),.numbers th:nth-child(-n+2){text-align:left}
"""


def page(document: Mapping[str, Any], trials: Sequence[Judged]) -> str:
    """The page as HTML."""
    figures = document["figures"]
    return sheet.document(
        "How fast it falls silent",
        f"{document['card']['name']}; {document['mode']}; {document['single']['trials']} trials; {document['utc']}",
        sheet.tiles(_tiles(document)),
        *(element("p", f"Warning: {line}", class_="wrong") for line in document["remarks"]),
        element("h2", "Figures"),
        element("div", _numbers(figures), class_="scroll"),
        *(part for title, names in SPREADS.items() for part in _spread(title, names, trials)),
        element("h2", "Trial by trial"),
        _dots(trials),
        *_scenes(trials),
        element("h2", "What it costs"),
        element("div", _costs(document), class_="scroll"),
        facts(_facts(document)),
        css=STYLE,
    )


def _tiles(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    figures, single = document["figures"], document["single"]
    for name, title in (("duck", "Lowers its voice"), ("stop", "Silent"), ("cut", "The stop itself")):
        if name in figures:
            note = f"95 %: {figures[name]['p95']:.1f} ms, worst {figures[name]['max']:.1f}; {MEANING[name]}"
            yield title, f"{figures[name]['p50']:.1f} ms", note
    yield "Stopped", f"{single['trials'] - single['missed']} of {single['trials']}", f"{single['undone']} taken back"
    for name, title in (("cpu.idle", "Listening costs"), ("cpu.speaking", "Speaking costs")):
        if single[name] is not None:
            yield title, f"{single[name]:.1f} %", "of one core"


def _numbers(figures: Mapping[str, Mapping[str, float]]) -> Markup:
    head = element("tr", *(element("th", text, scope="col") for text in ("ms", "", "n", *PARTS)))
    rows = (
        element(
            "tr",
            *(element("td", text) for text in (name, MEANING[name], str(parts["n"]))),
            *(element("td", f"{parts[part]:.2f}") for part in PARTS),
        )
        for name, parts in figures.items()
    )
    return element("table", element("thead", head), element("tbody", *rows), class_="numbers")


def _spread(title: str, names: Sequence[str], trials: Sequence[Judged]) -> Iterator[Markup]:
    """Which share of the trials took no longer: a staircase for each figure."""
    found = {name: sorted(trial.figures[name] for trial in trials if name in trial.figures) for name in names}
    known = {name: np.maximum(values, LEAST_MS) for name, values in found.items() if values}
    if not known:
        return
    low = min(0.0, *(float(values[0]) for values in known.values()))
    high = max(float(values[-1]) for values in known.values()) * 1.05 + 0.1
    stairs = [_stairs(values, low, high, names.index(name)) for name, values in known.items()]
    drawing = plots.frame(*stairs, label=f"{title}: share of the trials over milliseconds", class_="stairs")
    shares = (element("span", f"{share} %", class_="share", style=f"bottom:{share * 0.96:.1f}%") for share in (50, 95))
    legend = (element("li", element("b", f"{name} ", class_=f"c{names.index(name)}"), MEANING[name]) for name in known)
    yield element("h2", title)
    yield element("ul", *legend, class_="legend")
    ticks = element("div", *_ticks(low, high), class_="plot")
    scale = element("div", element("div", class_="name"), ticks, class_="track scale")
    inner = element(
        "div", scale, sheet.track("Share", "of the trials", join(drawing, *shares), "spread"), class_="inner"
    )
    yield element("div", inner, class_="figure")


def _stairs(values: Any, low: float, high: float, colour: int) -> Markup:
    across = (np.asarray(values) - low) / (high - low) * plots.COLUMNS
    up = plots.level(np.arange(len(values) + 1) / len(values))
    path = f"M{across[0]:.1f},{up[0]:.1f}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in zip(across, up[1:], strict=True))
    return element("path", d=path, class_=f"c{colour}")


def _ticks(low: float, high: float) -> Iterator[Markup]:
    """Round numbers of milliseconds."""
    step = next(s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000) if (high - low) / s <= 10)
    for count in range(int(np.ceil(low / step)), int(high / step) + 1):
        left = 100 * (count * step - low) / (high - low)
        yield element("span", f"{count * step:g} ms", style=f"left:{left:.2f}%", class_="tick")


def _dots(trials: Sequence[Judged]) -> Markup:
    """Each trial's duck, verdict and stop, one beside the other."""
    names = ("duck", "verdict", "stop")
    high = 1.05 * max((trial.figures.get(name, 0.0) for trial in trials for name in names), default=0.0) + 1.0
    dots = (
        element(
            "i",
            class_=f"dot c{number}",
            title=f"trial {trial.number}: {name} {trial.figures[name]:.1f} ms",
            style=f"left:{100 * (place + 0.5) / len(trials):.2f}%;bottom:{100 * trial.figures[name] / high:.2f}%",
        )
        for place, trial in enumerate(trials)
        for number, name in enumerate(names)
        if name in trial.figures
    )
    inner = element("div", sheet.track("Onset to", f"0 to {high:.0f} ms", join(*dots), "dots"), class_="inner")
    legend = (element("li", element("b", name, class_=f"c{number}")) for number, name in enumerate(names))
    return join(element("ul", *legend, class_="legend"), element("div", inner, class_="figure"))


def _scenes(trials: Sequence[Judged]) -> Iterator[Markup]:
    """The trial in the middle and the slowest one."""
    whole = sorted((t for t in trials if t.scene and "stop" in t.figures), key=lambda trial: trial.figures["stop"])
    chosen = {"in the middle": whole[len(whole) // 2], "the slowest": whole[-1]} if whole else {}
    for name, trial in chosen.items():
        assert trial.scene is not None
        yield element("h2", f"Trial {trial.number}, {name}: {trial.figures['stop']:.1f} ms")
        yield _scene(trial.scene)


def _scene(scene: Scene) -> Markup:
    first = max(0, min(scene.marks.values()) - AROUND)
    last = min(scene.microphone.size, max(scene.marks.values()) + AROUND)
    axis = Axis(last - first)
    marks = join(
        *(
            element(
                "div",
                name,
                class_=f"mark {name.split()[0].rstrip(',')}",
                style=f"{axis.left(at - first)};padding-top:{number * 0.75}rem",  # names of near marks lie in steps
            )
            for number, (name, at) in enumerate(scene.marks.items())
        )
    )
    tracks = []
    for name, sound, class_ in (
        ("Loudspeaker", scene.loudspeaker, "speaker"),
        ("Microphone", scene.microphone, "microphone"),
    ):
        part = sound[first:last]
        peak = float(np.max(np.abs(part), initial=0.0))
        wave = plots.waveform(part, part.size, peak, name, class_)
        tracks.append(sheet.track(name, plots.decibels(part), join(wave, marks), "wave"))
    return element("div", element("div", sheet.scale(axis), *tracks, class_="inner"), class_="figure")


def _costs(document: Mapping[str, Any]) -> Markup:
    names = list(dict.fromkeys(name for parts in document["cpu"].values() for name in parts))
    head = element("tr", *(element("th", text) for text in ("per cent of one core", "", *names)))
    rows = (
        element(
            "tr",
            element("td", when),
            element("td", ""),
            *(element("td", f"{parts[name]:.2f}" if name in parts else "-") for name in names),
        )
        for when, parts in document["cpu"].items()
    )
    return element("table", element("thead", head), element("tbody", *rows), class_="numbers")


def _facts(document: Mapping[str, Any]) -> dict[str, str]:
    single = {name: f"{value:g} {SINGLE[name]}" for name, value in document["single"].items() if value is not None}
    stages = {name: f"{parts['median']:.3f} ms per 10 ms of sound" for name, parts in document["stages"].items()}
    about = {
        name: str(value) for part in ("card", "machine", "versions", "path") for name, value in document[part].items()
    }
    return {**single, **stages, **about, "settings": document["settings"]}
