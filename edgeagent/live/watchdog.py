"""Whether what the microphone gives makes sense: not silent, not frozen, not clipped, not absent.

A live microphone is never still: its noise moves the last bits. What is exactly constant is a broken line; what is at
full scale most of the time has lost its ground. Zeros are borne with for longer once there was sound: a driver may give
them for a while. (Conference speakerphones give them whenever nobody speaks: `audio.gated`.) Nothing is believed before
it has moved; a microphone that comes and goes is believed again after some good sound.
"""

from __future__ import annotations

import numpy as np

from edgeagent.ports import Sound
from edgeagent.turn.events import Event, MicrophoneBack, MicrophoneFailed
from edgeagent.turn.states import CALIBRATING
from edgeagent.units import samples

ABSENT_S = 0.5
"""Seconds without frames. Callbacks of a loaded machine are 100 ms late, a duplex card loses 60 ms in a stop."""

ZEROS = samples(8000)
FROZEN = samples(2000)
CLIPPED = samples(2000)
"""Samples in a row of it after which the microphone has failed. Nobody shall talk to a deaf device for 10 s."""

GRAIN = 2e-6
"""Of a value, by which it may waver and be the same: from 44.1 kHz each sample comes through another filter, whose gain
is 1 to the last bits of a float. A step of 16 bit is fifteen times as much at full scale."""

FULL_SCALE = 0.99
"""Magnitude that counts as clipped; some converters stop a little below 1."""

GOOD = samples(300)
"""Samples of sound in a row that make sense, before the microphone is believed again."""


class Watchdog:
    """Engine thread only. still: whether exact silence may last for ever, as in a sound file."""

    def __init__(self, still: bool = False) -> None:
        self.believed = False
        """Sound that makes sense has been heard, since the start or the last trouble."""
        self._still = still
        self._level = 0.0
        self._constant = 0  # samples in a row that equal _level
        self._clipped = 0  # samples in a row of blocks that are clipped for the most part
        self._good = 0
        self.trouble = ""
        """Why the microphone is not believed; "" while it is."""

    def hear(self, sound: Sound) -> Event | None:
        """What (n,) float32 of the microphone changes, if anything; at sample 0, that is: now."""
        if not sound.size:
            return None
        reason = self._fault(sound)
        if reason:
            return self.fail(reason)
        healthy = not (self._constant or self._clipped) or (self._still and not self._level and not self._clipped)
        self.believed = self.believed or (healthy and not self.trouble)
        self._good = self._good + sound.size if healthy else 0
        if self.trouble and self._good >= GOOD:
            self.trouble = ""
            self.believed = True
            return MicrophoneBack(0)
        return None

    def absent(self, seconds: float) -> Event | None:
        """What it changes that there have been no frames for so long."""
        if seconds < ABSENT_S:
            return None
        self._constant = self._clipped = 0
        return self.fail("the microphone gives no sound")

    def fail(self, reason: str) -> Event | None:
        """It is not to be believed, for a reason known elsewhere. None if it is not believed already."""
        self._good = 0
        self.believed = False
        if self.trouble:
            return None
        self.trouble = reason
        return MicrophoneFailed(0, reason)

    def overdue(self, reason: str) -> Event | None:
        """It was lent, and should be back; why it is not. None for one that was not lent."""
        if self.trouble != CALIBRATING:
            return None
        self.trouble = ""
        return self.fail(reason)

    def _fault(self, sound: Sound) -> str:
        low, high = float(sound.min()), float(sound.max())
        grain = GRAIN * max(-low, high)
        if high - low > grain:
            self._constant = 0
        elif abs(low - self._level) <= grain:
            self._constant += sound.size
        else:
            self._level, self._constant = low, sound.size
        clipped = np.count_nonzero(np.abs(sound) >= FULL_SCALE) > sound.size // 2
        self._clipped = self._clipped + sound.size if clipped else 0
        if self._level and self._constant >= FROZEN:
            return "the microphone gives one and the same value"
        if not (self._level or self._still) and self._constant >= (ZEROS if self.believed else FROZEN):
            return "the microphone gives only zeros"
        return "the microphone is overdriven" if self._clipped >= CLIPPED else ""
