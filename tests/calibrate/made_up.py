"""A room with a device in it, computed: what a `Sounder` would record there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from edgeagent.live.sounder import TAIL, Stopped, Take, Way
from edgeagent.live.timeline import LEAD
from edgeagent.ports import Sound
from edgeagent.units import RATE, samples

CARD_S = (0.03, 0.01)


@dataclass
class MadeUpRoom:
    """See `live.sounder.Sounder`. gain: of the echo. delay: of its way, samples. noise: RMS. din: RMS of what else
    sounds, from the `din_from`th sound of the device on. cube: distortion. speech: what a person says whenever the
    device only listens for long. agc: the card changes its gain by itself. stop_ms: how long each way to stop takes;
    None: it does not stop. loudest: highest gain at which anything was played."""

    gain: float = 0.25
    delay: int = 80
    noise: float = 0.0007
    din: float = 0.0
    din_from: int = 0
    cube: float = 0.0
    speech: Sound | None = None
    constant: float | None = None
    agc: bool = False
    stop_ms: dict[Way, float | None] = field(default_factory=lambda: {"gate": 28.0, "abort": 0.5, "pin": 0.1})
    name: str = "made-up card"
    card_s: tuple[float, float] = CARD_S
    loudest: float = 0.0
    gains: list[float] = field(default_factory=list)
    seed: int = 1

    @contextmanager
    def watched(self, levels: Callable[[Sound], None]) -> Iterator[None]:
        levels(np.zeros(RATE, np.float32))
        yield

    def record(self, seconds: float) -> Take:
        size = round(seconds * RATE)
        sound = self._noise(size)
        if self.speech is not None and seconds > 3:
            sound[: self.speech.size] += self.speech[:size]
        return Take(np.zeros(size, np.float32), self._digital(sound), float(LEAD), 0)

    def play(self, sound: Sound, gain: float) -> Take:
        self.gains.append(gain)
        self.loudest = max(self.loudest, gain)
        played = np.concatenate((np.zeros(1000), gain * sound, np.zeros(TAIL - 1000)))
        return Take(self._reference(played), self._digital(self._echo(played)), float(LEAD), 0)

    def stop(self, sound: Sound, gain: float, way: Way, after_s: float, phase_s: float) -> Stopped:
        size, asked = 2 * round(after_s * RATE), round((after_s + phase_s) * RATE)
        played = np.concatenate((np.zeros(800), gain * sound))[:size]
        took = self.stop_ms[way]
        if took is not None:
            played[asked + samples(took) :] = 0
        reference = self._reference(played if way != "pin" else np.concatenate((np.zeros(800), gain * sound))[:size])
        return Stopped(Take(reference, self._digital(self._echo(played)), float(LEAD), 0), asked, 0.0)

    def _reference(self, played: np.typing.NDArray[np.float64]) -> Sound:
        return np.concatenate((played[LEAD:], np.zeros(LEAD))).astype(np.float32)

    def _echo(self, played: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
        bent = played + self.cube * played**3
        room = np.random.default_rng(7).standard_normal(600) * np.exp(-np.arange(600) / 120) * 0.05
        room[0] = 1
        late = np.concatenate((np.zeros(self.delay), np.convolve(bent, room)))[: len(played)]
        if self.agc:
            late = late * (0.1 / (np.abs(late).max() + 0.03))
        return self.gain * late + self._noise(len(played), self.din if len(self.gains) > self.din_from else 0.0)

    def _noise(self, size: int, din: float = 0.0) -> np.typing.NDArray[np.float64]:
        self.seed += 1
        return (self.noise + din) * np.random.default_rng(self.seed).standard_normal(size)

    def _digital(self, sound: np.typing.NDArray[np.float64]) -> Sound:
        if self.constant is not None:
            sound = np.full(len(sound), self.constant)
        return np.clip(sound, -1, 32767 / 32768).astype(np.float32)
