"""Card, capture, loudspeaker and timeline together."""

from __future__ import annotations

import os

import numpy as np
import pytest

from edgeagent.errors import DeviceError
from edgeagent.live.sound_path import SoundPath
from edgeagent.ports import Heard, Play, Sound
from edgeagent.units import RATE
from tests.live.rig import BLOCK, STIR, CrankCard, Rig


class Buzz:
    """See `loudspeaker.Player`. Is never still."""

    def pass_over(self, _count: int) -> bool:
        return False

    def render_into(self, out: Sound) -> None:
        out[:] = 0.5


class Away(CrankCard):
    """Found, and gone when it is opened."""

    def open(self, heard: Heard, play: Play) -> None:
        super().open(heard, play)
        raise DeviceError("gone")


def test_a_card_that_does_not_open_leaves_no_descriptor() -> None:
    rig = Rig()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(DeviceError, match="gone"):
            SoundPath(Away(rig), rig.playback)
    assert len(os.listdir("/proc/self/fd")) == before
    rig.close()


@pytest.mark.parametrize("lost_s", [0.45, 0.9, 2.0])
def test_after_a_loss_of_the_microphone_alone_no_sound_of_ours_is_without_reference(lost_s: float) -> None:
    rig = Rig()
    card = CrankCard(rig, buffered=1600)
    path = SoundPath(card, Buzz())

    def turn(lost: int = 0) -> Sound:
        rig.now += BLOCK / RATE
        card.turn(STIR, lost)
        return np.concatenate([instant.reference for instant in path.take()])

    for _ in range(50):
        turn()
    blocks = round(lost_s * RATE / BLOCK)
    for _ in range(blocks):  # the loudspeaker goes on
        rig.now += BLOCK / RATE
        card.play(np.zeros(BLOCK, np.int16), rig.now + card.buffered / RATE)
    reference = np.concatenate([turn(lost=blocks * BLOCK), *(turn() for _ in range(50))])
    assert reference.size == (blocks + 51) * BLOCK
    assert reference.all()
    assert path.timeline.holes == 0
    path.close()
    rig.close()
