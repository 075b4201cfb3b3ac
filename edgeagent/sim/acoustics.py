"""Impulse responses: from a mouth or a loudspeaker to the microphone, in rooms of the given reverberation time.

Two models. `image`: a shoe-box room by the image method (Allen and Berkley, JASA 1979) of pyroomacoustics, which the
extra [sim] installs. `decay`: a direct sound and a few early reflections in front of noise that dies away exponentially
(Moorer, "About this reverberation business", 1979): needs nothing, and is hard on a canceller in the same way.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from edgeagent.errors import SceneError, install
from edgeagent.sim.noises import Dice, Wave
from edgeagent.units import RATE, samples

TAPS = 5600
"""Longest response (350 ms): -60 dB at a reverberation time of 0.35 s, and inaudible beside near sound beyond it."""


class Model(StrEnum):
    """How rooms are made."""

    IMAGE = "image"
    DECAY = "decay"


def room(dice: Dice, model: Model, rt60: float, distance: float) -> Wave:
    """(n,) response over `distance` metres in a room with a reverberation time of `rt60` seconds.

    Begins with the direct sound, which has gain 1. Raises SceneError when the model's package is missing."""
    response = _image(dice, rt60, distance) if model is Model.IMAGE else _decay(dice, rt60, distance)
    direct = int(np.argmax(np.abs(response)))
    response = response[max(0, direct - 8) :][:TAPS] / float(np.abs(response[direct]))
    fade = min(response.size, samples(20))
    response[response.size - fade :] *= np.linspace(1.0, 0.0, fade)
    return np.asarray(response)


def loudspeaker(dice: Dice) -> Wave:
    """(256,) response of a small loudspeaker in a box: little below 150 to 350 Hz, a few resonances, an upper end.
    Minimum phase by the cepstrum (Oppenheim and Schafer, "Discrete-Time Signal Processing", 13.5)."""
    size = 1024
    frequency = np.fft.rfftfreq(size, 1 / RATE)
    lower, upper = dice.uniform(150, 350), dice.uniform(6000, 7500)
    decibels = -10 * np.log10(1 + (lower / np.maximum(frequency, 1.0)) ** 4) - 10 * np.log10(
        1 + (frequency / upper) ** 8
    )
    for _ in range(4):
        centre, width = dice.uniform(300, 6000), dice.uniform(0.05, 0.3)
        decibels += dice.uniform(-6, 6) * np.exp(-((np.log(np.maximum(frequency, 1.0) / centre) / width) ** 2))
    cepstrum = np.fft.irfft(np.log(10.0) / 20 * np.maximum(decibels, -60.0), size)
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    response = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)), size)[:256]
    return response * np.linspace(1.0, 0.0, 256) ** 0.5


def _decay(dice: Dice, rt60: float, distance: float) -> Wave:
    size = min(TAPS, samples(1000 * rt60))
    time = np.arange(size) / RATE
    tail = dice.normal(size=size) * 10 ** (-3 * time / rt60)
    tail[: samples(4)] = 0
    critical = 0.057 * np.sqrt(40.0 / rt60)
    """Metres at which reverberation is as strong as the direct sound, in a room of 40 cubic metres."""
    tail *= distance / critical / np.sqrt(np.sum(tail**2))
    response = tail
    response[0] += 1.0
    for _ in range(6):
        response[int(dice.integers(samples(1), samples(15)))] += dice.uniform(-0.5, 0.5) * min(1.0, distance)
    return np.concatenate((np.zeros(8), response))


def _image(dice: Dice, rt60: float, distance: float) -> Wave:
    try:
        import pyroomacoustics
    except ImportError:
        raise SceneError("image-method rooms need pyroomacoustics", f"{install('sim')}, or choose decay") from None
    pyroomacoustics.constants.set("num_threads", 1)  # the sum over images must not depend on the machine
    size = dice.uniform((3.5, 3.0, 2.4), (7.0, 5.5, 3.2))
    absorption, order = pyroomacoustics.inverse_sabine(rt60, size)
    shoe_box = pyroomacoustics.ShoeBox(
        size, fs=RATE, materials=pyroomacoustics.Material(absorption), max_order=min(order, 30)
    )
    microphone = size * dice.uniform(0.3, 0.7, size=3)
    towards = dice.normal(size=3) * (1.0, 1.0, 0.3)
    source = microphone + distance * towards / np.linalg.norm(towards)
    shoe_box.add_source(np.clip(source, 0.15, size - 0.15))
    shoe_box.add_microphone(microphone)
    shoe_box.compute_rir()
    return np.asarray(shoe_box.rir[0][0], np.float64)
