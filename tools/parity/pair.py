"""The whole engine over scenes, once with the .onnx pair and once with the .tflite pair."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from edgeagent.commands import _simulation
from edgeagent.settings import Models, Settings
from edgeagent.sim.scene import Scene
from tools.parity.found import BELIEFS, Entry, Pair, differing

RUNTIMES: tuple[Literal["onnx"], Literal["litert"]] = ("onnx", "litert")


def pair(scene: Scene, models: str = "") -> Pair:
    """models: a folder of them, "" for those of this release. Raises ModelError, SceneError."""
    journals = [_journal(scene, Settings(models=replace(Models(folder=models), runtime=each))) for each in RUNTIMES]
    one, other = ([_decision(entry) for entry in journal] for journal in journals)
    both = [(a, b) for a, b in zip(*journals, strict=False) if _decision(a) == _decision(b)]
    return Pair(scene.name, len(one), differing(one, other), max(map(_apart, both), default=0.0))


def _journal(scene: Scene, settings: Settings) -> list[Entry]:
    with TemporaryDirectory(prefix="edgeagent-") as name:
        run = _simulation.perform(scene, settings, Path(name))
    return [entry for entry in run.journal if entry["event"] != "started"]


def _decision(entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if key not in BELIEFS}


def _apart(entries: tuple[Entry, Entry]) -> float:
    one, other = entries
    return max(
        (abs(float(str(one[key])) - float(str(other[key]))) for key in ("near", "floor") if key in one), default=0.0
    )
