"""The adaptive filter: a partitioned-block frequency-domain Kalman filter.

Enzner & Vary, "Frequency-domain adaptive Kalman filter for acoustic echo control in hands-free telephones", Signal
Processing 86 (2006); partitioned: Kuech, Mabande & Enzner, "State-space architecture of the partitioned-block-based
acoustic echo controller", ICASSP 2014. Two filters with a slow and a fast process noise run side by side and lend each
other their state, which recovers from path changes (in the spirit of Yang, Enzner & Yang, IEEE/ACM TASLP 2017).

The Kalman gain needs no double-talk detector: near-end speech is observation noise, and the noise spectrum follows it
within a hop. Left out: cross-terms between partitions and bins (the papers' diagonal approximation).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeagent.signal import Sound
from edgeagent.signal.fourier import Power, Spectrum, forward, inverse, power
from edgeagent.signal.referee import FAST, SLOW, Referee
from edgeagent.signal.spectra import BINS, BLOCKS, FarSpectra
from edgeagent.units import HOP

TRANSITIONS = (0.99999, 0.995)
"""State transition per hop of the two filters: a room that stands still for half an hour, and one that just changed."""

NOISE_SHARE = np.float32(0.2)
"""Share of the newest error in the observation noise: near-end speech raises it within a hop or two."""

FLOOR = np.float32(1e-3)
"""Process noise of a tap that has no echo yet, as a share of the prior: every path stays learnable."""

AUDIBLE = 1e-8
"""Mean power (-80 dBFS) of the far end below which there is nothing to learn from."""

AGEING = 4
"""Hops of process noise that are added at once."""

REMEMBER = 64
"""Hops between two looks whether the weights are worth keeping (1 s)."""

PROVEN = 0.1
"""Error power over microphone power below which they are: 10 dB."""

WORKING = 0.5
"""Error power over microphone power below which what is left may be the loudspeaker's doing: 3 dB."""

CONSTRAINED = 4
"""Blocks of both filters in every other hop whose wrapped-round half is cut off, in turn: all in 14 hops."""

QUIET = np.float32(1e-6)
"""Keeps the gain finite in digital silence."""


def _prior() -> Power:
    """(1, BLOCKS, 1): expected power of the taps before anything is known, falling 2 dB a block as rooms do."""
    falling = [1.0] + [0.25 * 10 ** (-0.2 * p) for p in range(1, BLOCKS)]
    return (100.0 * np.array(falling, np.float32))[None, :, None]


PRIOR = _prior()

UNSETTLED = np.float32(0.03)
"""Share of the prior to which the fast filter's uncertainty is put back when the echo path has changed."""

SETTLING = 28
"""Hops (0.45 s) after that in which half of the fast filter's blocks are constrained: large steps wrap round most."""

SOUND = 0.03
"""Error power over microphone power (15 dB) below which a filter works: unsettled, it would follow a person who begins
to speak just then. After a true change it is above that within a hop or two."""

AGAIN = 12
"""Hops (0.2 s) of them in which further signs of that change are no other change."""

