"""What `check` looks at to say whether this machine is fast enough: what the engine costs here, and how the last run of
the device went."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from edgeagent.commands._bench_stages import engine_alone
from edgeagent.commands._finding import Finding, fail, ok, warn
from edgeagent.commands._installed import RESTART, place
from edgeagent.errors import ModelError
from edgeagent.settings import Settings
from edgeagent.turn.levels import Level, said
from edgeagent.units import HOP, samples, seconds

LENGTH = samples(2000)
"""Samples of sound to measure on: a tenth of a second, where there is headroom."""

PERIOD_MS = 10.0
"""What a cost is told for."""

TIGHT = 0.5
"""Share of a core from which other programs will make the engine late."""

TOO_MUCH = 0.95
"""Share of a core from which sound is lost."""

GOVERNORS = Path("/sys/devices/system/cpu")
"""Where the kernel tells whether it slows the cores down when they have little to do."""

AT_BEST = "performance"

ANEW = f"{RESTART}; if it recurs, record it with `edgeagent run --record FOLDER` and report it"

TAIL = 2_000_000
"""Bytes of the journal that are read: the last hours."""


def headroom(settings: Settings) -> Iterator[Finding]:
    """What the engine takes of a core, in processor time, on two synthetic talkers at once; and if that is much, what
    it takes with all left out that can be."""
    try:
        cost = _share(settings, Level.NOTHING)
        least = _share(settings, max(Level)) if cost > TIGHT else cost
    except ModelError:  # told elsewhere
        return
    text = f"the engine takes {PERIOD_MS * cost:.2f} ms of a core for {PERIOD_MS:g} ms of sound ({cost:.0%})"
    if cost <= TIGHT:
        yield ok("headroom", text)
    elif least < TOO_MUCH:
        yield warn("headroom", f"{text}, {least:.0%} with all left out that can be", faster(settings))
    else:
        yield fail(
            "headroom", f"{text}, {least:.0%} with all left out that can be: sound will be lost", faster(settings)
        )


def faster(settings: Settings, beside_it: bool = False) -> str:
    """What makes more room, the cheapest first. beside_it: for all that the device does, not for its engine alone."""
    governors = (path.read_text().strip() for path in GOVERNORS.glob("cpu[0-9]*/cpufreq/scaling_governor"))
    if any(governor != AT_BEST for governor in governors):
        return f"echo {AT_BEST} | sudo tee {GOVERNORS}/cpu*/cpufreq/scaling_governor (until the next boot)"
    if beside_it and settings.hints.words != "none":
        return "set hints.words: none"
    if beside_it and settings.models.smart_turn:
        return 'set models.smart_turn: ""'
    if settings.echo.enabled:
        return "set echo.enabled: false, with a card that cancels the echo itself, such as a conference speakerphone"
    return "`top` shows what else runs: stop it; or take a machine with faster cores"


def _share(settings: Settings, level: Level) -> float:
    return fmean(engine_alone(settings, LENGTH, level).times) / PERIOD_MS


@dataclass(slots=True)
class _Run:
    """What the journal says of one run. level: of what was left out, the most; lost: samples; deaf: steps in which no
    model heard; failed: why the models gave up, if they did."""

    level: int = 0
    lost: int = 0
    deaf: int = 0
    failed: str = ""

    def take(self, entry: Mapping[str, object]) -> None:
        match entry.get("event"):
            case "shed":
                self.level = max(self.level, _count(entry, "level"))
            case "lost" if entry.get("kind") == "overflow":
                self.lost += _count(entry, "frames")
            case "ear_upset":
                self.deaf += _count(entry, "blind") + _count(entry, "failed")
            case "ear_failed":
                self.failed = str(entry.get("reason", ""))


def last_run(settings: Settings) -> Iterator[Finding]:
    """What the journal says of the last run: whether the machine was too slow, and whether the models heard."""
    name = settings.record.journal
    path = place(name)
    if not name or not os.path.isfile(path):
        return
    run = _Run()
    for entry in _entries(path):
        if entry.get("event") == "began":
            run = _Run()
        run.take(entry)
    if run.failed:
        yield warn("last run", f"a model failed while it ran: {run.failed}", ANEW)
    elif run.deaf:
        yield warn("last run", f"for {seconds(run.deaf * HOP):.1f} s the models gave or got what is no number", ANEW)
    if run.level or run.lost:
        text = said(Level(run.level)) if run.level in set(Level) else f"level {run.level}"
        text = f"{text}; {seconds(run.lost):.1f} s of sound lost" if run.level else _held_up(run.lost)
        yield warn("last run", text, faster(settings, beside_it=True))
    if run == _Run():
        yield ok("last run", "the machine kept up, and the models heard")


def _held_up(lost: int) -> str:
    return f"the program was held up, and {seconds(lost):.1f} s of sound were lost"


def _count(entry: Mapping[str, object], key: str) -> int:
    value = entry.get(key)
    return value if isinstance(value, int) else 0


def _entries(path: Path) -> Iterator[dict[str, object]]:
    """Of the journal's end; what is cut or damaged is left out."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        for line in file:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield entry
