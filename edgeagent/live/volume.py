"""How loud we speak: a control of the ALSA mixer where one is named, and otherwise a gain of our own.

Both have bounds, and neither turns the other way for their sake: what stands outside already, because it was configured
or turned by hand, stays there until somebody asks for the direction that leads back. "Softer" never makes it louder.

Our own gain lies before the reference, so the canceller sees it. A mixer's control does not: it changes the echo path,
as a hand on the knob does, and the canceller's fast filter has to find that. Who asks for it by voice has just taken
the floor, so it changes while we are silent.
"""

from __future__ import annotations

from collections.abc import Callable

from edgeagent import settings
from edgeagent.ports import Mixer

STEP_GAIN = 1.5
"""Our own gain changes by 3.5 dB: less is not noticed by who has just complained."""

STEP_MIXER = 0.12
"""Of a mixer's scale as it is felt (`amixer -M`); eight steps from one end to the other."""

Told = Callable[[float, str], None]
"""Gets the level that was reached, 0 .. 1, and why it is not the wanted one ("" for that it is). Engine thread."""


class Volume:
    """Engine thread only."""

    def __init__(self, audio: settings.Audio, mixer: Mixer | None, aim: Callable[[float], None]) -> None:
        """mixer: None for our own gain, which goes to `aim`, 0 .. 1. Its least follows a lower `volume_percent`:
        whoever set that hears it."""
        self._least, self._most = audio.volume_least_percent / 100, audio.volume_most_percent / 100
        self._mixer = mixer
        self._aim = aim
        self._level = audio.volume_percent / 100
        if mixer is None:
            self._least = min(self._least, self._level)

    def recall(self, level: float, told: Told) -> None:
        """As it was before the device was off."""
        self._move(lambda _: level, told)

    def step(self, up: bool, told: Told) -> None:
        """A step louder or softer, within the bounds."""
        if self._mixer is None:
            self._move(lambda level: level * STEP_GAIN if up else level / STEP_GAIN, told)
        else:
            self._move(lambda level: level + STEP_MIXER if up else level - STEP_MIXER, told)

    def _move(self, by: Callable[[float], float], told: Told) -> None:
        def bounded(level: float) -> float:
            return min(max(self._most, level), max(min(self._least, level), by(level)))

        if self._mixer is not None:
            self._mixer.change(bounded, told)
            return
        self._level = bounded(self._level)
        self._aim(self._level)
        told(self._level, "")
