"""The same runs before the reference scorer and ours."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edgeagent.sim.figures import pool
from edgeagent.sim.scene import load_scene
from edgeagent.sim.score import RunScore, score
from edgeagent.sim.truth import USER, read_truth
from edgeagent.units import seconds
from tests.sim.runs import habits, play

pytestmark = pytest.mark.filterwarnings(  # it leaves files open
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)

TOLERANCE = 0.003
"""Seconds or rates: the reference rounds to 1 ms, and so do we."""

SAID_OTHERWISE = {"n_interruption", "n_command"}
"""Counts that stand elsewhere in ours."""

HABITS = ["never", "right", "always", "duck", "hold"]


@pytest.fixture(scope="session")
def reference(bench: Path) -> ModuleType:
    sys.path.insert(0, str(bench))
    try:
        spec = importlib.util.spec_from_file_location("reference_score", bench / "score.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(bench))
    return module


@pytest.mark.parametrize("habit", HABITS)
def test_agrees_on_the_made_up_scene(reference: ModuleType, made_up: Path, tmp_path: Path, habit: str) -> None:
    compare(reference, [made_up], tmp_path, habit)


@pytest.mark.parametrize(("number", "habit"), [(0, "right"), (3, "hold"), (7, "duck")])
def test_agrees_on_a_scene(reference: ModuleType, bench: Path, tmp_path: Path, number: int, habit: str) -> None:
    compare(reference, [bench / "dev" / f"dev-{number:03d}"], tmp_path, habit)


@pytest.mark.slow
@pytest.mark.parametrize("habit", HABITS)
def test_agrees_on_all_scenes(reference: ModuleType, bench: Path, tmp_path: Path, habit: str) -> None:
    compare(reference, sorted(p.parent for p in (bench / "dev").glob("*/scene.yaml")), tmp_path, habit)


def compare(reference: ModuleType, folders: list[Path], tmp_path: Path, habit: str) -> None:
    theirs: list[dict[str, Any]] = []
    ours: list[RunScore] = []
    for folder in folders:
        scene, truth = load_scene(folder), read_truth(folder)
        heard = [
            (max(0.0, seconds(e.start) - 0.4), seconds(e.end) + 0.02 * i) for i, e in enumerate(truth) if e.kind in USER
        ]
        run = play(scene, tmp_path / folder.name, habits(scene, truth)[habit], heard)
        theirs.append(reference.score(str(folder), str(run), False))
        ours.append(score(folder, run))
        same(sorted(theirs[-1]["events"], key=lambda e: e["start_s"]), ours[-1].events)
        same(theirs[-1]["utterances"], ours[-1].lines)
    same_figures(flat(reference.pool(theirs)), pool(ours))


def same(theirs: Iterable[Mapping[str, Any]], ours: Iterable[object]) -> None:
    """Whatever the reference says of an event or line and ours says, too, is the same."""
    for their, our in zip(theirs, ours, strict=True):
        for key in {key for key, value in their.items() if value is not None and hasattr(our, key)}:
            wanted = pytest.approx(their[key], abs=TOLERANCE) if isinstance(their[key], float) else their[key]
            assert getattr(our, key) == wanted, key


def same_figures(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
    assert {key for key in theirs if key not in ours} <= SAID_OTHERWISE | {"micro_gap_s"}
    for key in theirs.keys() & ours.keys():
        wanted = theirs[key]
        assert ours[key] == (wanted if wanted is None else pytest.approx(wanted, abs=0.011, rel=0.005)), key


def flat(figures: Mapping[str, Any]) -> dict[str, Any]:
    nested = {f"{k}_{kk}": vv for k, v in figures.items() if isinstance(v, dict) for kk, vv in v.items()}
    return nested | {k: v for k, v in figures.items() if not isinstance(v, dict)}
