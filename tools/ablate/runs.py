"""Every scene through the whole engine without each of its parts, in several processes where asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from edgeagent.commands import _simulation
from edgeagent.commands._jobs import watched
from edgeagent.settings import Models, Settings
from edgeagent.sim.figures import Figures, pool
from edgeagent.sim.scene import load_scene
from edgeagent.sim.score import RunScore, score
from tools.ablate.ears import ABLATIONS


@dataclass(frozen=True, slots=True)
class Order:
    """A scene to judge without the part of that name. models: a folder, "" for those of this release."""

    scene: Path
    name: str
    models: str


def measure(folders: Sequence[Path], names: Sequence[str], models: str, jobs: int) -> dict[str, Figures]:
    """The figures of each ablation over all scenes. Raises EdgeAgentError."""
    orders = [Order(folder, name, models) for name in names for folder in folders]
    runs = watched(judged, orders, jobs, "deciding")
    count = len(folders)
    return {name: pool(runs[row * count : (row + 1) * count]) for row, name in enumerate(names)}


def judged(order: Order) -> RunScore:
    """Simulate, judge, forget."""
    ablation = ABLATIONS[order.name]
    settings = ablation.settings(Settings(models=Models(folder=order.models)))
    with TemporaryDirectory(prefix="edgeagent-") as name:
        _simulation.perform(load_scene(order.scene), settings, Path(name), parts=ablation.parts)
        return replace(score(order.scene, Path(name)), scene=order.scene.name)
