"""The ablations as a table, and as the page docs/ablations.md."""

from __future__ import annotations

from collections.abc import Mapping

from edgeagent.sim.figures import Figure, Figures
from tools.ablate.ears import ABLATIONS, WHOLE
from tools.markdown import aligned

COLUMNS = {
    "right_balanced": "right",
    "recall": "recall",
    "self_stops_per_min": "self/min",
    "latency_p50": "p50 s",
    "latency_p95": "p95 s",
    "react_p50": "react s",
    "backchannel_rejection": "backchannels rejected",
    "noise_rejection": "noises rejected",
    "far_speech_rejection": "far speech rejected",
}
"""Figures that are shown, and their headings. The first one says what is worse."""

JUDGED = next(iter(COLUMNS))

PAGE = """\
# What each part of the ear is worth

The whole chain of decisions over {scenes} scenes ({source}), each time without one part. `right` is the share of
utterances handled right, half of it from those with somebody taking the floor and half from the others; the other
columns are those of `edgeagent score`. A part without which `right` is no lower is named under the table; it
stays only for what another column shows, and has no business in the device where none does.

{table}

{verdict}

**reference**: neither model sees the echo estimate, and neither knows whether we speak. **confidence**: coherence,
misadjustment and echo loss have the same value all the time. **duck**: our voice stays as loud while in doubt. That
changes little of what is decided; what it is for is how soon a person notices that they are heard (`react`: without it
nothing is heard before the stop), and that less of our own voice is left to be mistaken (`self`). Without the
**backchannel model** P(takes the floor) is 0.5, so that only the length of an overlap decides, and the near-end
detector alone says what is a person. Without **models** the rules decide that take over when a model fails.

The first two rows overstate what they show: a network that was trained with an input and loses it is worse off than one
that never had it. The honest figure comes from models that learnt without, which `--blank` is for:

    python -m tools.train CORPUS --out build/blind --blank reference
    python -m tools.ablate SCENES --models build/blind --only reference

With {told}. Made by `python -m tools.ablate {source} --report docs/ablations.md`.
"""


def page(pooled: Mapping[str, Figures], source: str, told: Mapping[str, str]) -> str:
    """Markdown. source: the folder of scenes. told: versions by name."""
    scenes = next(iter(pooled.values()))["scenes"]
    versions = ", ".join(f"{name} {value}" for name, value in told.items())
    return PAGE.format(scenes=scenes, source=source, table=table(pooled), verdict=verdict(pooled), told=versions)


def table(pooled: Mapping[str, Figures]) -> str:
    """Markdown; in the last column whether it is worse than the whole."""
    heading = ["without", *COLUMNS.values(), "worse?"]
    answers = {None: "", True: "yes", False: "NO"}
    rows = [
        [ABLATIONS[name].what, *(_cell(one[key]) for key in COLUMNS), answers[worse(pooled, name)]]
        for name, one in pooled.items()
    ]
    return aligned([heading, *rows])


def verdict(pooled: Mapping[str, Figures]) -> str:
    """Which parts are worth nothing here."""
    answers = {name: worse(pooled, name) for name in pooled}
    if not any(answer is not None for answer in answers.values()):
        return "Nothing was compared: that takes the whole ear beside another one, and people to be right about."
    idle = [name for name, answer in answers.items() if answer is False]
    if idle:
        return f"On these scenes the decisions are no worse without: {', '.join(idle)}."
    return "On these scenes the decisions are worse without any of them."


def worse(pooled: Mapping[str, Figures], name: str) -> bool | None:
    """Than the whole; None where there is nothing to compare."""
    if name == WHOLE or WHOLE not in pooled:
        return None
    here, whole = pooled[name][JUDGED], pooled[WHOLE][JUDGED]
    return here < whole if isinstance(here, float) and isinstance(whole, float) else None


def _cell(figure: Figure) -> str:
    if figure is None:
        return "-"
    return f"{figure:.2f}" if isinstance(figure, float) else str(figure)
