"""Whether the models decide alike wherever they run.

    python -m tools.parity pair SCENES [--models DIR]          the .onnx pair against the .tflite pair, whole engine
    python -m tools.parity record SCENES FILE.npz [--models DIR]
    python -m tools.parity compare FILE.npz [--models DIR] [--runtime onnx|litert]
    python -m tools.parity journals RUNS OTHERS                what `edgeagent simulate` wrote on two machines

SCENES is a scene or a folder of them; `edgeagent generate` makes some. `record` keeps what the models are shown and
what they answer; `compare`, called with another Python that has another build of the library, shows it to them again.
There only numpy, PyYAML, annotated-types and the library itself are needed, and the checkout as the current folder:

    python -m venv build/older && build/older/bin/pip install onnxruntime==1.17.3 'numpy<2' PyYAML annotated-types
    build/older/bin/python -m tools.parity compare FILE.npz

tflite-runtime, which runs the .tflite files where ai-edge-litert is not to be had, wants Python 3.11 or older:

    python3.11 -m venv build/tflite
    build/tflite/bin/pip install tflite-runtime==2.14.0 'numpy<2' PyYAML annotated-types
    build/tflite/bin/python -m tools.parity compare FILE.npz

Exit code 1: some decision differs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np

from edgeagent.__main__ import ended
from edgeagent.errors import EdgeAgentError
from edgeagent.settings import Models, Settings
from edgeagent.units import milliseconds
from tools.parity import builds
from tools.parity.found import Pair

LIBRARIES = ("numpy", "onnxruntime", "ai-edge-litert", "tflite-runtime")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit status."""
    asked = _parser().parse_args(arguments)
    models = Models(getattr(asked, "runtime", "auto"), str(getattr(asked, "models", None) or ""))
    try:
        match asked.what:
            case "pair":
                return pairs(asked.scenes, models)
            case "record":
                return record(asked.scenes, asked.file, models)
            case "journals":
                return journals(asked.runs, asked.others)
        return compare(asked.file, models)
    except EdgeAgentError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def pairs(folder: Path, models: Models) -> int:
    """A line per scene. Returns 0 where every decision agrees."""
    from edgeagent.sim.scene import load_scene
    from tools.parity.pair import pair

    return _said((pair(load_scene(scene), models.folder) for scene in _scenes(folder)), (".onnx", ".tflite"))


def journals(one: Path, other: Path) -> int:
    """A line per run. Returns 0 where every decision agrees."""
    from tools.parity import journals

    return _said(journals.journals(one, other), (str(one), str(other)))


def _said(pairs: Iterable[Pair], names: tuple[str, str]) -> int:
    alike = True
    for found in pairs:
        alike &= found.alike
        said = "alike" if found.alike else "NOT alike"
        moved = f", onsets of suspicions within {milliseconds(found.moved):g} ms" if found.moved else ""
        print(f"{found.scene}: {found.decisions} entries {said}, beliefs within {found.belief:.1e}{moved}", flush=True)
        for name, only in zip(names, found.differing, strict=True):
            for entry in only:
                print(f"  only with {name}: {entry}")
    return 0 if alike else 1


def record(folder: Path, file: Path, models: Models) -> int:
    """Keep what the models are shown in each scene, and what they answer here."""
    from tempfile import TemporaryDirectory

    from edgeagent.commands import _simulation
    from edgeagent.commands.terminal import check_place
    from edgeagent.detect.ear import Ear
    from edgeagent.devices.model_files import chosen, load_model
    from edgeagent.ports import EchoCanceller
    from edgeagent.signal.canceller import Canceller
    from edgeagent.sim.scene import load_scene

    check_place("FILE", file)
    kept = {}
    where, kind = chosen(models)
    for path in _scenes(folder):
        watched = builds.Watched(load_model("near_end", where, kind=kind))

        def parts(_settings: Settings, watched: builds.Watched = watched) -> tuple[EchoCanceller, Ear]:
            return Canceller(), Ear(watched, load_model("backchannel", where, kind=kind))

        with TemporaryDirectory(prefix="edgeagent-") as name:
            _simulation.perform(load_scene(path), Settings(models=models), Path(name), parts=parts)
        features = np.stack(watched.seen[1:])  # the first is the trial at the start
        kept[path.name] = features, builds.tell(features, models)
        print(f"{path.name}: {len(features)} steps", flush=True)
    builds.save(file, kept)
    return 0


def compare(file: Path, models: Models) -> int:
    """A line for all that was recorded. Returns 0 where every decision agrees."""
    differing, steps, apart = 0, 0, np.zeros(3)
    for features, before in builds.load(file).values():
        now = builds.tell(features, models)
        steps += len(features)
        differing += int((now.decisions != before.decisions).any(axis=1).sum())
        apart = np.maximum(apart, np.abs(now.beliefs - before.beliefs).max(axis=0))
    near, floor, backchannel = apart
    print(f"with {', '.join(_versions())}: {steps} steps, decisions differ in {differing}; at most")
    print(f"  P(near) {near:.1e}, P(takes the floor) {floor:.1e}, P(backchannel) {backchannel:.1e} apart")
    return 1 if differing else 0


def _scenes(folder: Path) -> list[Path]:
    from edgeagent.commands.simulate import scenes

    return scenes([folder])


def _versions() -> Iterator[str]:
    for library in LIBRARIES:
        try:
            yield f"{library} {metadata.version(library)}"
        except metadata.PackageNotFoundError:
            continue


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.parity", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="what", required=True)
    for name, given, text in (
        ("pair", ("scenes",), "the whole engine with either pair"),
        ("record", ("scenes", "file"), "keep what the models are shown and answer"),
        ("compare", ("file",), "show it to them again, here"),
        ("journals", ("runs", "others"), "what `edgeagent simulate` wrote on two machines"),
    ):
        command = commands.add_parser(name, help=text)
        for each in given:
            command.add_argument(each, type=Path)
        if name == "journals":
            continue
        command.add_argument("--models", type=Path, metavar="DIR", help="models with their manifest.yaml")
        if name == "compare":
            command.add_argument("--runtime", choices=("auto", "onnx", "litert"), default="auto", help="which library")
    return parser


if __name__ == "__main__":
    raise SystemExit(ended(main))
