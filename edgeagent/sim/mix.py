"""Sounds put into a scene: each through the air to the microphone, at its level and time, and into the truth."""

from __future__ import annotations

import numpy as np

from edgeagent.ports import Sound
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.sim.noises import Wave
from edgeagent.sim.truth import USER, Happening, Kind
from edgeagent.units import samples

FRAME = samples(10)

ACTIVE = 10 ** (-28 / 10)
"""Power below the loudest frame from which a frame of speech counts as silence."""


class Mix:
    """The microphone without the device, while it is made. `length`: samples."""

    def __init__(self, length: int) -> None:
        self.truth: list[Happening] = []
        self._near: Wave = np.zeros(length)
        self._clean: Wave = np.zeros(length)

    def background(self, noise: Wave, level_db: float) -> None:
        """Add `noise` (length,) of RMS 1 at `level_db` dBFS."""
        self._near += noise * 10 ** (level_db / 20)

    def happen(self, kind: Kind, sound: Sound | Wave, at: int, response: Wave, level_db: float, text: str = "") -> None:
        """Let `sound` (n,) begin to reach the microphone at sample `at`, through `response`, at an active level of
        `level_db` dBFS. Silence around it is cut off first."""
        source = trimmed(sound.astype(np.float64))
        arriving = convolved(source, response)
        arriving *= 10 ** (level_db / 20) / active_rms(arriving)
        direct = int(np.argmax(np.abs(response)))
        begin = at - direct
        placed = arriving[max(0, -begin) :][: self._near.size - max(0, begin)]
        span = slice(max(0, begin), max(0, begin) + placed.size)
        self._near[span] += placed
        if kind in USER:
            self._clean[span] += placed
        self.truth.append(Happening(kind, at, min(at + source.size, self._near.size), text))

    def near(self) -> Sound:
        """(length,) as a 16-bit converter gives it."""
        return _converted(self._near)

    def clean(self) -> Sound:
        """(length,) the user's turns alone."""
        return _converted(self._clean)


def convolved(sound: Wave, response: Wave) -> Wave:
    """Full linear convolution."""
    size = sound.size + response.size - 1
    padded = 1 << (size - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(sound, padded) * np.fft.rfft(response, padded), padded)[:size]


def trimmed(sound: Wave) -> Wave:
    """Without the silence before and after."""
    loud = np.flatnonzero(_active(sound))
    return sound[loud[0] * FRAME : (loud[-1] + 1) * FRAME] if loud.size else sound


def active_rms(sound: Wave) -> float:
    """RMS over the frames that are not silence; 1 where all is silence, which no gain makes audible."""
    active = np.repeat(_active(sound), FRAME)[: sound.size]  # the last frame may be a short one
    return float(np.sqrt(np.mean(sound[active] ** 2))) if active.any() else 1.0


def _active(sound: Wave) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    power = np.add.reduceat(sound**2, np.arange(0, sound.size, FRAME))
    return power > ACTIVE * max(float(power.max()), 1e-20)


def _converted(sound: Wave) -> Sound:
    return to_float(to_int16(sound.astype(np.float32)))
