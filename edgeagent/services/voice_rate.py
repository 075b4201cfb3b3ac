"""A voice's int16 sound at its own rate to float32 at 16 kHz, in step with the voice's own clock.

The resampler answers late by its delay; here that delay is taken off the beginning and the rest is fetched at the end,
so that sample n of the voice is sample n * 16000 / rate of the result and word times need no correction.
"""

from __future__ import annotations

import numpy as np

from edgeagent.ports import Sound
from edgeagent.signal.convert import to_float
from edgeagent.signal.resample import Resampler
from edgeagent.units import RATE


class VoiceRate:
    """int16 little-endian bytes in any portions at `rate` Hz in, (n,) float32 in [-1, 1] at 16 kHz out."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._resampler = None if rate == RATE else Resampler(rate, RATE)
        self._late = self._resampler.delay if self._resampler else 0
        self._half = b""
        self._came = 0
        self._went = 0

    def push(self, pcm: bytes) -> Sound:
        """The next portion; half a sample at its end waits for the other half."""
        pcm = self._half + pcm
        whole = len(pcm) & ~1
        self._half = pcm[whole:]
        sound = to_float(np.frombuffer(pcm[:whole], dtype="<i2"))
        self._came += len(sound)
        return self._through(sound)

    def finish(self) -> Sound:
        """What is left when the voice is done: the result then has exactly the voice's length."""
        missing = self.position(self._came) - self._went
        if missing <= 0 or self._resampler is None:
            return np.empty(0, np.float32)
        silence = -(-(missing + self._late + 1) * self._rate // RATE)
        return self._through(np.zeros(silence, np.float32))[:missing]

    def position(self, sample: int) -> int:
        """A sample index of the voice as a sample index of the result."""
        return round(sample * RATE / self._rate)

    def _through(self, sound: Sound) -> Sound:
        if self._resampler is None:
            return sound
        sound = self._resampler.push(sound)
        early = min(self._late, len(sound))
        self._late -= early
        sound = sound[early:]
        self._went += len(sound)
        return sound
