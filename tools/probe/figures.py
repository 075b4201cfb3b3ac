"""Trials to figures with names, and what one may ask of these names: that a bound holds, how an earlier time was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeagent.errors import EdgeAgentError, meant, nearest
from tools.markdown import aligned

MEANING = {
    "duck": "onset -> our voice begins to be lowered, at the converter",
    "verdict": "onset -> decided to stop",
    "cut": "verdict -> last sample, by the converter's clock",
    "cut_mic": "verdict -> last sample, by the microphone",
    "cut_card": "verdict -> last sample, by the simulated card's record",
    "stop": "onset -> last sample, by the converter's clock",
    "stop_mic": "onset -> last sample, by the microphone",
    "stop_card": "onset -> last sample, by the simulated card's record",
    "duck_card": "onset -> our voice begins to be lowered, by the simulated card's record",
    "abort": "how long the abort of the card took",
    "off_card": "the converter's clock and the card's record differ by",
    "off_mic": "the microphone and the card's record differ by",
    "off_duck": "the lowering by the converter's clock and by the card's record differ by",
    "off_onset": "the onset that was found and that of the simulated person differ by",
}
"""Of what each trial gives, in ms."""

PARTS = {"p50": 50, "p95": 95, "p99": 99, "max": 100}

SINGLE = {
    "cpu.idle": "%",
    "cpu.speaking": "%",
    "rss.idle": "MB",
    "rss.speaking": "MB",
    "rss.end": "MB",
    "temperature.max": "C",
    "engine.p50": "ms",
    "engine.p95": "ms",
    "engine.p99": "ms",
    "trials": "",
    "missed": "",
    "early": "",
    "undone": "",
    "void": "",
    "xruns": "",
}
"""Figures of the whole run, and their units."""

UNITS = {**{f"{name}.{part}": "ms" for name in MEANING for part in PARTS}, **{f"{n}.n": "" for n in MEANING}, **SINGLE}
"""Every name that `--assert` knows."""

SHORT = "stop"
"""What a part alone, such as `p95`, is of."""

ASSERTION = re.compile(r"\s*([a-z_]+(?:\.[a-z0-9]+)?|p50|p95|p99)\s*(<=|>=|==|<|>)\s*([0-9]+(?:\.[0-9]+)?)\s*(\S*)\s*")

HOLDS = {
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}


@dataclass(frozen=True, slots=True)
class Assertion:
    """`name` must be so to `bound`."""

    text: str
    name: str
    sign: str
    bound: float

    def judge(self, figures: Mapping[str, float]) -> tuple[bool, str]:
        """Whether it holds, and a line about it. What was not measured does not hold."""
        if self.name not in figures:
            return False, f"BROKEN {self.text}: {self.name} was not measured"
        value = figures[self.name]
        holds = bool(HOLDS[self.sign](value, self.bound))
        return (
            holds,
            f"{'holds ' if holds else 'BROKEN'} {self.text}: {self.name} is {value:g} {UNITS[self.name]}".rstrip(),
        )


def assertion(text: str) -> Assertion:
    """NAME[.PART] SIGN NUMBER[UNIT], such as `stop.p95<=800ms`, `cpu.idle<=3%`, `missed==0`; a part alone is of `stop`.
    Raises EdgeAgentError with the names there are."""
    found = ASSERTION.fullmatch(text)
    if found is None:
        raise EdgeAgentError(f"--assert {text!r} is no NAME<=NUMBER", "write for example stop.p95<=800ms, or missed==0")
    name, sign, bound, unit = found.groups()
    if name in PARTS:
        name = f"{SHORT}.{name}"
    if name not in UNITS:
        names = f"give one of {', '.join([*(f'{n}.p50/p95/p99/max/n' for n in MEANING), *SINGLE])}"
        raise EdgeAgentError(f"--assert {text!r}: there is no figure '{name}'{meant(nearest(name, UNITS))}", names)
    if unit not in ("", UNITS[name]):
        raise EdgeAgentError(f"--assert {text!r}: {name} is in {UNITS[name] or 'no unit'}", f"leave '{unit}' out")
    return Assertion(text.strip(), name, sign, float(bound))


def summary(trials: Iterable[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Of each name: how many trials gave it, and its parts."""
    import numpy as np  # here, because the command must tell it to be modest before it is loaded

    values: dict[str, list[float]] = {name: [] for name in MEANING}
    for trial in trials:
        for name, value in trial.items():
            values[name].append(value)
    return {
        name: {
            "n": len(found),
            **{part: round(float(np.percentile(found, share)), 3) for part, share in PARTS.items()},
        }
        for name, found in values.items()
        if found
    }


def flat(document: Mapping[str, Any]) -> dict[str, float]:
    """Every figure of a document by its dotted name."""
    found = {f"{name}.{part}": value for name, parts in document["figures"].items() for part, value in parts.items()}
    return {name: value for name, value in {**found, **document["single"]}.items() if value is not None}


def table(figures: Mapping[str, Mapping[str, float]]) -> str:
    """As Markdown."""
    head = ["ms", "", "n", *PARTS]
    rows = [
        [name, MEANING[name], str(parts["n"]), *(f"{parts[part]:.2f}" for part in PARTS)]
        for name, parts in figures.items()
    ]
    return aligned([head, *rows])


def singles(single: Mapping[str, float | None]) -> str:
    """One line each that was measured."""
    known = ((name, value) for name, value in single.items() if value is not None)
    return "\n".join(f"{name:<16}{value:>9.2f} {SINGLE[name]}".rstrip() for name, value in known)


def compared(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """What both have, with ratios, and what makes them hard to compare."""
    before, after = flat(old), flat(new)
    rows = [["", "before", "now", "ratio"]]
    for name in UNITS:
        if name in before and name in after and not name.endswith(".n"):
            ratio = f"{after[name] / before[name]:.2f}" if before[name] else "-"
            rows.append([name, f"{before[name]:.2f}", f"{after[name]:.2f}", ratio])
    return "\n".join([aligned(rows), *differences(old, new)])


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """A line for each circumstance that is not the same."""
    names: Sequence[str] = ("mode", "settings", "card", "machine", "versions")
    return [
        f"not the same: {name}: {old.get(name)} / {new.get(name)}" for name in names if old.get(name) != new.get(name)
    ]
