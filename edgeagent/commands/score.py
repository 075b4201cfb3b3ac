"""Judges simulated runs: stops where stops were due, none elsewhere, and the user's words handed on.

Takes a scene and the folders that `edgeagent simulate` made of it, each by another system or other settings; or, with
--set, a folder of scenes and the folders of their runs. Prints a table with a row for each. What was played is found in
speaker.wav; no claim of the system counts. Only scenes that come with their truth can be scored.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from edgeagent.commands.terminal import Progress, add_json, print_json, warn
from edgeagent.errors import SceneError

HELP = "judge simulated runs against what is true about their scenes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scene", type=Path, metavar="SCENE_DIR", help="the scene, or with --set the folder of scenes")
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN_DIR", help="folders that `simulate --out` wrote")
    parser.add_argument("--set", action="store_true", help="SCENE_DIR holds scenes, each RUN_DIR a run of each")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from edgeagent.sim.figures import pool, table
    from edgeagent.sim.score import score

    pairs = {run: list(_pairs(args.scene, run, args.set)) for run in args.runs}
    scored = {}
    with Progress("scoring", sum(map(len, pairs.values()))) as progress:
        for done, (scene, folder) in enumerate(pair for of_run in pairs.values() for pair in of_run):
            scored[scene, folder] = score(scene, folder)
            progress.at(done + 1)
    systems = {str(run): [scored[pair] for pair in of_run] for run, of_run in pairs.items()}
    for name, scores in systems.items():
        for one in scores:
            for warning in one.warnings:
                warn(f"{name}, {one.scene}: {warning}")
    pooled = {name: pool(scores) for name, scores in systems.items()}
    if args.json:
        print_json({name: {"pooled": pooled[name], "scenes": [s.plain() for s in systems[name]]} for name in systems})
    else:
        print(table(pooled))
    return 0


def _pairs(scene: Path, run: Path, whole_set: bool) -> Iterator[tuple[Path, Path]]:
    """Scenes and the folders of their runs. Raises SceneError when none was run."""
    if not whole_set:
        yield scene, run
        return
    scenes = sorted(path.parent for path in scene.glob("*/scene.yaml"))
    there = [folder for folder in scenes if (run / folder.name / "speaker.wav").exists()]
    if not there:
        raise SceneError(f"{run}: no run of a scene in {scene}", f"edgeagent simulate {scene} --out {run}")
    if len(there) < len(scenes):
        missing = len(scenes) - len(there)
        warn(f"{run}: {missing} of {len(scenes)} scenes were not run")
    for folder in there:
        yield folder, run / folder.name
