"""A small seeded world for the canceller's tests: voices, rooms, clocks. No recordings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeagent.signal.canceller import Cancelled, Canceller, Confidence
from edgeagent.units import HOP, RATE

Sound = NDArray[np.float32]


def voice(seconds: float, seed: int, level: float = 0.07) -> Sound:
    """Something like speech: syllables of pulses or hiss through moving formants, with pauses; RMS `level`."""
    rng = np.random.default_rng(seed)
    pitch = rng.uniform(90, 220)
    parts: list[NDArray[np.float64]] = []
    total = 0
    while total < seconds * RATE:
        n = int(rng.uniform(0.08, 0.3) * RATE)
        t = np.arange(n) / RATE
        if rng.random() < 0.75:
            phase = np.cumsum(pitch * (1 + 0.15 * np.sin(2 * np.pi * rng.uniform(1, 4) * t + rng.uniform(0, 6)))) / RATE
            source = np.diff(np.floor(phase), prepend=0.0) + 0.02 * rng.standard_normal(n)
        else:
            source = 0.15 * np.diff(rng.standard_normal(n), prepend=0.0)
        bins = np.fft.rfftfreq(n, 1 / RATE)
        shape = 0.02 + sum(
            1 / (1 + ((bins - centre) / width) ** 2)
            for centre, width in zip(rng.uniform((250, 900, 2200), (900, 2200, 3500)), (90, 140, 220), strict=True)
        )
        parts.append(np.fft.irfft(np.fft.rfft(source) * shape, n) * np.hanning(n) ** 0.3 * rng.uniform(0.4, 1.0))
        parts.append(np.zeros(int(rng.choice([0.0, 0.02, 0.05, 0.15], p=[0.5, 0.25, 0.15, 0.1]) * RATE)))
        total += n + len(parts[-1])
    x = np.concatenate(parts)[: int(seconds * RATE)]
    return np.asarray(x * level / np.sqrt(np.mean(x**2)), np.float32)


def room(seed: int, rt60: float = 0.3, gain: float = 0.5) -> Sound:
    """An impulse response: direct path at 1 ms, then noise that decays by 60 dB in `rt60` seconds; high-passed."""
    rng = np.random.default_rng(seed)
    n = int(rt60 * RATE)
    taps = 0.25 * rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / n)
    taps[:16] = 0
    taps[16] = 1.5
    taps = np.convolve(taps, [1.0, -0.85])
    return np.asarray(taps * gain / np.sqrt(np.sum(taps**2)), np.float32)


def echo_of(far: Sound, taps: Sound, delay: int, ppm: float = 0.0, seed: int = 9) -> Sound:
    """What the microphone gets of `far`: `delay` samples later, from a clock `ppm` fast, with noise 50 dB down."""
    at = np.arange(len(far)) * (1 + ppm * 1e-6) - delay
    whole = np.floor(at).astype(int)
    x = np.zeros(len(far))
    for k in range(-15, 17):
        index = whole + k
        distance = at - index
        tap = np.sinc(distance) * (0.5 + 0.5 * np.cos(np.pi * np.clip(distance / 16, -1, 1)))
        inside = (index >= 0) & (index < len(far))
        x[inside] += far[index[inside]] * tap[inside]
    n = len(far) + len(taps)
    echo = np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(taps, n), n)[: len(far)]
    noise = np.random.default_rng(seed).standard_normal(len(far)) * np.sqrt(np.mean(echo**2)) * 10 ** (-50 / 20)
    return np.asarray(echo + noise, np.float32)


class Run:
    """Everything a canceller gave for one recording, moved back in step with the microphone."""

    def __init__(self, far: Sound, microphone: Sound, canceller: Canceller | None = None) -> None:
        self.canceller = canceller or Canceller()
        self.microphone = microphone
        self.hops: list[Cancelled] = [
            self.canceller.process(far[i : i + HOP], microphone[i : i + HOP])
            for i in range(0, len(microphone) - HOP + 1, HOP)
        ]
        self.clean = self._in_step([hop.clean for hop in self.hops])
        self.linear = self._in_step([hop.linear for hop in self.hops])
        self.echo = self._in_step([hop.echo for hop in self.hops])

    @property
    def confidence(self) -> Confidence:
        return self.hops[-1].confidence

    def at(self, second: float) -> Confidence:
        return self.hops[int(second * RATE / HOP)].confidence

    def erle(self, sound: Sound, start: float, stop: float) -> float:
        """dB by which `sound` is below the microphone between two seconds."""
        part = slice(int(start * RATE), min(int(stop * RATE), len(sound)))
        return level(self.microphone[part]) - level(sound[part])

    def _in_step(self, hops: list[Sound]) -> Sound:
        return np.concatenate([*hops[1:], np.zeros(HOP, np.float32)])


def level(sound: Sound) -> float:
    """Mean power in dB of full scale."""
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-12))
