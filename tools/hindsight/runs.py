"""A scene heard once, by a device that nobody can stop; and the same scene decided upon, as often as one likes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from edgeagent.commands import _simulation
from edgeagent.devices.model_files import chosen, load_model
from edgeagent.ports import EchoCanceller
from edgeagent.settings import Settings
from edgeagent.signal.bypass import Bypass
from edgeagent.signal.canceller import Canceller
from edgeagent.sim.scene import load_scene
from edgeagent.sim.score import RunScore, score
from edgeagent.units import HOP
from tools.hindsight.constants import changed
from tools.hindsight.ears import Memory, Recording, Remembering
from tools.train.cache import drafted, reading

NEVER = {"VERDICT": inf}
"""Constants with which our voice is lowered for whoever speaks, and nobody stops it."""


@dataclass(frozen=True, slots=True)
class Order:
    """A scene, the folder in which what was heard in it lies, and the constants with which to decide."""

    scene: Path
    kept: Path
    constants: dict[str, Any]

    @property
    def memory(self) -> Path:
        """The file."""
        return self.kept / f"{self.scene.name}.npy"


def hear(order: Order) -> None:
    """Unless it was heard before. Nothing is learnt of the person here, for nobody is given the floor."""
    if not order.memory.exists():
        with drafted(order.memory) as draft:
            np.save(draft, _heard(order.scene))


def decide(order: Order) -> RunScore:
    """Decide, judge, forget."""
    with reading(order.memory) as file:
        memory: Memory = np.load(file)

    def parts(_settings: Settings) -> tuple[EchoCanceller, Remembering]:
        return Bypass(), Remembering(memory)

    with TemporaryDirectory(prefix="edgeagent-") as name, changed(order.constants):
        _simulation.perform(load_scene(order.scene), Settings(), Path(name), parts=parts)
        return replace(score(order.scene, Path(name)), scene=order.scene.name)


def _heard(folder: Path) -> Memory:
    scene = load_scene(folder)
    ears: list[Recording] = []

    def parts(settings: Settings) -> tuple[EchoCanceller, Recording]:
        models, kind = chosen(settings.models)
        ears.append(Recording(*(load_model(name, models, kind=kind) for name in ("near_end", "backchannel"))))
        ears[0].listen(scene.length // HOP + 1)
        return Canceller(settings.echo.drift), ears[0]

    with TemporaryDirectory(prefix="edgeagent-") as name, changed(NEVER):
        _simulation.perform(scene, Settings(), Path(name), parts=parts)
    return ears[0].heard
