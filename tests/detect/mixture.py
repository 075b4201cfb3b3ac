"""A voice or a hum in the room over the device's own voice, without any recording."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeagent.ports import Sound
from edgeagent.signal.canceller import Cancelled, Canceller
from edgeagent.sim import noises
from edgeagent.units import HOP, RATE, samples

LENGTH = samples(12_000)
EVENTS = [samples(at) for at in (4000, 7000, 10_000)]
LASTS = samples(1000)


def cancelled(kind: str) -> Iterator[Cancelled]:
    """Each hop, while the device talks and something happens at EVENTS."""
    dice = np.random.default_rng(11)
    reference = 0.1 * noises.murmur(dice, LENGTH, voices=1)
    echo = np.convolve(reference, [0.0] * 400 + [0.5, 0.2, -0.1])[:LENGTH]
    microphone = echo + 3e-4 * noises.coloured(dice, LENGTH, 0.0)
    for at in EVENTS:
        sound = {"voice": lambda: noises.murmur(dice, LASTS, voices=1), "hum": lambda: noises.hum(dice)}[kind]()
        microphone[at : at + sound.size] += 0.06 * sound
    canceller = Canceller()
    for at in range(0, LENGTH - HOP, HOP):
        yield canceller.process(*(x[at : at + HOP].astype(np.float32) for x in (reference, microphone)))


def during(scores: Sound, after: int) -> Sound:
    """Of one score a hop, those in the second that begins `after` samples after each event's onset."""
    return np.concatenate([scores[(at + after) // HOP : (at + after + RATE) // HOP] for at in EVENTS])


def alone(scores: Sound) -> Sound:
    """Those in the second before each event."""
    return during(scores, -RATE - 2 * HOP)
