"""The room between loudspeaker and microphone, and what the loudspeaker bends, from one swept sine.

Farina, "Simultaneous measurement of impulse response and distortion with a swept-sine technique", AES 108 (2000): a
sine that takes the same time for each octave, divided out of what was heard, leaves the impulse response, and before
it, each at a time of its own, one response for each harmonic. The division is by the spectrum of what was really
played, within the band of the sweep (Müller & Massarani, "Transfer-function measurement with sweeps", JAES 49, 2001),
so gains, fades and volumes need not be known. Left out: intermodulation, and harmonics above 8 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from edgeagent.signal import Sound
from edgeagent.signal.delay import vertex
from edgeagent.units import RATE, samples

LOWEST_HZ, HIGHEST_HZ = 80.0, 7200.0
"""From where a small loudspeaker gives nothing to where the engine's band ends."""

FADE = samples(20)
"""Of both ends, or the band's borders would ring."""

ORDERS = (2, 3, 4, 5)
"""Harmonics told apart; what lies above is weaker than these in any loudspeaker."""

BEFORE, AFTER = samples(8), samples(100)
"""Of a harmonic's response around its place: what is taken for it. The places lie 150 ms apart and more."""

TAIL = samples(200)
"""Of the impulse response: the reach of the canceller."""

EARLIEST, LATEST = samples(5), samples(400)
"""Where the echo may be: so much before its reference, for stamps that are a little wrong, to so much behind it."""

FUNDAMENTALS_HZ = (200.0, 2400.0)
"""Fundamentals over which distortion is averaged: those of which the third harmonic still lies in the band."""

CERTAIN = 12.0
"""Peak of the response over the RMS of what lies around it from which it is one; noise reaches 5."""

Exact = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Room:
    """What lies between reference and microphone.

    response: (TAIL,) float32, from lag `first` samples on; first: may be negative. delay: samples from the reference to
    the strongest arrival, with its sub-sample part. gain_db: echo over reference, in the band. distortion: harmonics
    over fundamental, in [0, ...). doubt: what `distortion` would be of noise alone; below it nothing is known."""

    response: Sound
    first: int
    delay: float
    gain_db: float
    distortion: float
    doubt: float


def sweep(count: int) -> Sound:
    """(count,) float32 with peak 1: a sine from LOWEST_HZ to HIGHEST_HZ, the same time for each octave."""
    rate = _rate(count)
    phase = 2 * np.pi * LOWEST_HZ * rate / RATE * np.expm1(np.arange(count) / rate)
    sound = np.sin(phase)
    rise = np.square(np.sin(np.pi / 2 * (np.arange(FADE) + 0.5) / FADE))
    sound[:FADE] *= rise
    sound[-FADE:] *= rise[::-1]
    return sound.astype(np.float32)


def _rate(count: int) -> float:
    """Samples in which the frequency grows by e."""
    return count / log(HIGHEST_HZ / LOWEST_HZ)


def room(reference: Sound, microphone: Sound, count: int) -> Room | None:
    """What a sweep of `count` samples tells. Both (n,) float32, in step, with all of the sweep and its echo in them.
    None where there is no echo of it, or no sweep."""
    if not reference.any():
        return None
    size = 1 << (len(reference) + count).bit_length()
    response = _divided(reference, microphone, size)
    near = np.concatenate((response[-EARLIEST:], response[: LATEST + TAIL]))
    peak = int(np.argmax(np.abs(near[: EARLIEST + LATEST])))
    quiet = _quiet(response, count)
    if abs(near[peak]) <= CERTAIN * float(np.sqrt(np.mean(quiet**2))):
        return None
    first = max(0, peak - BEFORE)
    linear = near[first : first + TAIL]
    fundamental, harmonics, noise = _powers(response, linear, peak - EARLIEST, quiet, _rate(count))
    return Room(
        response=linear.astype(np.float32),
        first=first - EARLIEST,
        delay=peak - EARLIEST + vertex(near, peak),
        gain_db=10 * float(np.log10(fundamental)),
        distortion=sqrt(max(0.0, harmonics - noise) / fundamental),
        doubt=sqrt(noise / fundamental),
    )


def _divided(reference: Sound, microphone: Sound, size: int) -> Exact:
    """(size,) response, circular: what comes before its reference lies at the end."""
    played, heard = (np.fft.rfft(sound.astype(np.float64), size) for sound in (reference, microphone))
    power = played.real**2 + played.imag**2
    inside = _band(size)
    floor = 1e-3 * float(np.mean(power[inside > 0.5]))
    return np.fft.irfft(heard * np.conj(played) * inside / (power + floor), size)


def _band(size: int) -> Exact:
    """(size // 2 + 1,) weight of each frequency: 1 inside the sweep, with soft ends."""
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    low = np.clip((hertz - LOWEST_HZ) / (0.4 * LOWEST_HZ), 0, 1)
    high = np.clip((HIGHEST_HZ - hertz) / (0.06 * HIGHEST_HZ), 0, 1)
    weight: Exact = np.square(np.sin(np.pi / 2 * low * high))
    return weight


def _quiet(response: Exact, count: int) -> Exact:
    """A stretch before all harmonics, where nothing but noise can be."""
    last = round(_rate(count) * log(ORDERS[-1] + 3)) + EARLIEST
    return response[-last - AFTER : -last]


def _powers(response: Exact, linear: Exact, delay: int, quiet: Exact, rate: float) -> tuple[float, float, float]:
    """Mean power over the fundamentals of the response itself, of all its harmonics, and of noise in their place."""
    fundamentals = np.geomspace(*FUNDAMENTALS_HZ, 400)
    harmonics = noise = 0.0
    for order in ORDERS:
        place = delay - round(rate * log(order))
        piece = response[place - BEFORE : place + AFTER]
        wanted = order * fundamentals
        wanted = wanted[wanted < 0.9 * HIGHEST_HZ]
        share = wanted.size / fundamentals.size
        harmonics += share * _at(piece, wanted)
        noise += share * _at(quiet, wanted) * piece.size / quiet.size
    return _at(linear, fundamentals), harmonics, noise


def _at(piece: Exact, hertz: Exact) -> float:
    """Mean power of a response's spectrum at these frequencies."""
    size = 1 << 13
    spectrum = np.abs(np.fft.rfft(piece, size)) ** 2
    return float(np.mean(np.interp(hertz, np.fft.rfftfreq(size, 1 / RATE), spectrum)))
