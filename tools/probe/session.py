"""One measurement from the settings to a document: builds the device with a tap at its card, lets the director run it,
has every trial judged."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from edgeagent import app
from edgeagent.commands import _bench_stages as bench
from edgeagent.commands._device import hold as run_until
from edgeagent.commands.terminal import Progress, warn
from edgeagent.ports import Card, Talker
from edgeagent.settings import Audio, Settings, settings_hash
from edgeagent.settings import Talker as Voice
from edgeagent.units import RATE, samples
from tools.probe import simulated
from tools.probe.director import PLEASE, Director, Plan
from tools.probe.figures import summary
from tools.probe.judge import Judged, judge
from tools.probe.spoken import Spoken
from tools.probe.tap import Tap
from tools.probe.usage import machine, share
from tools.probe.voices import LEVEL_DBFS, PHRASES, TRIAL_S, can_speak, interruptions, stand_in, text_of

STAGES_S = 10
"""Of sound, for the cost of each stage."""

VERSION = 1
"""Of the document."""


@dataclass(frozen=True, slots=True)
class Result:
    """code: how the device left."""

    document: dict[str, Any]
    trials: Sequence[Judged]
    code: int


def hold(configured: Settings, settings: Settings, asked: argparse.Namespace, folder: Path) -> Result:
    """configured: what the hash is of; settings: what runs. Raises EdgeAgentError."""
    if settings.talker.kind == "espeak" and not can_speak(settings.talker):
        warn("the built-in voice is missing (extra speech): the device murmurs instead")
        settings = replace(settings, talker=stand_in(folder, samples(1000 * (asked.speak + TRIAL_S))))
    tap, (name, rates) = Tap(), _found(settings.audio)
    voices = [] if asked.person else interruptions(asked.say or PHRASES, asked.stimulus, _level(asked), rates[0])
    words = settings.talker.words_per_minute
    plan = Plan(
        asked.trials,
        voices,
        text_of(TRIAL_S, words),
        text_of(TRIAL_S + asked.speak, words),
        samples(1000 * asked.idle),
        samples(1000 * asked.speak),
        asked.seed,
    )
    spoken = Spoken()
    record = simulated.Record(spoken) if asked.in_simulation else None
    director = Director(plan, tap, record, _teller(asked.in_simulation))

    def card(audio: Audio) -> Card:
        return tap.around(app.build_card(audio))

    def talker(voice: Voice) -> Talker:
        made = app.build_talker(voice)
        return spoken.around(made) if asked.in_simulation else made

    with app.build_runtime(settings, director, director, replies=False, card=card, talker_of=talker) as runtime:
        director.begin(runtime.say, runtime.stop)
        runtime.record(director)
        code = run_until(runtime, asked.seconds)
    drift = float(str(director.facts.get("drift_ppm", 0.0)))
    truths = simulated.began() if asked.in_simulation else []
    judged = []
    with Progress("judging", len(director.trials)) as progress:
        for trial in director.trials:
            judged.append(judge(trial, rates, drift, truths))
            progress.at(len(judged))
    card_facts = {"name": name, "input_hz": rates[0], "output_hz": rates[1], **_card(director.facts)}
    document = _document(configured, asked, director, judged, card_facts)
    return Result({**document, "lost_frames": tap.lost}, judged, code)


def _teller(in_simulation: bool) -> Callable[[str], None]:
    """Says on the terminal what goes on; a simulated person does what it says."""

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)
        if in_simulation and line == PLEASE:
            simulated.ask()

    return tell


def _level(asked: argparse.Namespace) -> float:
    return LEVEL_DBFS if asked.level is None else float(asked.level)


def _found(audio: Audio) -> tuple[str, tuple[int, int]]:
    """The card's name and rates, without opening it. Raises DeviceError."""
    card = app.build_card(audio)
    found = card.name, (card.input_rate, card.output_rate)
    card.close()
    return found


