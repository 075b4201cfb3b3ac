"""A throat of our own: short words and hums from a source and a filter, by as many different people as are wanted.

No recording of somebody who listens aloud could be had, and text-to-speech has few voices. This speaks the handful of
things that listeners say, those that people say who want the floor, and words that mean nothing, each time with another
throat, melody, pace and breath: harmonics of a wavering pitch and noise, both shaped by three or four formants that
glide from sound to sound (Fant, "Acoustic Theory of Speech Production", 1960; formant values after Peterson & Barney,
JASA 1952). Nobody would take it for a person. It teaches what an "mm-hm" is made of, not how anyone sounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeagent.sim.noises import Dice, Wave
from edgeagent.units import RATE, samples

FRAME = samples(4)
"""Step of all tracks."""

WINDOW = 4 * FRAME
"""Of the noise, in samples."""

HIGHER = 1800.0
"""Hz from which the formants above the fourth, which are left out, are made up for."""

LEAST_MS = 150.0
"""No word is shorter."""


@dataclass(frozen=True, slots=True)
class Phone:
    """formants: Hz, of an adult man. voice, breath: strength of harmonics and of noise. ms: how long. hiss: the band of
    noise that does not come from the throat, in Hz."""

    formants: tuple[float, float, float]
    voice: float = 1.0
    breath: float = 0.02
    ms: tuple[float, float] = (70, 190)
    hiss: tuple[float, float] = (0.0, 0.0)


PHONES = {
    "a": Phone((750, 1250, 2500)),
    "V": Phone((640, 1200, 2400)),
    "@": Phone((500, 1450, 2450)),
    "A": Phone((680, 1700, 2450)),
    "E": Phone((550, 1800, 2500)),
    "e": Phone((430, 2050, 2650)),
    "i": Phone((300, 2250, 3000)),
    "o": Phone((480, 900, 2400)),
    "O": Phone((590, 880, 2400)),
    "u": Phone((320, 850, 2250)),
    "j": Phone((290, 2200, 2950), 0.7, ms=(40, 90)),
    "w": Phone((300, 650, 2200), 0.6, ms=(40, 90)),
    "r": Phone((360, 1100, 1550), 0.6, ms=(40, 100)),
    "l": Phone((350, 1000, 2600), 0.6, ms=(40, 90)),
    "m": Phone((270, 1050, 2200), 0.35, ms=(110, 280)),
    "n": Phone((280, 1600, 2500), 0.3, ms=(50, 110)),
    "N": Phone((280, 1900, 2600), 0.3, ms=(90, 220)),
    "h": Phone((600, 1400, 2500), 0.1, 0.25, (40, 100)),
    "H": Phone((300, 1200, 2300), 0.03, 0.12, (40, 110)),
    "s": Phone((300, 1600, 2600), 0.0, 0.0, (70, 150), (4300, 7600)),
    "S": Phone((300, 1800, 2500), 0.0, 0.0, (70, 150), (2200, 5500)),
    "f": Phone((300, 1100, 2300), 0.0, 0.0, (60, 120), (1500, 7500)),
    "-": Phone((350, 1400, 2500), 0.0, 0.0, (35, 85)),
    "b": Phone((300, 900, 2300), 0.25, 0.05, (20, 50)),
    "d": Phone((300, 1700, 2600), 0.25, 0.08, (20, 50)),
    "g": Phone((300, 2000, 2600), 0.25, 0.08, (20, 50)),
    "p": Phone((400, 1000, 2300), 0.0, 0.12, (15, 40)),
    "t": Phone((400, 1800, 2700), 0.0, 0.0, (15, 45), (3000, 7500)),
    "k": Phone((400, 1900, 2500), 0.0, 0.2, (20, 50)),
}
"""A closure is "-"; what follows it bursts."""

LISTENING = {
    "mm": ("m", "N"),
    "mm-hm": ("mHm", "NHN", "m-m", "mHmm"),
    "hm": ("Hm", "hm", "HN"),
    "uh-huh": ("@hV", "VhV", "ah@", "@h@m", "A-A"),
    "aha": ("aha", "Vha", "@ha"),
    "ah": ("a", "Va", "ah"),
    "oh": ("ou", "Ou", "o"),
    "yeah": ("jE@", "jA@", "jE", "jAh"),
    "yes": ("jEs", "j@s"),
    "okay": ("o-kei", "@-ke", "m-kei"),
    "right": ("rai-t", "rVi-"),
}
TAKING = {
    "no": ("nou", "nO", "n@u", "nonono"),
    "stop": ("s-ta-p", "s-tO-p"),
    "wait": ("wei-t", "wei-", "weei-t"),
    "hey": ("hei", "ei"),
    "what": ("wV-t", "wO-"),
    "why": ("wai",),
    "go": ("gou",),
    "but": ("bV-t", "bV-tai"),
    "hold on": ("houl-dOn", "hol-dAn"),
    "excuse me": ("E-skjus-mi",),
}
"""Word to how it may be spoken."""

HUMS = ("m", "N", "n", "mm", "mN", "mHm", "NHN", "nHn", "m-m", "N-N", "mHmm", "Hm", "hm", "HN", "Hmm", "mNm", "mHmHm")
"""How a mouth that stays shut may agree, doubt or wonder."""

ONSETS, VOWELS = "bdgsSfwrlnhjm", "aVAEeioOu"

FALLS = ((0, 3), (1, -5), (3, -2), (0, 0), (-2, 5), (4, -3), (-1, 1), (0, 8), (6, -6), (-4, -1), (-5, 3))
"""Melodies: semitones at the beginning and at the end."""


def listener(dice: Dice) -> tuple[Wave, str]:
    """Something that listeners say, and which."""
    return _spoken(LISTENING, dice)


def hum(dice: Dice) -> Wave:
    """Something hummed with the mouth shut."""
    return speak(str(dice.choice(HUMS)), dice)


def taker(dice: Dice) -> tuple[Wave, str]:
    """Something said to take the floor, and which; as often a word that means nothing, with an empty name."""
    if dice.random() < 0.5:
        return _spoken(TAKING, dice)
    syllables = (str(dice.choice(list(ONSETS))) + str(dice.choice(list(VOWELS))) for _ in range(dice.integers(1, 4)))
    ends = str(dice.choice(["", "n", "l", "-t", "s", "-k"]))
    return speak("".join(syllables) + ends, dice), ""


def _spoken(words: dict[str, tuple[str, ...]], dice: Dice) -> tuple[Wave, str]:
    text = str(dice.choice(list(words)))
    return speak(str(dice.choice(words[text])), dice), text


def speak(phones: str, dice: Dice) -> Wave:
    """(n,) float64, RMS of about 1. phones: a string of the keys of PHONES. Each call is another person."""
    tracks = _tracks([PHONES[each] for each in phones], dice)
    size = len(tracks.voice) * FRAME
    sound = _harmonics(tracks, size, dice) + _noise(tracks, size, dice)
    ramp = np.minimum(1.0, np.arange(size) / samples(dice.uniform(8, 40)))
    sound *= ramp * np.minimum(1.0, np.arange(size)[::-1] / samples(dice.uniform(15, 70)))
    return sound / float(np.sqrt(np.mean(sound**2)) + 1e-12)


@dataclass(frozen=True, slots=True)
class _Tracks:
    """By frame. formants: (frames, 4) Hz. pitch: Hz. hiss: (frames, 2) Hz, and how strong."""

    formants: NDArray[np.float64]
    pitch: NDArray[np.float64]
    voice: NDArray[np.float64]
    breath: NDArray[np.float64]
    hiss: NDArray[np.float64]
    hissing: NDArray[np.float64]
    tilt: float


def _tracks(phones: list[Phone], dice: Dice) -> _Tracks:
    pitch = float(np.exp(dice.uniform(np.log(85), np.log(290))))
    size = float(np.clip((pitch / 120) ** 0.25, 0.9, 1.25) * dice.uniform(0.92, 1.1))
    pace, breathy = dice.uniform(0.7, 1.4), dice.uniform(0.3, 4.0)
    lengths = [pace * dice.uniform(*phone.ms) for phone in phones]
    pace = max(1.0, LEAST_MS / sum(lengths))
    counts = [max(2, round(pace * length / 4)) for length in lengths]

    def along(values: list[float], width: int) -> NDArray[np.float64]:
        """One value a phone to one a frame, gliding."""
        steps = np.repeat(values, counts)
        padded = np.pad(steps, width, mode="edge")
        return np.convolve(padded, np.hanning(2 * width + 3)[1:-1] / np.hanning(2 * width + 3).sum(), "valid")

    glide = int(dice.integers(4, 10))
    places = [[f * size * dice.uniform(0.93, 1.07) for f in phone.formants] for phone in phones]
    formants = np.stack([along([place[i] for place in places], glide) for i in range(3)], axis=1)
    fourth = np.full((len(formants), 1), 3500 * size)
    frames = len(formants)
    begins, ends = FALLS[int(dice.integers(len(FALLS)))]
    line = np.linspace(begins, ends, frames) + 1.5 * np.sin(np.pi * np.linspace(0, dice.uniform(1, 3), frames))
    wavering = np.cumsum(dice.normal(0, 0.06, frames))
    levels = 10 ** (dice.uniform(-4, 2, len(phones)) / 20)
    return _Tracks(
        np.concatenate((formants, fourth), axis=1),
        pitch * 2 ** ((line * dice.uniform(0.3, 1.3) + wavering) / 12),
        along([p.voice * g for p, g in zip(phones, levels, strict=True)], 3),
        along([p.breath * breathy * g for p, g in zip(phones, levels, strict=True)], 3),
        np.stack([along([p.hiss[i] or (4000.0, 7000.0)[i] for p in phones], 2) for i in (0, 1)], axis=1),
        along([float(p.hiss[1] > 0) * g for p, g in zip(phones, levels, strict=True)], 2),
        float(dice.uniform(0.7, 1.5)),
    )


def _resonance(frequency: NDArray[np.float64], formants: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gain of a vocal tract at `frequency` (frames, n): a cascade of resonances (frames, 4)."""
    gain = np.ones_like(frequency)
    for number in range(formants.shape[1]):
        centre, width = formants[:, number : number + 1], 60.0 + 40.0 * number
        gain *= centre**2 / np.sqrt((centre**2 - frequency**2) ** 2 + (2 * width * frequency) ** 2)
    return gain * np.sqrt(1 + (frequency / HIGHER) ** 4)


