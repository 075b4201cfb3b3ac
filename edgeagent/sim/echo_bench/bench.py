"""The bench itself: who is measured on what. Can be handed to another process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeagent.errors import SoundFileError
from edgeagent.ports import Sound
from edgeagent.signal.wav import read_wav
from edgeagent.sim.acoustics import Model
from edgeagent.sim.echo_bench.conditions import Condition
from edgeagent.sim.echo_bench.figures import SURE, Exact, Figures, erle_db, measure
from edgeagent.sim.echo_bench.judges import Judge
from edgeagent.sim.echo_bench.run import Maker, Run, run, run_scene
from edgeagent.sim.echo_bench.scenes import EchoScene, render
from edgeagent.sim.echo_bench.speech import Speech
from edgeagent.units import RATE


@dataclass(frozen=True, slots=True)
class Heard:
    """On a recording: ERLE in each whole second (dB), and the share of frames that the judge calls speech."""

    erle: Exact
    speech: float


@dataclass(frozen=True, slots=True)
class Bench:
    """subjects: makers of cancellers by name. judge: makes one. length: samples of a scene."""

    speech: Speech
    model: Model
    length: int
    subjects: Mapping[str, Maker]
    judge: Callable[[], Judge]

    def runs(self, condition: Condition, seed: int) -> tuple[EchoScene, dict[str, Run]]:
        """The scene, and every subject's run over it. Raises SceneError, SoundFileError."""
        scene = render(condition, seed, self.speech, self.model, self.length)
        return scene, {name: run_scene(maker, scene) for name, maker in self.subjects.items()}

    def figures(self, condition: Condition, seed: int) -> dict[str, Figures]:
        """Every subject's figures in the scene. Raises as `runs`."""
        scene, runs = self.runs(condition, seed)
        judge = self.judge()
        quiet = judge(scene.quiet)
        return {name: measure(scene, ran, judge(ran.clean, ran.outputs), quiet) for name, ran in runs.items()}

    def real(self, folder: Path) -> dict[str, Heard]:
        """Every subject on microphone.wav and reference.wav of `folder`. Raises SoundFileError."""
        microphone, reference = (read_wav(folder / f"{name}.wav") for name in ("microphone", "reference"))
        length = min(microphone.size, reference.size) // RATE * RATE
        if not length:
            raise SoundFileError(f"{folder}: less than a second of microphone and reference", "record them again")
        judge = self.judge()
        told = {}
        for name, maker in self.subjects.items():
            ran = run(maker(), reference[:length], microphone[:length])
            speech = judge(ran.clean, ran.outputs) >= SURE
            told[name] = Heard(_by_second(microphone[:length], ran.clean), float(speech.mean()))
        return told


def _by_second(microphone: Sound, output: Sound) -> Exact:
    heard, left = (
        np.mean(np.square(sound[: sound.size // RATE * RATE].reshape(-1, RATE), dtype=np.float64), axis=1)
        for sound in (microphone, np.concatenate((output, microphone[output.size :])))
    )
    return erle_db(heard, left)
