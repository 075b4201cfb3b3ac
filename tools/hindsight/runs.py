"""A scene heard once, by a device that nobody can stop; and the same scene decided upon, as often as one likes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from edgeagent import app
from edgeagent.commands import _simulation
from edgeagent.detect.ear import Ear
from edgeagent.ports import EchoCanceller
from edgeagent.settings import Settings
from edgeagent.signal.bypass import Bypass
from edgeagent.sim.scene import EchoPath, load_scene
from edgeagent.sim.score import RunScore, score
from tools.ablate.ears import Ablation
from tools.hindsight.constants import changed
from tools.hindsight.ears import Memory, Recording, Remembering
from tools.train.cache import drafted, reading

LISTENING = Ablation("nothing", Recording)

NEVER = {"VERDICT": inf}
"""Constants with which our voice is lowered for whoever speaks, and nobody stops it."""

NO_ECHO = EchoPath(np.zeros(1, np.float32), 0.0)
"""For a device that remembers what it has heard: to compute what its microphone hears takes most of the time."""


@dataclass(frozen=True, slots=True)
class Order:
    """A scene, the folder in which what was heard in it lies, and the constants with which to decide."""

    scene: Path
    kept: Path
    constants: dict[str, Any]

    @property
    def memory(self) -> Path:
        """The file, named by all that was heard and by the models that heard it: scenes of two sets have one name."""
        told = sha256(repr(app.versions(Settings())).encode())
        for path in sorted(self.scene.iterdir()):
            if path.is_file() and path.name != "truth.json":
                told.update(sha256(path.read_bytes()).digest())
        return self.kept / f"{self.scene.name}-{told.hexdigest()[:12]}.npy"


def hear(order: Order) -> None:
    """Unless it was heard before. Nothing is learnt of the person here, for nobody is given the floor."""
    memory = order.memory
    if not memory.exists():
        with drafted(memory) as draft:
            np.save(draft, _heard(order.scene))


def decide(order: Order) -> RunScore:
    """Decide, judge, forget."""
    with reading(order.memory) as file:
        memory: Memory = np.load(file)

    def parts(_settings: Settings) -> tuple[EchoCanceller, Remembering]:
        return Bypass(), Remembering(memory)

    with TemporaryDirectory(prefix="edgeagent-") as name, changed(order.constants):
        _simulation.perform(replace(load_scene(order.scene), echo=NO_ECHO), Settings(), Path(name), parts=parts)
        (Path(name) / "mic.wav").unlink()  # what nobody listened to is not judged
        return replace(score(order.scene, Path(name)), scene=order.scene.name)


def _heard(folder: Path) -> Memory:
    heard: list[Ear] = []

    def parts(settings: Settings) -> tuple[EchoCanceller, Ear]:
        canceller, ear = LISTENING.parts(settings)
        heard.append(ear)
        return canceller, ear

    with TemporaryDirectory(prefix="edgeagent-") as name, changed(NEVER):
        _simulation.perform(load_scene(folder), Settings(), Path(name), parts=parts)
    (ear,) = heard
    assert isinstance(ear, Recording)
    return ear.memory
