"""The models of this release on a mixture that needs no recordings: a voice in the room over the device's own."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from edgeagent.detect.ear import Ear
from edgeagent.devices.model_files import load_model
from edgeagent.ports import Sound
from edgeagent.units import HOP
from tests.detect.mixture import LASTS, alone, cancelled, during


@cache
def heard(kind: str) -> tuple[Sound, Sound]:
    """P(near) and P(takes the floor) of each hop."""
    ear = Ear(load_model("near_end"), load_model("backchannel"))
    percepts = [ear.hear(hop, (number + 1) * HOP) for number, hop in enumerate(cancelled(kind))]
    assert not ear.take_failure()
    return np.array([p.near for p in percepts]), np.array([p.floor for p in percepts])


@pytest.mark.parametrize("kind", ["voice", "hum"])
def test_a_voice_in_the_room_is_nearer_than_our_own(kind: str) -> None:
    near, _ = heard(kind)
    over = during(near, 0)
    assert over.max() > 0.5
    assert np.mean(over[:, None] > alone(near)) > 0.75


def test_our_own_voice_alone_is_nobody() -> None:
    near, _ = heard("voice")
    assert np.mean(alone(near) > 0.5) < 0.1


def test_talking_takes_the_floor_rather_than_humming() -> None:
    (_, talking), (_, humming) = heard("voice"), heard("hum")
    assert during(talking, LASTS // 2).mean() > during(humming, LASTS // 2).mean()
