"""Runs recorded scenes through the engine, faster than real time, and writes what the device did.

A scene is a folder with scene.yaml: what the device says, what its microphone hears besides, and how its own voice
leaks into that microphone. One scene prints its timeline; the output folder then holds speaker.wav, mic.wav, the
user's turns, journal.jsonl and report.json. Of several folders, and of one that holds scenes, each scene gets a folder
of its own name in there. `edgeagent score` judges the result.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from edgeagent.commands._jobs import at_once
from edgeagent.commands.terminal import Progress, add_json, print_json
from edgeagent.errors import EdgeAgentError, SceneError
from edgeagent.settings import Settings

HELP = "recorded scenes through the engine, faster than real time"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenes", nargs="+", type=Path, metavar="SCENE_DIR", help="a scene, or a folder of scenes")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the result goes")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings of the device")
    parser.add_argument("--report", action="store_true", help="also write report.html")
    parser.add_argument("--record", action="store_true", help="also write a session for `edgeagent replay`")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="scenes at the same time (default 1)")
    add_json(parser)


@dataclass(frozen=True, slots=True)
class Order:
    """One scene to simulate."""

    scene: Path
    out: Path
    settings: Settings
    report: bool
    record: bool


def run(args: argparse.Namespace) -> int:
    from edgeagent import config
    from edgeagent.sim.scene import load_scene

    if args.jobs < 1:
        raise EdgeAgentError(f"--jobs {args.jobs}: nobody would work", "give a number of at least 1")
    settings = config.load(args.config, files=False) if args.config else Settings()
    found = scenes(args.scenes)
    alone = found == [_named(args.scenes[0])]  # a folder of scenes stays one, for `score --set`, if it holds but one
    orders = [Order(s, args.out if alone else args.out / s.name, settings, args.report, args.record) for s in found]
    for order in orders:
        if order.out.resolve() == order.scene.resolve():  # which may call its own sounds mic.wav or turn-1.wav
            raise SceneError(f"{order.out}: the run would lie in the folder of its scene", "give another --out")
        if len(orders) > 1:
            load_scene(order.scene)  # a damaged one is told now, not after minutes
    if len(orders) == 1 and not args.json:
        from edgeagent.commands._simulation import line_of, teller

        print(line_of(simulate_one(orders[0], teller())))
        return 0
    with Progress("simulating", len(orders)) as progress:
        outcomes = list(_in_turn(orders, progress) if args.jobs == 1 else _at_once(orders, args.jobs, progress))
    if args.json:
        print_json(outcomes)
    else:
        from edgeagent.commands._simulation import line_of

        print("\n".join(map(line_of, outcomes)))
    return 0


def scenes(named: Sequence[Path]) -> list[Path]:
    """The scene folders that `named` means, in order. Raises SceneError when two have the same name."""
    found: list[Path] = []
    for folder in named:
        inner = [] if (folder / "scene.yaml").exists() else sorted(path.parent for path in folder.glob("*/scene.yaml"))
        found += map(_named, inner or [folder])
    names = [path.name for path in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SceneError(f"two scenes are called {twice[0]}", "simulate them into different folders")
    return found


def _named(folder: Path) -> Path:
    """With a last part by which it can be called, of a link its own."""
    return Path(os.path.abspath(folder))


def simulate_one(
    order: Order,
    watch: Callable[[Mapping[str, object]], None] = lambda _entry: None,
    progress: Callable[[int, int], None] = lambda _done, _length: None,
) -> dict[str, object]:
    """Carry out one order; what came of it, for JSON."""
    from edgeagent.commands import _simulation
    from edgeagent.report.page import page
    from edgeagent.sim.scene import load_scene
    from edgeagent.sim.truth import read_truth
    from edgeagent.store.disk import write_whole

    began = perf_counter()
    scene = load_scene(order.scene)
    run = _simulation.perform(scene, order.settings, order.out, record=order.record, watch=watch, progress=progress)
    if order.report:
        truth = read_truth(order.scene) if (order.scene / "truth.json").exists() else ()
        record = _simulation.record_of(run, scene.name, str(order.scene), truth)
        write_whole(order.out / _simulation.PAGE, page(record))
    return _simulation.outcome(run, perf_counter() - began)


def _in_turn(orders: Sequence[Order], progress: Progress) -> Iterator[dict[str, object]]:
    for index, order in enumerate(orders):

        def advance(done: int, length: int, before: int = index) -> None:
            progress.at(before + done / length)

        yield simulate_one(order, progress=advance)
    progress.at(len(orders))


def _at_once(orders: Sequence[Order], jobs: int, progress: Progress) -> Iterator[dict[str, object]]:
    for done, outcome in enumerate(at_once(simulate_one, orders, jobs), start=1):
        yield outcome
        progress.at(done)
