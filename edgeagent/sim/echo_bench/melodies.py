"""What a loudspeaker plays besides speech: music and beeps, synthesised. (n,) float64, peak 1."""

from __future__ import annotations

import numpy as np

from edgeagent.sim.noises import Dice, Wave
from edgeagent.units import RATE, samples

BEAT = samples(500)
"""120 beats a minute."""

CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))
"""Semitones above the key: I, vi, IV, V."""

BEEP, PERIOD = samples(200), samples(700)


def music(dice: Dice, size: int) -> Wave:
    """Chords with a bass, a melody and a hi-hat: steady, tonal, never silent, and hardly any of it is speech."""
    key = 220.0 * 2 ** (dice.integers(0, 12) / 12)
    sound = np.zeros(size + 4 * BEAT)
    for beat in range(size // BEAT + 1):
        chord = CHORDS[beat // 4 % len(CHORDS)]
        at = beat * BEAT
        if beat % 4 == 0:
            for tone in chord:
                sound[at : at + 4 * BEAT] += _note(key * 2 ** (tone / 12), 4 * BEAT, 1.0)
        sound[at : at + BEAT] += 1.2 * _note(key / 2 * 2 ** (chord[0] / 12), BEAT, 0.3)
        for half in (0, BEAT // 2):
            tone = chord[int(dice.integers(3))] + 12
            sound[at + half : at + half + BEAT // 2] += 0.8 * _note(key * 2 ** (tone / 12), BEAT // 2, 0.2)
            hiss = np.diff(dice.normal(size=samples(60) + 1)) * np.exp(-np.arange(samples(60)) / samples(12))
            sound[at + half : at + half + hiss.size] += 0.3 * hiss
    return _peaked(sound[:size])


def beeps(dice: Dice, size: int) -> Wave:
    """Tones of 200 ms with rests: little for an adaptive filter to learn from."""
    sound = np.zeros(size + PERIOD)
    for at in range(0, size, PERIOD):
        tone = _note(float(dice.choice((660.0, 880.0, 1320.0))), BEEP, 10.0)
        ramp = np.minimum(1.0, np.arange(BEEP) / samples(5))
        sound[at : at + BEEP] += tone * ramp * ramp[::-1]
    return _peaked(sound[:size])


def _note(hertz: float, size: int, decay_s: float) -> Wave:
    """A plucked string: harmonics, the higher the shorter."""
    time = np.arange(size) / RATE
    harmonics = range(1, min(8, int(0.45 * RATE / hertz)) + 1)
    tones = [np.sin(2 * np.pi * k * hertz * time) / k**1.5 * np.exp(-time * k**0.5 / decay_s) for k in harmonics]
    note: Wave = np.sum(tones, axis=0) * np.minimum(1.0, time / 0.005)
    return note


def _peaked(sound: Wave) -> Wave:
    return sound / float(np.abs(sound).max())
