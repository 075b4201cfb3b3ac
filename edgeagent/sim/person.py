"""A person in front of the device, for the demo: speaks at given times over the device's lines. All in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeagent.ports import Sound
from edgeagent.sim.acoustics import Model, loudspeaker, room
from edgeagent.sim.mix import Mix, active_rms, convolved
from edgeagent.sim.noises import Wave, coloured
from edgeagent.sim.scene import EchoPath, Line, Scene
from edgeagent.sim.truth import Happening, Kind
from edgeagent.units import samples

LEVEL = -26.0
"""dBFS of the person at the microphone."""

ROOM = 0.3
"""Reverberation time in seconds of a furnished living room."""

QUIET = -68.0
"""dBFS of a quiet room and the microphone's own noise."""

CODA = samples(2500)
"""Scene after the last sound: long enough for the user's turn to end."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What the person does `after` samples into line `line`. level_db: over their usual level."""

    kind: Kind
    line: int
    after: int
    sound: Sound | Wave
    text: str = ""
    level_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Encounter:
    """A scene with its truth. clean: (length,) the user's turns alone, as they reach the microphone."""

    scene: Scene
    truth: tuple[Happening, ...]
    clean: Sound


def encounter(lines: Sequence[Line], remarks: Sequence[Remark], seed: int = 1, name: str = "demo") -> Encounter:
    """A living room in which the device says `lines`, as loud at the microphone as the person, who makes `remarks`.

    Same arguments, same scene, bit for bit."""
    dice = np.random.default_rng(seed)
    starts = [lines[remark.line].at + remark.after for remark in remarks]
    ends = [line.at + line.sound.size for line in lines]
    ends += [start + remark.sound.size for start, remark in zip(starts, remarks, strict=True)]
    mix = Mix(max(ends) + CODA)
    air = room(dice, Model.DECAY, ROOM, 1.0)
    for start, remark in zip(starts, remarks, strict=True):
        mix.happen(remark.kind, remark.sound, start, air, LEVEL + remark.level_db, remark.text)
    mix.background(coloured(dice, max(ends) + CODA, 1.0), QUIET)
    path = convolved(loudspeaker(dice), room(dice, Model.DECAY, ROOM, 0.15))
    path *= echo_gain([line.sound for line in lines], path, LEVEL)
    echo = EchoPath(path.astype(np.float32), float(samples(40)), drift_ppm=20.0, saturation=0.5)
    scene = Scene(name, max(ends) + CODA, tuple(lines), mix.near(), echo)
    return Encounter(scene, tuple(sorted(mix.truth, key=lambda event: event.start)), mix.clean())


def echo_gain(lines: Sequence[Sound], path: Wave, level_db: float) -> float:
    """The gain of `path` at which `lines` reach the microphone at an active level of `level_db` dBFS."""
    speech = np.concatenate([line.astype(np.float64) for line in lines])
    return 10 ** (level_db / 20) / active_rms(convolved(speech, path))
