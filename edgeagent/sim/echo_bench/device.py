"""What recordings have and simulations forget: loudspeakers that distort, microphones that clip or regulate their gain.

The second-order sections are the analogue ones sampled in frequency (no bilinear warping), applied to a whole sound at
once. The loudspeaker with memory is a Wiener-Hammerstein model: its force falls with the excursion of the cone, and the
excursion is the sound behind a resonant low-pass (Klippel, "Loudspeaker nonlinearities", JAES 54(10), 2006, of which
only the force factor is taken).
"""

from __future__ import annotations

import numpy as np

from edgeagent.sim.echo_bench.conditions import Distortion
from edgeagent.sim.mix import active_rms
from edgeagent.sim.noises import Wave
from edgeagent.units import RATE, samples

LOWER_HZ = 150.0
"""Below it a small loudspeaker gives little."""

BUTTERWORTH = 0.5**0.5
"""Quality of a section without a peak."""

CONE_HZ, CONE_QUALITY = 350.0, 1.5
"""Resonance of a small cone in its box."""

CLIPS_AT = {Distortion.MILD: 3.0, Distortion.HARD: 1.2}
"""Saturation of the soft clip in units of the active RMS: on speech a signal-to-distortion ratio of 17 to 22 dB, and of
9 to 12."""

FORCE = 6.0
"""Excursion, in units of its active RMS, at which the loudspeaker has half its force: with the asymmetry, 17 to
19 dB of signal to distortion on speech."""

ASYMMETRY = 0.3
"""Of the cone's rest position, in units of that excursion."""

AGC_FRAME = samples(10)
AGC_ATTACK, AGC_RELEASE = 0.3, 0.02
"""Share of the way that the level goes in a frame, up and down: 30 ms and 0.5 s."""

AGC_RANGE = 9.0
"""dB by which the gain may rise or fall."""

CLIPPED = 0.995
"""Quantile of the microphone that meets full scale where it clips: one sample in 200 is lost."""


def loudspeaker(sound: Wave, distortion: Distortion, level: float) -> Wave:
    """What leaves the loudspeaker that is given `sound` (n,). level: active RMS of what it is built for."""
    sound = section(sound, LOWER_HZ, BUTTERWORTH, high=True)
    if distortion in CLIPS_AT:
        most = CLIPS_AT[distortion] * level
        return most * np.tanh(sound / most)
    if distortion is Distortion.MEMORY:
        excursion = section(sound, CONE_HZ, CONE_QUALITY, high=False) / (FORCE * level)
        return sound / (1 + (excursion + ASYMMETRY) ** 2)
    return sound


def section(sound: Wave, hertz: float, quality: float, *, high: bool) -> Wave:
    """Second-order high-pass or low-pass."""
    size = 1 << (sound.size + RATE).bit_length()
    s = 1j * np.fft.rfftfreq(size, 1 / RATE) / hertz
    response = (s**2 if high else 1.0) / (s**2 + s / quality + 1)
    return np.fft.irfft(np.fft.rfft(sound, size) * response, size)[: sound.size]


def agc(sound: Wave) -> Wave:
    """(n,) gain that a microphone with automatic gain control gives to `sound`: half the distance in dB to its mean
    active level, fast when it gets louder."""
    count = -(-sound.size // AGC_FRAME)
    power = np.mean(np.resize(sound, (count, AGC_FRAME)) ** 2, axis=1) / active_rms(sound) ** 2
    wanted = 10 * np.log10(power + 1e-4)
    level, levels = 0.0, np.empty(count)
    for index, decibels in enumerate(wanted.tolist()):
        level += (AGC_ATTACK if decibels > level else AGC_RELEASE) * (decibels - level)
        levels[index] = level
    gains = np.clip(-levels / 2, -AGC_RANGE, AGC_RANGE)
    return 10 ** (np.interp(np.arange(sound.size), np.arange(count) * AGC_FRAME, gains) / 20)


def clipping_gain(sound: Wave) -> float:
    """By how much `sound` is too loud for a microphone that clips it."""
    return float(1.0 / np.quantile(np.abs(sound[sound != 0]), CLIPPED))
