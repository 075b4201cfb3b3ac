"""When a sound ended, by the microphone alone: not when the microphone grew quiet, which a room delays, but after which
sample of ours it heard no more of it.

What the loudspeaker was given is known, also what it was given and should no longer have played. The way from there to
the microphone is learnt from the seconds before (least squares by conjugate gradients: Hestenes & Stiefel 1952). A
voice tells of it at its harmonics; between them it is taken for what ways are like, one arrival and a room that decays
(ridge regression: Hoerl & Kennard 1970). Else our own echo would be taken for somebody's voice when our pitch moves on.

Then each sample is asked: is what was recorded afterwards likelier with it or without it? The end is where the sum of
these answers is best (maximum likelihood of a change point: Hinkley 1970, "Inference about the change-point in a
sequence of random variables"). So neither the room's decay nor the delay of the way shifts it, and how sure it is
follows from the noise. Left out: loudspeakers that are no linear system; what they bend counts as noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeagent.ports import Sound
from edgeagent.units import samples

Wave = NDArray[np.float64]
"""(n,) float64 sound at 16 kHz."""

EARLY = samples(8)
"""Samples by which the echo may seem to come before its cause: by stamps that are late."""

TAPS = EARLY + samples(112)
"""Length of the way: a device's own microphone is near, and 80 ms of a room hold most of its echo."""

ROUNDS = 80
"""Steps towards the way. Speech has little in some bands, and what is not heard there need not be learnt."""

FRUITLESS = 1e-8
"""Of the error's gradient, as a share of the first: then nothing more is to be gained. At a hundred times that, the way
was not learnt yet in one trial of ten."""

ARRIVAL = samples(1)
"""On either side of the loudest arrival: there the way may be as loud as in it."""

ROOM_DB = -20.0
"""Of a tap of the room's, to begin with, beside the loudest arrival: a metre from a wall, or closer to one."""

DECAY = samples(20)
"""In which the room's power falls to 1/e: 60 dB in 0.3 s."""

BEFORE = samples(80)
"""How long before the end that the card tells the sound may really have ended."""

SURE = 4.5
"""Nats by which every other end must be less likely: three standard deviations."""

AUDIBLE_DB = 6.0
"""The microphone must hear our voice so much above what is no echo, or nothing is said."""


@dataclass(frozen=True, slots=True)
class Way:
    """From the loudspeaker to the microphone. response: (TAPS,), the first tap EARLY samples before its cause. noise:
    power of what it does not explain. gain_db: by how much the recording is louder than that."""

    response: Wave
    noise: float
    gain_db: float

    @property
    def delay(self) -> int:
        """Samples to the loudest arrival."""
        return int(np.argmax(np.abs(self.response))) - EARLY


@dataclass(frozen=True, slots=True)
class End:
    """The sound's samples before `at` were heard, with certainty those before `low`, and none from `high` on."""

    at: int
    low: int
    high: int

    @property
    def unsure(self) -> int:
        """Samples between what may be."""
        return self.high - self.low


def learn(sound: Wave, recording: Wave, start: int, stop: int) -> Way:
    """The way by which `sound` reached `recording` in the samples [start, stop) of both, which share an axis."""
    size = 1 << (stop - start + 2 * TAPS).bit_length()
    history = np.zeros(stop - start + TAPS)
    first = start + EARLY - TAPS + 1
    known = sound[max(0, first) : stop + EARLY]
    history[max(0, -first) : max(0, -first) + known.size] = known
    spectrum = np.fft.rfft(history, size)
    heard = np.asarray(recording[start:stop], np.float64)

    def through(response: Wave) -> Wave:
        return np.fft.irfft(spectrum * np.fft.rfft(response, size), size)[TAPS - 1 :][: heard.size]

    def back(error: Wave) -> Wave:
        late = np.concatenate((np.zeros(TAPS - 1), error))
        return np.fft.irfft(np.fft.rfft(late, size) * spectrum.conj(), size)[:TAPS]

    def unexplained(response: Wave) -> float:
        left = heard - through(response)
        return float(left @ left) / heard.size + 1e-12

    anyhow = _solve(through, back, heard, np.ones(TAPS), 0.0)
    response = _solve(through, back, heard, _likely(anyhow), unexplained(anyhow))
    noise = unexplained(response)
    return Way(response, noise, 10 * float(np.log10((float(heard @ heard) / heard.size + 1e-12) / noise)))