def _document(
    configured: Settings,
    asked: argparse.Namespace,
    director: Director,
    judged: Sequence[Judged],
    card: Mapping[str, object],
) -> dict[str, Any]:
    cpu = _cpu(director)
    measured = bench.measure(configured, STAGES_S * RATE, lambda _done: None)
    stages = {stage.name.strip(): stage.figures() for stage in measured}
    mode = "a person interrupts" if asked.person else "the interruption is laid over the microphone's sound"
    document = {
        "probe": VERSION,
        "utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "mode": mode + (", simulated card" if asked.in_simulation else ""),
        "versions": {**app.versions(configured), "numpy": np.__version__},
        "machine": machine(),
        "settings": settings_hash(configured),
        "card": card,
        "figures": summary(trial.figures for trial in judged),
        "single": _single(director, judged, cpu, stages),
        "cpu": cpu,
        "stages": stages,
        "path": {**_path(judged), "drift_ppm": director.facts.get("drift_ppm", 0.0)},
        "trials": [trial.plain() for trial in judged],
    }
    return {**document, "remarks": _remarks(document, asked.trials)}


def _card(facts: Mapping[str, object]) -> dict[str, object]:
    names = ("input_latency_ms", "output_latency_ms", "realtime", "clock")
    return {name: facts[name] for name in names if name in facts}


def _cpu(director: Director) -> dict[str, dict[str, float]]:
    found = {}
    for stretch in ("idle", "speaking"):
        marks = [director.marks.get(f"{stretch} {end}") for end in ("begins", "ends")]
        if marks[0] is not None and marks[1] is not None:
            found[stretch] = {name: round(value, 2) for name, value in share(marks[0], marks[1]).items()}
    return found


def _single(
    director: Director, judged: Sequence[Judged], cpu: Mapping[str, Mapping[str, float]], stages: Mapping[str, Any]
) -> dict[str, float | None]:
    marks = director.marks
    rss = {name: marks[mark].rss_mb if mark in marks else None for name, mark in RSS.items()}
    heat = [mark.celsius for mark in marks.values() if mark.celsius is not None]
    costs = {
        f"cpu.{name}": cpu[name]["process"] + cpu[name]["voice"] if name in cpu else None
        for name in ("idle", "speaking")
    }
    engine = stages["whole engine"]
    counted = [trial for trial in judged if trial.stopped]
    return {
        **costs,
        **rss,
        "temperature.max": max(heat, default=None),
        **{f"engine.{part}": engine[name] for part, name in (("p50", "median"), ("p95", "p95"), ("p99", "p99"))},
        "trials": len(judged),
        "missed": sum(not trial.stopped for trial in judged),
        "early": director.early,
        "undone": sum(trial.undone for trial in counted),
        "void": director.void,
        "xruns": _xruns(director.facts),
    }


RSS = {"rss.idle": "idle ends", "rss.speaking": "speaking ends", "rss.end": "over"}


def _xruns(facts: Mapping[str, object]) -> int:
    counts = [facts.get(name, 0) for name in ("overflows", "underflows")]
    return sum(count for count in counts if isinstance(count, int))


def _path(judged: Sequence[Judged]) -> dict[str, float]:
    """The echo's way, in the middle of the trials."""
    known = {
        "delay_ms": [trial.path_ms for trial in judged if trial.path_ms is not None],
        "echo_db": [trial.echo_db for trial in judged if trial.echo_db is not None],
    }
    return {name: round(float(np.median(values)), 2) for name, values in known.items() if values}


def _remarks(document: Mapping[str, Any], wanted: int) -> list[str]:
    """What a person should know before believing the figures."""
    figures, single = document["figures"], document["single"]
    stopped = single["trials"] - single["missed"]
    lines = []
    if single["trials"] < wanted:
        spoilt = (
            f"{single['void']} were spoilt by xruns or came too late in a sentence, {single['early']} by early stops"
        )
        lines.append(f"{single['trials']} of {wanted} trials: {spoilt}")
    if stopped and "cut_mic" not in figures and "a person" not in document["mode"]:
        why = "it hears too little of it, or loses frames in a stop (audio.streams: duplex)"
        lines.append(f"the microphone could not say when the device's voice ended: {why}")
    if single["missed"] > stopped:
        lines.append("most interruptions were missed: try --level -24, and look at the echo with `edgeagent check`")
    if document["card"].get("clock") == "none":
        lines.append("the card gives no stamps: its clock is known to a period only")
    return lines