def _harmonics(tracks: _Tracks, size: int, dice: Dice) -> Wave:
    frames, at = np.arange(len(tracks.pitch)) * FRAME, np.arange(size)
    phase = 2 * np.pi * np.cumsum(np.interp(at, frames, tracks.pitch)) / RATE
    count = int(5000 // tracks.pitch.max())
    numbers = np.arange(1, count + 1)
    gains = _resonance(tracks.pitch[:, None] * numbers, tracks.formants) * numbers ** (-tracks.tilt)
    gains *= (tracks.voice * (1 + 0.1 * dice.normal(size=len(frames))))[:, None]
    total = np.zeros(size)
    for number in numbers:
        total += np.interp(at, frames, gains[:, number - 1]) * np.sin(number * phase + dice.uniform(0, 2 * np.pi))
    return total


def _noise(tracks: _Tracks, size: int, dice: Dice) -> Wave:
    frequency: NDArray[np.float64] = np.tile(np.fft.rfftfreq(WINDOW, 1 / RATE), (len(tracks.pitch), 1))
    gain = 0.25 * tracks.breath[:, None] * _resonance(frequency, tracks.formants)
    low, high = tracks.hiss[:, :1], tracks.hiss[:, 1:]
    band = (frequency > low) & (frequency < high)
    gain += dice.uniform(0.05, 0.4) * tracks.hissing[:, None] * band
    padded = dice.normal(size=size + 2 * WINDOW)
    window = np.hanning(WINDOW + 1)[:-1]
    total = np.zeros(size + 2 * WINDOW)
    for number, shape in enumerate(gain):
        span = slice(number * FRAME, number * FRAME + WINDOW)
        total[span] += np.fft.irfft(np.fft.rfft(padded[span] * window) * shape, WINDOW)
    return total[WINDOW // 2 : WINDOW // 2 + size]
