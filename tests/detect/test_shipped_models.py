"""The models of this release on a mixture that needs no recordings: a voice in the room over the device's own."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from edgeagent.detect.ear import Ear
from edgeagent.devices.model_files import load_model
from edgeagent.ports import Sound
from edgeagent.signal.canceller import Canceller
from edgeagent.sim import noises
from edgeagent.units import HOP, RATE, samples

LENGTH = samples(12_000)
EVENTS = [samples(at) for at in (4000, 7000, 10_000)]
LASTS = samples(1000)


@cache
def heard(kind: str) -> tuple[Sound, Sound]:
    """P(near) and P(takes the floor) of each hop while the device talks and something happens at EVENTS."""
    dice = np.random.default_rng(11)
    reference = 0.1 * noises.murmur(dice, LENGTH, voices=1)
    echo = np.convolve(reference, [0.0] * 400 + [0.5, 0.2, -0.1])[:LENGTH]
    microphone = echo + 3e-4 * noises.coloured(dice, LENGTH, 0.0)
    for at in EVENTS:
        sound = {"voice": lambda: noises.murmur(dice, LASTS, voices=1), "hum": lambda: noises.hum(dice)}[kind]()
        microphone[at : at + sound.size] += 0.06 * sound
    canceller = Canceller()
    ear = Ear(load_model("near_end"), load_model("backchannel"))
    percepts = [
        ear.hear(canceller.process(*(x[at : at + HOP].astype(np.float32) for x in (reference, microphone))), at + HOP)
        for at in range(0, LENGTH - HOP, HOP)
    ]
    return np.array([p.near for p in percepts]), np.array([p.floor for p in percepts])


def during(scores: Sound, after: int) -> Sound:
    """The scores in the second that begins `after` samples after each event's onset."""
    return np.concatenate([scores[(at + after) // HOP : (at + after + RATE) // HOP] for at in EVENTS])


@pytest.mark.parametrize("kind", ["voice", "hum"])
def test_a_voice_in_the_room_is_nearer_than_our_own(kind: str) -> None:
    near, _ = heard(kind)
    over, alone = during(near, 0), during(near, -RATE - 2 * HOP)
    assert over.max() > 0.5
    assert np.mean(over[:, None] > alone) > 0.75


def test_our_own_voice_alone_is_nobody() -> None:
    near, _ = heard("voice")
    assert np.mean(during(near, -RATE - 2 * HOP) > 0.5) < 0.1


def test_talking_takes_the_floor_rather_than_humming() -> None:
    (_, talking), (_, humming) = heard("voice"), heard("hum")
    assert during(talking, LASTS // 2).mean() > during(humming, LASTS // 2).mean()
