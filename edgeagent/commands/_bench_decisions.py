"""The whole chain of decisions over a folder of scenes: simulate each, judge it, count, and show what went wrong."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from edgeagent import app, config
from edgeagent.commands._bench_decisions_page import Gallery, write_page
from edgeagent.commands._bench_decisions_result import Result
from edgeagent.commands._bench_decisions_scene import Judged, Order, judge
from edgeagent.commands._bench_decisions_text import text
from edgeagent.commands._jobs import at_once
from edgeagent.commands.terminal import Progress, check_place, print_json, tame, warn
from edgeagent.errors import EdgeAgentError, SceneError
from edgeagent.settings import Settings, settings_hash
from edgeagent.sim.peer_loop import peers
from edgeagent.sim.score import look_over

NAMED = 3
"""Scenes without truth that are named; of more, their number says enough."""


def run(args: argparse.Namespace) -> int:
    _check(args)
    settings = config.load(args.config, files=False) if args.config else Settings()
    folders = scenes(args.folder)
    others = peers() if args.peers else ()
    orders = [Order(folder, settings, args.report is not None, args.shed, others) for folder in folders]
    gallery, runs, theirs = Gallery(args.cards), [], []
    with Progress("deciding", len(orders)) as progress:
        for judged in _in_turn(orders, progress) if args.jobs == 1 else _at_once(orders, args.jobs, progress):
            gallery.add(judged.cards)
            runs.append(judged.score)
            theirs.append(judged.peers)
    for one in runs:
        for warning in one.warnings:
            warn(f"{one.scene}: {warning}")
    beside = dict(zip((peer.name for peer in others), zip(*theirs, strict=True), strict=True))
    result = Result(str(args.folder), {"settings": settings_hash(settings), **app.versions(settings)}, runs, beside)
    written = write_page(args.report, result, gallery) if args.report else ""
    if args.json:
        print_json(result.plain())
    else:
        print(tame(text(result)))
    if written:
        print(written, file=sys.stderr if args.json else sys.stdout)
    return 0


def scenes(folder: Path) -> list[Path]:
    """The scenes in `folder`, or itself where it is one. Raises SceneError if there is none, or one without truth, and
    SoundFileError too where one is damaged."""
    if not folder.is_dir():
        raise SceneError(f"{folder}: no such folder", "give a folder of scenes")
    inner = sorted(path.parent for path in folder.glob("*/scene.yaml"))
    found = [folder] if (folder / "scene.yaml").is_file() else inner
    if not found:
        raise SceneError(f"{folder}: no scene in it", "give a folder of scenes; `edgeagent generate` makes some")
    untold = [scene.name for scene in found if not (scene / "truth.json").is_file()]
    if untold:
        named = ", ".join(untold[:NAMED]) + (", ..." if len(untold) > NAMED else "")
        problem = f"{folder}: {len(untold)} of {len(found)} scenes have no truth.json ({named})"
        raise SceneError(problem, "only scenes that come with their truth can be judged; take the others out")
    for scene in found:
        look_over(scene)  # a damaged one is told now, not after minutes
    return [Path(os.path.abspath(scene)) for scene in found]  # so that each has a name, a link its own


def _check(args: argparse.Namespace) -> None:
    """Raises EdgeAgentError for what cannot be done, before minutes are spent on it."""
    if args.jobs < 1:
        raise EdgeAgentError(f"--jobs {args.jobs}: nobody would work", "give a number of at least 1")
    if args.cards < 0:
        raise EdgeAgentError(f"--cards {args.cards} is negative", "give 0 or more")
    check_place("--report", args.report)


def _in_turn(orders: Sequence[Order], progress: Progress) -> Iterator[Judged]:
    for index, order in enumerate(orders):

        def advance(done: int, length: int, before: int = index) -> None:
            progress.at(before + done / length)

        yield judge(order, advance)
    progress.at(len(orders))


def _at_once(orders: Sequence[Order], jobs: int, progress: Progress) -> Iterator[Judged]:
    for done, judged in enumerate(at_once(judge, orders, jobs), start=1):
        yield judged
        progress.at(done)
