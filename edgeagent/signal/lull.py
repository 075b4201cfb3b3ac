"""Stretches in which there is nothing to hear: nothing is played, and the room sounds as it did the whole time.

A device waits most of its life in a room where nobody speaks. Neither the canceller nor the ear has anything to do
there, and together they are most of what a waiting device costs. What was passed over is heard again, the last of it,
as soon as anything rises out of the room's noise, before that itself is heard. So whoever begins to speak finds
canceller and ear as if they had never rested.
"""

from __future__ import annotations

from collections import deque
from math import isfinite

import numpy as np

from edgeagent.signal import Sound
from edgeagent.signal.level import OFFSET
from edgeagent.units import HOP

SILENT = 320
"""Hops (5 s) without a sample of ours: no echo sounds, nothing of us is left in any memory of the canceller, and its
suppressor rests as well."""

STEADY = 64
"""Hops (1 s) in a row that must be like the room's noise: a voice pauses, and sounds go on."""

RISEN = 1.6
"""Power over the floor (2 dB) from which a hop is more than the room's noise. White or pink noise stays below: one hop
in a thousand is 1.3 dB above its mean. A room that is not so even is listened to the whole time."""

LEAST = HOP * 2.0**-30
"""The floor never falls below this, the noise of one step of 16 bit: zeros, which stand for a card that is away, are no
room, and after a minute of them the floor would not be back for hours."""

SMOOTHING = 0.2
"""Of the power whose minimum is the floor, per hop."""

RISE = 1.0025
"""The floor's growth per hop: 0.68 dB a second, so that speech, which pauses, hardly raises it."""

REHEARD = 64
"""Hops (1 s) heard again afterwards: by then networks and noise floors are about where they would be."""


class Lull:
    """Engine thread only."""

    def __init__(self) -> None:
        self._silent = self._steady = 0
        self._smooth = self._floor = 1.0
        self._entered = False
        self.on = False
        """Whether the hop that was shown last may be passed over."""
        self._before = self._newest = np.zeros(HOP, np.float32)
        self._missed: deque[Sound] = deque(maxlen=REHEARD)
        self._passed = 0

    def covers(self, reference: Sound, microphone: Sound, idle: bool) -> bool:
        """Whether this hop, (HOP,) float32 each, may be passed over; every hop is shown to it once, in order. idle:
        whether nothing else speaks against it. Not so the first one, in which the canceller gives out what it still has
        of the sound before."""
        self._before, self._newest = self._newest, microphone
        self._silent = 0 if reference.any() else self._silent + 1
        self._steady = self._steady + 1 if self._as_ever(microphone) else 0
        inside = idle and self._silent > SILENT and self._steady > STEADY
        entered, self._entered = self._entered, inside
        self.on = inside and entered
        return self.on

    def pass_over(self) -> Sound:
        """The hop that was shown last is passed over. Returns the one before it, which the canceller would give out."""
        self._passed += 1
        self._missed.append(self._newest)
        return self._before

    def take_missed(self) -> tuple[int, list[Sound]]:
        """What was passed over since this was last asked: hops that are lost for good, and the microphone's hops after
        them, oldest first, which want to be heard now."""
        missed, passed = list(self._missed), self._passed
        self._missed.clear()
        self._passed = 0
        return passed - len(missed), missed

    def _as_ever(self, microphone: Sound) -> bool:
        """Whether it is no louder than the room, but for the lowest tones: rooms hum, and no voice is only there. Where
        the canceller takes an offset off it cannot be spared."""
        if not isfinite(float(microphone @ microphone)):
            return False
        rough = microphone[1:] - microphone[:-1]
        power = float(rough @ rough)
        self._smooth += SMOOTHING * (power - self._smooth)
        self._floor = max(LEAST, min(self._floor * RISE, self._smooth))
        return power <= RISEN * self._floor and abs(float(np.add.reduce(microphone))) <= OFFSET * HOP