def _likely(response: Wave) -> Wave:
    """(TAPS,): how large each tap may be expected to be, given the loudest of a first estimate."""
    arrival = int(np.argmax(np.abs(response)))
    away = np.abs(np.arange(TAPS) - arrival)
    power = np.where(away <= ARRIVAL, 1.0, 10 ** (ROOM_DB / 10) * np.exp(-away / DECAY))
    likely: Wave = np.abs(response[arrival]) * np.sqrt(power)
    return likely


def _solve(
    through: Callable[[Wave], Wave], back: Callable[[Wave], Wave], heard: Wave, likely: Wave, noise: float
) -> Wave:
    """Least squares by conjugate gradients on the normal equations, of the taps in units of what is likely. noise:
    power of what no taps explain; 0 to have them explain all they can."""
    taps = np.zeros(TAPS)
    error = heard.copy()
    gradient = likely * back(error)
    direction, power = gradient.copy(), float(gradient @ gradient)
    enough = FRUITLESS * power
    for _ in range(ROUNDS):
        if power <= enough:
            break
        image = through(likely * direction)
        step = power / float(image @ image + noise * (direction @ direction))
        taps += step * direction
        error -= step * image
        gradient = likely * back(error) - noise * taps
        power, before = float(gradient @ gradient), power
        direction = gradient + power / before * direction
    return likely * taps


def end_of(sound: Wave, recording: Wave, way: Way, told: int) -> End | None:
    """After which of its samples `sound` was heard no more. told: where it ended by other accounts; it is looked for
    from BEFORE there up to all that there is of it. None if the microphone hears it too badly, or not at all there."""
    if way.gain_db < AUDIBLE_DB:
        return None
    first, response = max(0, told - BEFORE), way.response
    begin, stop = max(0, first - 2 * TAPS), min(recording.size, sound.size + TAPS - 1 - EARLY)
    surely = sound.copy()
    surely[first:] = 0
    left = np.zeros(stop + TAPS)
    left[begin:stop] = recording[begin:stop] - np.convolve(surely[begin:stop], response)[EARLY:][: stop - begin]
    costs = np.zeros(sound.size - first + 1)
    for number, at in enumerate(range(first, sound.size), start=1):
        costs[number] = costs[number - 1]
        if sound[at]:
            place = left[max(0, at - EARLY) : at - EARLY + TAPS]
            added = sound[at] * response[max(0, EARLY - at) :]
            costs[number] += float(added @ (added - 2 * place))
            place -= added
    costs /= 2 * way.noise
    likely = np.flatnonzero(costs <= costs.min() + SURE)
    return End(first + int(np.argmin(costs)), first + int(likely[0]), first + int(likely[-1]))


def sharp(sound: Sound | Wave) -> Wave:
    """(n,) without hum, rumble and offset, which are loud in recordings and tell nothing. Of both sides alike."""
    total = np.cumsum(np.pad(np.asarray(sound, np.float64), (SLOW, 0)))
    return np.asarray(sound, np.float64) - (total[SLOW:] - total[:-SLOW]) / SLOW


SLOW = samples(10)
"""What is slower is taken out: below 50 Hz, all but nothing of a small loudspeaker's sound."""

STANDS_OUT = 4.0
"""Times the power that nearly nothing before had (6 dB)."""

JOINED = samples(100)
"""A gap between two sounds that may be within a word."""

NOTICED = samples(400)
"""So long after somebody's last sound the device would not begin to doubt."""


def onset_of(recording: Wave, quiet: int, noticed: int) -> int | None:
    """Where somebody began whom the device had noticed by sample `noticed` of a recording without our own voice, (n,),
    of which the first `quiet` samples show how loud it is without anybody: the beginning of what sounds there, and
    stands out, without a longer gap up to then. None for nobody."""
    hop = samples(2)
    power = (recording[: recording.size // hop * hop].reshape(-1, hop) ** 2).mean(axis=1)
    floor = float(np.quantile(power[: quiet // hop], 0.95)) + 1e-10
    loud = np.flatnonzero(power[: noticed // hop + 1] > STANDS_OUT * floor)
    if not loud.size or noticed // hop - loud[-1] > NOTICED // hop:
        return None
    gaps = np.flatnonzero(np.diff(loud) > JOINED // hop)
    return int(loud[gaps[-1] + 1 if gaps.size else 0]) * hop
