"""What `check` looks at to say whether this machine is fast enough: what the engine costs here, and how the last run of
the device went."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import fmean

from edgeagent.commands._bench_stages import engine_alone
from edgeagent.commands._finding import Finding, fail, ok, warn
from edgeagent.commands._installed import RESTART, installed
from edgeagent.errors import ModelError
from edgeagent.settings import Settings
from edgeagent.turn.levels import Level, said
from edgeagent.units import RATE, samples

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


def last_run(settings: Settings) -> Iterator[Finding]:
    """What the journal says of the last run: whether the machine was too slow, and whether a model failed."""
    service, name = installed(), settings.record.journal
    path = service.path(name) if service else Path(name).expanduser()
    if not name or not path.is_file():
        return
    level, lost, failed = 0, 0, ""
    for entry in _entries(path):
        match entry.get("event"):
            case "began":
                level, lost, failed = 0, 0, ""
            case "shed":
                level = max(level, _count(entry, "level"))
            case "lost" if entry.get("kind") == "overflow":
                lost += _count(entry, "frames")
            case "ear_failed":
                failed = str(entry.get("reason", ""))
    if failed:
        yield warn(
            "last run",
            f"a model failed while it ran: {failed}",
            f"{RESTART}; if it recurs, report it with `edgeagent run --record DIR`",
        )
    if level or lost:
        text = said(Level(level)) if level in set(Level) else f"level {level}"
        yield warn(
            "last run",
            f"{text}; {lost / RATE:.1f} s of sound lost" if level else _held_up(lost),
            faster(settings, beside_it=True),
        )
    if not (failed or level or lost):
        yield ok("last run", "the machine kept up, and the models heard")


def _held_up(lost: int) -> str:
    return f"the program was held up, and {lost / RATE:.1f} s of sound were lost"


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
