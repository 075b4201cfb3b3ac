"""Sounds that nobody means: backgrounds of any length and single events, synthesised, so that nobody need record them.

They are caricatures: right in rhythm, bandwidth and duration, which is what tells them from speech, and in nothing
else. Everything is (n,) float64 of RMS about 1 over its loud part; the caller sets the level. Same generator state,
same sound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeagent.ports import Sound
from edgeagent.units import RATE, samples

Wave = NDArray[np.float64]
Dice = np.random.Generator


def coloured(dice: Dice, size: int, slope: float) -> Wave:
    """Gaussian noise whose power falls with frequency to the power of `slope`: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(dice.normal(size=size))
    frequency = np.maximum(np.fft.rfftfreq(size, 1 / RATE), 20.0)
    return _unit(np.fft.irfft(spectrum * frequency ** (-slope / 2), size))


def mains(dice: Dice, size: int) -> Wave:
    """A transformer or a refrigerator: harmonics of 50 or 60 Hz, the even ones stronger."""
    base = float(dice.choice((50.0, 60.0)))
    time = np.arange(size) / RATE
    tones = [(1.0 if k % 2 else 2.0) / k * np.sin(2 * np.pi * (k * base * time + dice.random())) for k in range(1, 16)]
    return _unit(np.sum(tones, axis=0) + 0.05 * coloured(dice, size, 1.0))


def murmur(dice: Dice, size: int, voices: int = 6) -> Wave:
    """People in the distance, for those who have no recordings: speech-shaped noise in the rhythm of talkers."""
    return _unit(np.sum([_talker(dice, size) for _ in range(voices)], axis=0))


def babble(dice: Dice, size: int, clips: Sequence[Sound], voices: int = 6) -> Wave:
    """People in the distance: `clips` of speech on top of each other, each repeated from somewhere within itself."""
    total = np.zeros(size)
    for _ in range(voices):
        clip = clips[int(dice.integers(len(clips)))].astype(np.float64)
        total += np.resize(np.roll(_unit(clip), int(dice.integers(clip.size))), size)
    return _unit(total)


def cough(dice: Dice) -> Wave:
    """One or two bursts: an explosion of 40 ms, then breath through the throat, which falls in pitch and strength."""
    bursts = []
    for _ in range(int(dice.integers(1, 3))):
        size = samples(dice.uniform(220, 380))
        time = np.arange(size) / RATE
        explosion = coloured(dice, size, 0.0) * np.exp(-time / 0.025)
        throat = _resonant(coloured(dice, size, 0.5), ((dice.uniform(450, 650), 200), (dice.uniform(1300, 1700), 350)))
        breath = throat * (1 - np.exp(-time / 0.015)) * np.exp(-time / 0.11)
        bursts += [explosion + 1.5 * breath, np.zeros(samples(dice.uniform(60, 160)))]
    return _loud(np.concatenate(bursts[:-1]))


def clatter(dice: Dice) -> Wave:
    """Dishes, cutlery: a handful of impacts of hard things, each ringing at a few frequencies of its own."""
    sound = np.zeros(samples(dice.uniform(500, 1200)))
    for _ in range(int(dice.integers(4, 9))):
        size = samples(250)
        time = np.arange(size) / RATE
        impact = 0.3 * dice.normal(size=size) * np.exp(-time / 0.002)
        for _ in range(4):
            tone = np.sin(2 * np.pi * (dice.uniform(900, 6000) * time + dice.random()))
            impact += tone * np.exp(-time / dice.uniform(0.015, 0.07))
        start = int(dice.integers(0, sound.size - size))
        sound[start : start + size] += impact * dice.uniform(0.3, 1.0)
    return _loud(sound)


def knock(dice: Dice) -> Wave:
    """Knuckles on a door or a table: two to four dull blows at an even pace."""
    pace, blows = samples(dice.uniform(180, 260)), int(dice.integers(2, 5))
    sound = np.zeros(pace * blows)
    pitch = dice.uniform(110, 320)
    time = np.arange(pace) / RATE
    for blow in range(blows):
        body = np.sin(2 * np.pi * pitch * dice.uniform(0.97, 1.03) * time) * np.exp(-time / 0.035)
        click = 0.4 * dice.normal(size=pace) * np.exp(-time / 0.003)
        sound[blow * pace : (blow + 1) * pace] += (body + click) * dice.uniform(0.7, 1.0)
    return _loud(sound)


def hum(dice: Dice) -> Wave:
    """A hummed "mm-hm": a closed mouth, two bumps, the second one higher."""
    pitch = dice.uniform(95, 220)
    bumps = []
    for rise in (1.0, dice.uniform(1.1, 1.3)):
        size = samples(dice.uniform(130, 240))
        shape = np.sin(np.pi * np.arange(size) / size)
        phase = 2 * np.pi * np.cumsum(pitch * rise * (1 + 0.04 * shape)) / RATE
        harmonics = [np.sin(k * phase) / k**2 for k in range(1, 9)]
        bumps += [np.sum(harmonics, axis=0) * shape, np.zeros(samples(dice.uniform(20, 60)))]
    voice = np.concatenate(bumps[:-1])
    return _loud(voice + 0.01 * np.abs(voice).max() * dice.normal(size=voice.size))


BACKGROUNDS: dict[str, Callable[[Dice, int], Wave]] = {
    "white": lambda dice, size: coloured(dice, size, 0.0),
    "pink": lambda dice, size: coloured(dice, size, 1.0),
    "brown": lambda dice, size: coloured(dice, size, 2.0),
    "mains": mains,
    "murmur": murmur,
}
"""Steady sounds by name."""

EVENTS: dict[str, Callable[[Dice], Wave]] = {"cough": cough, "clatter": clatter, "knock": knock}
"""Noise events by name."""


def _talker(dice: Dice, size: int) -> Wave:
    """Noise with the long-term spectrum and the syllable rhythm (about 4 Hz) of speech."""
    steps = dice.gamma(1.2, 1.0, size=size // samples(125) + 2) * (dice.random(size // samples(125) + 2) > 0.25)
    rhythm = np.interp(np.arange(size) / samples(125), np.arange(steps.size), steps)
    vowels = ((dice.uniform(400, 700), 300), (dice.uniform(1200, 1900), 500))
    return _unit(_resonant(coloured(dice, size, 1.0), vowels) * rhythm)


def _resonant(sound: Wave, formants: Sequence[tuple[float, float]]) -> Wave:
    """`sound` through parallel resonances (Hz, bandwidth in Hz)."""
    frequency = np.fft.rfftfreq(sound.size, 1 / RATE)
    gain = np.sum([1 / (1 + ((frequency - centre) / width) ** 2) for centre, width in formants], axis=0)
    return np.fft.irfft(np.fft.rfft(sound) * gain, sound.size)


def _unit(sound: Wave) -> Wave:
    """RMS 1."""
    return sound / float(np.sqrt(np.mean(sound**2) + 1e-20))


def _loud(sound: Wave) -> Wave:
    """RMS 1 over what is within 20 dB of the loudest 20 ms."""
    frame = samples(20)
    power = np.mean(np.resize(sound, (-(-sound.size // frame), frame)) ** 2, axis=1)
    loud = power[power > 0.01 * power.max()]
    return sound / float(np.sqrt(loud.mean()))
