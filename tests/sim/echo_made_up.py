"""Voices for the bench that are no recordings, and scenes of 10 s made with them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial

import numpy as np

from edgeagent.ports import Sound
from edgeagent.sim.acoustics import Model
from edgeagent.sim.echo_bench.conditions import CONDITIONS, Condition
from edgeagent.sim.echo_bench.scenes import EchoScene, render
from edgeagent.sim.echo_bench.speech import Load, Speech
from edgeagent.units import RATE
from tests.signal.echo_world import voice

SECONDS = 10

BY_NAME = {condition.name: condition for condition in CONDITIONS}


def say(seconds: float, seed: int) -> Sound:
    return voice(seconds, seed)


def made_up_speech() -> Speech:
    """One voice for the device, two for people, whose phrases are apart; nothing measured."""
    apart = [np.concatenate([voice(1.2, seed), voice(0.5, 9, level=1e-4)] * 3) for seed in (7, 8)]
    people: dict[str, list[Load]] = {f"person {number}": [sound.copy] for number, sound in enumerate(apart)}
    return Speech("made up", {"device": [partial(say, 5.0, seed) for seed in (1, 2, 3)]}, people)


@lru_cache(maxsize=32)
def scene(name: str, seed: int = 1, **changes: object) -> EchoScene:
    """10 s of that condition."""
    condition: Condition = replace(BY_NAME[name], **changes)  # type: ignore[arg-type]
    return render(condition, seed, made_up_speech(), Model.DECAY, SECONDS * RATE)
