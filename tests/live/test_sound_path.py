"""Card, capture, loudspeaker and timeline together."""

from __future__ import annotations

import os

import pytest

from edgeagent.errors import DeviceError
from edgeagent.live.sound_path import SoundPath
from edgeagent.ports import Heard, Play
from tests.live.rig import CrankCard, Rig


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
