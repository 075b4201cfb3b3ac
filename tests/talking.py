"""A conversation in which everything happens: two synthetic talkers in a room with drift, one interrupts the other."""

from __future__ import annotations

import numpy as np

from edgeagent.ports import Sound
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.sim.noises import murmur
from edgeagent.sim.scene import EchoPath, Line, Scene
from edgeagent.sim.truth import Happening, Kind
from edgeagent.turn.events import Word
from edgeagent.units import RATE, samples

INTERRUPTED = round(2.5 * RATE)
"""Scene sample at which the person begins to speak, over the first line."""

PERSON = Happening(Kind.INTERRUPTION, INTERRUPTED, INTERRUPTED + round(1.5 * RATE), "wait, no")


def talking(length_s: float = 8.0, seed: int = 0) -> Scene:
    """Two lines of the device, from 0.3 and 6.5 s; whatever lies behind `length_s` is cut off."""
    dice = np.random.default_rng(seed)
    length = round(length_s * RATE)
    near = dice.normal(size=length).astype(np.float32) * np.float32(1e-4)
    words = tuple(Word(samples(400 * k), samples(400 * k + 350), f"word{k}") for k in range(12))
    lines = (
        Line(round(0.3 * RATE), voice(dice, 5.0), "twelve words and then some", words),
        Line(round(6.5 * RATE), voice(dice, 1.0), "and on"),
    )
    speech = 2 * voice(dice, 1.5)
    near[INTERRUPTED : INTERRUPTED + speech.size] += speech[: length - INTERRUPTED]
    response = (dice.normal(size=2000) * np.exp(-np.arange(2000) / 300) * 0.04).astype(np.float32)
    echo = EchoPath(response, 640.3, drift_ppm=60.0, saturation=0.3)
    return Scene("talking", length, tuple(line for line in lines if line.at < length), _on_grid(near), echo)


def voice(dice: np.random.Generator, seconds: float) -> Sound:
    """(n,) speech-shaped noise in the rhythm of speech, as a 16-bit converter gives it."""
    return _on_grid((0.06 * murmur(dice, round(seconds * RATE), 1)).astype(np.float32))


def _on_grid(sound: Sound) -> Sound:
    return to_float(to_int16(sound))
