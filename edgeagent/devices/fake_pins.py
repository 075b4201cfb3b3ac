"""Lamp and mute pin without hardware, for tests and for trying out: they remember what they were told."""

from __future__ import annotations

from collections import deque

from edgeagent.turn.outputs import Light

REMEMBERED = 4096
"""Changes kept, the newest: an hour of lively talk."""


class RecordingLamp:
    """See `ports.Lamp`. lights: what was shown, oldest first. impaired: whether it winks."""

    def __init__(self) -> None:
        self.lights: deque[Light] = deque(maxlen=REMEMBERED)
        self.impaired = False

    def show(self, light: Light, impaired: bool = False) -> None:
        self.lights.append(light)
        self.impaired = impaired

    def close(self) -> None:
        pass


class RecordingMutePin:
    """See `ports.MutePin`. levels: what was told, oldest first; muted at the start and after `close`."""

    def __init__(self) -> None:
        self.levels: deque[bool] = deque([False], maxlen=REMEMBERED)

    def amplify(self, on: bool) -> None:
        self.levels.append(on)

    def close(self) -> None:
        self.levels.append(False)