_CYCLE = -(-2 * BLOCKS // CONSTRAINED) * CONSTRAINED
_SEED = FLOOR * PRIOR
_DRIFT = AGEING * (1 - np.square(np.array(TRANSITIONS, np.float32)).reshape(2, 1, 1))


class Prediction(NamedTuple):
    """error: the microphone less echo, as far as that helps; echo: the estimate; both (HOP,) float32. misadjustment:
    expected residual echo over error power, 0 to 1. tracking: error power of the fast filter over that of the slow one:
    well below one while the echo path changes, above one in double talk, which upsets the fast one more."""

    error: Sound
    echo: Sound
    misadjustment: float
    tracking: float


class EchoFilter:
    """Predicts the echo from the aligned far end. One owner thread."""

    def __init__(self) -> None:
        shape = (2, BLOCKS, BINS)
        self.far = FarSpectra()
        self._weights = np.zeros(shape, np.complex64)
        self._variance = np.broadcast_to(PRIOR, shape).copy()
        self._proven = np.zeros((BLOCKS, BINS), np.complex64)
        self._work = (np.empty(shape, np.float32), np.empty(shape, np.float32), np.empty(shape, np.complex64))
        self._noise = np.full((2, BINS), 1e-3, np.float32)
        self._frames = np.zeros((2, 2 * HOP), np.float32)
        self._referee = Referee()
        self._age = 0
        self._hops = 0
        self._settling = 0
        self._misadjustment = 1.0

    @property
    def works(self) -> bool:
        """Whether it explains what is heard: 10 dB and more."""
        return self._referee.works(PROVEN, self._referee.better)

    def process(self, far: Sound, microphone: Sound, usable: bool, alive: bool = True) -> Prediction:
        """One hop: aligned far end and microphone, (HOP,) float32. `usable`: the microphone can be learnt from.
        `alive`: see `Referee.judge`."""
        loudness = self.far.push(far)
        if self.far.silent:  # as the sum below would be, and a device is silent most of its life
            echoes = np.zeros((2, HOP), np.float32)
        else:
            *_, products = self._work  # `_learn` writes there later
            np.multiply(self.far.blocks, self._weights, out=products)
            echoes = inverse(np.add.reduce(products, axis=1))[:, HOP:]
        errors = self._frames[:, HOP:]
        np.subtract(microphone, echoes, out=errors)
        error, echo = self._referee.judge(errors, echoes, microphone, alive, self.far.silent)
        if usable and loudness > AUDIBLE:
            better = self._referee.better
            if self._referee.works(WORKING, better):
                self.far.loudspeaker.learn(self._weights[better], errors[better])
            self._learn(forward(self._frames))
            self._lend()
            self._remember()
        return Prediction(error, echo, self._misadjustment, self._referee.tracking())

    def retime(self, span: Sound, shift: int) -> None:
        """The far end is read elsewhere: `span` (SPAN,) is what it now was. `shift`: samples it is now later, if the
        echo itself stayed where it was; 0 if the echo moved along."""
        self.far.rebuild(span)
        if shift:
            self._weights = _shifted(self._weights, shift)
            self._proven = _shifted(self._proven[None], shift)[0]
            np.maximum(self._variance, np.float32(0.3) * PRIOR, out=self._variance)

    def unsettle(self) -> None:
        """The echo path has just changed: let the fast filter learn it as at the beginning, unless so little is left
        that it has not, or not by much. The slow one stays as it is, in case this was an error."""
        if self._settling > SETTLING - AGAIN or self._referee.works(SOUND, self._referee.better):
            return
        np.maximum(self._variance[FAST], UNSETTLED * PRIOR[0], out=self._variance[FAST])
        self._settling = SETTLING

    def recall(self) -> None:
        """Take back the weights that last worked well: it was not the room that changed."""
        self._weights[:] = self._proven
        self._referee.assume(PROVEN)

    def residual(self, far: Sound, microphone: Sound, proven: bool) -> float:
        """Error power over microphone power that the present filter, or the last one `proven` to work, would have left
        on `microphone` (n HOP,), had the far end been `far` (SPAN + (n - 1) * HOP,)."""
        blocks = forward(self.far.frames_of(far))
        weights = self._proven if proven else self._weights[self._referee.better]
        hops = len(microphone) // HOP
        left = 0.0
        for back in range(hops):
            echo = inverse(np.add.reduce(blocks[back : back + BLOCKS] * weights, axis=0))[HOP:]
            end = len(microphone) - back * HOP
            error = microphone[end - HOP : end] - echo
            left += float(error @ error)
        return left / (float(microphone @ microphone) + 1e-12)

    def _learn(self, errors: Spectrum) -> None:
        """The Kalman update: gain, weights, variance."""
        error_power = power(errors)
        error_power -= self._noise
        error_power *= NOISE_SHARE
        self._noise += error_power
        uncertain, gain, step = self._work
        np.multiply(self._variance, self.far.powers, out=uncertain)
        expected = np.add.reduce(uncertain, axis=1)
        total = 2 * self._noise
        total += expected
        total += QUIET
        better = self._referee.better
        self._misadjustment = float(np.add.reduce(expected[better]) / np.add.reduce(total[better]))
        np.divide(self._variance, total[:, None], out=gain)
        mirrored = np.conj(self.far.blocks, out=step[FAST])
        np.multiply(mirrored, errors[SLOW], out=step[SLOW])
        mirrored *= errors[FAST]
        step *= gain
        self._weights += step
        gain *= uncertain
        gain *= np.float32(0.5)
        self._variance -= gain
        self._hops += 1
        if self._settling:
            self._settling -= 1
            first = self._settling % 2 * (BLOCKS // 2)
            _cut(self._weights[FAST, first : first + BLOCKS // 2])
        if self._hops % 2:
            self._constrain()
        elif self._hops % AGEING == 2:
            self._age_variance(uncertain, gain)

    def _age_variance(self, spread: Power, work: Power) -> None:
        """Rooms change: some hops' worth of process noise at once, which saves time and changes nothing."""
        np.square(self._weights.real, out=spread)
        np.square(self._weights.imag, out=work)
        spread += work
        spread += _SEED
        spread -= self._variance
        spread *= _DRIFT
        self._variance += spread

    def _constrain(self) -> None:
        """Cut the taps beyond HOP off some rows: what circular convolution wrapped round is no echo."""
        first = self._hops // 2 * CONSTRAINED % _CYCLE
        _cut(self._weights.reshape(-1, BINS)[first : first + CONSTRAINED])

    def _lend(self) -> None:
        """What one filter has learnt clearly better, the other takes over; the fast one keeps its own uncertainty."""
        lender = self._referee.lender()
        if lender is not None:
            self._weights[1 - lender] = self._weights[lender]
        if lender == FAST:
            self._variance[SLOW] = self._variance[FAST]
            self._noise[SLOW] = self._noise[FAST]
        if self._referee.failed():
            self._weights.fill(0)
            self._variance[:] = PRIOR
            self._referee.assume(1.0)

    def _remember(self) -> None:
        """Once a second, keep the slow filter's weights if they work well."""
        self._age += 1
        if self._age >= REMEMBER and self._referee.works(PROVEN, SLOW):
            self._age = 0
            self._proven[:] = self._weights[SLOW]


def _cut(rows: Spectrum) -> None:
    """Cut the taps beyond HOP off (n, BINS), in place."""
    taps = inverse(rows)
    taps[:, HOP:] = 0
    rows[:] = forward(taps)


def _shifted(weights: Spectrum, shift: int) -> Spectrum:
    """(n, BLOCKS, BINS) with the taps `shift` samples earlier (later if negative); what leaves is lost, what enters is
    unknown."""
    taps = inverse(weights)[:, :, :HOP].reshape(len(weights), -1)
    length = taps.shape[1]
    line = np.zeros_like(taps)
    if 0 <= shift < length:
        line[:, : length - shift] = taps[:, shift:]
    elif -length < shift < 0:
        line[:, -shift:] = taps[:, :shift]
    return forward(line.reshape(-1, BLOCKS, HOP), 2 * HOP)
