"""What a calibration has measured, and the arithmetic from takes to figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10, nan
from statistics import median
from typing import Literal

import numpy as np

from edgeagent.live.sounder import Stopped, Take, Way
from edgeagent.ports import Sound
from edgeagent.signal.cut import REACH, cut, gone_on
from edgeagent.signal.drift import LEAST_PPM
from edgeagent.signal.level import decibels, level
from edgeagent.signal.sweep import Room
from edgeagent.sim.recordings import cancel
from edgeagent.turn.loudness import Loudness
from edgeagent.units import HOP, RATE, milliseconds, samples

ABOVE_FLOOR = 4.0
"""Power over that of the quiet room from which a hop is sound."""

CLIPS = 1e-4
"""Share of clipped samples from which it can be heard: a tenth of a millisecond in a second."""

LOUD_DB = 15.0
"""Hops that tell how much echo is taken out stand so far above the room's noise."""

LEARNT = samples(4000)
"""After which the canceller knows the room."""

SEEN = 0.1
"""Of the room's noise: echo below it is not told from chance."""

OURS = 0.5
"""Share of what was heard that must be the echo; in rooms and with loudspeakers that bend 8 % it is 0.9."""

SURE = samples(60)
"""Before a stop, sound is taken for certain until here: stamps are a little wrong, and blocks have a length."""

VoiceFrom = Literal["said", "remembered", "assumed"]


@dataclass(frozen=True, slots=True)
class Step:
    """One volume that was tried with speech-like noise. echo_dbfs: of its syllables at the microphone, None where the
    room hides them. clipped: share of samples. own: see `own`."""

    volume_percent: int
    echo_dbfs: float | None
    peak_dbfs: float
    clipped: float
    own: float = 1.0


@dataclass(frozen=True, slots=True)
class Bend:
    """What the loudspeaker bends at one volume: harmonics over fundamental, in per cent. doubt: what noise alone would
    give; below it nothing is known. None: the microphone clipped, so nobody knows whose distortion it is."""

    volume_percent: int
    distortion_percent: float | None
    doubt_percent: float


@dataclass(frozen=True, slots=True)
class Stops:
    """Request to the end of sound at the loudspeaker, ms, by the microphone; of a fade its middle. missed: stops of
    which no end was heard."""

    way: Way
    all_ms: tuple[float, ...]
    missed: int

    @property
    def median_ms(self) -> float:
        """nan where there is none."""
        return median(self.all_ms) if self.all_ms else nan

    @property
    def longest_ms(self) -> float:
        """nan where there is none."""
        return max(self.all_ms, default=nan)


@dataclass(frozen=True, slots=True)
class Measured:
    """All of it. Levels in dBFS. acoustic_ms: loudspeaker to microphone by the card's stamps. card_ms: what the card
    adds to that from a program to itself; both together are the round trip. drift_ppm: by which the loudspeaker's clock
    is fast, 0 where less than `drift` can tell was found. erle_db: echo taken out by the canceller. own: see `own`,
    while the canceller learnt. right_to_ms: by which every time may be wrong where the card tells none of its own; 0
    for one that does."""

    card: str
    volume_percent: int
    floor_dbfs: float
    voice_dbfs: float
    voice_from: VoiceFrom
    voice_peak_dbfs: float | None
    steps: tuple[Step, ...]
    bends: tuple[Bend, ...]
    acoustic_ms: float
    card_ms: float
    echo_gain_db: float
    drift_ppm: float
    erle_db: float | None
    linear_erle_db: float | None
    stops: tuple[Stops, ...]
    lost_frames: int
    own: float = 1.0
    right_to_ms: float = 0.0

    @property
    def echo_dbfs(self) -> float | None:
        """At the volume that was chosen, by the loudest volume tried that did not clip."""
        return echo_at(self.steps, self.volume_percent)

    @property
    def echo_to_voice_db(self) -> float | None:
        """How much louder the device is at its microphone than the person."""
        return None if self.echo_dbfs is None else self.echo_dbfs - self.voice_dbfs

    @property
    def astray_db(self) -> float:
        """By how much the echo does not follow the volume, over the steps that were clearly heard, and nothing else: of
        a card that changes its gain by itself."""
        ours = [step for step in self.steps if step.clipped < CLIPS and step.own >= OURS]
        clear = [(step, echo) for step in ours if (echo := step.echo_dbfs) is not None]
        clear = [(step, echo) for step, echo in clear if echo > self.floor_dbfs + LOUD_DB]
        gains = [echo - 20 * log10(step.volume_percent) for step, echo in clear]
        return max(gains) - min(gains) if gains else 0.0

    @property
    def clear(self) -> bool:
        """Whether the echo stands so far above the noise of the room that figures of it say something."""
        return self.echo_dbfs is not None and self.echo_dbfs > self.floor_dbfs + LOUD_DB

    @property
    def disturbed(self) -> bool:
        """Whether something else was louder than the device in what decides."""
        step = clean_step(self.steps)
        return min(self.own, step.own if step else 1.0) < OURS

    @property
    def bend(self) -> Bend | None:
        """At the volume that was chosen."""
        return next((bend for bend in self.bends if bend.volume_percent == self.volume_percent), None)


def clean_step(steps: Sequence[Step]) -> Step | None:
    """The loudest that was heard and did not clip."""
    return next((step for step in reversed(steps) if step.echo_dbfs is not None and step.clipped < CLIPS), None)


def echo_at(steps: Sequence[Step], volume_percent: int) -> float | None:
    """Echoes follow the volume."""
    step = clean_step(steps)
    if step is None or step.echo_dbfs is None:
        return None
    return step.echo_dbfs + 20 * log10(volume_percent / step.volume_percent)


def voiced_dbfs(sound: Sound, floor_dbfs: float) -> float | None:
    """Level of the syllables in `sound`, as the device learns it from a turn; None where there are hardly any."""
    loudness = Loudness()
    least = ABOVE_FLOOR * 10 ** (floor_dbfs / 10)
    hops = sound[: len(sound) // HOP * HOP].reshape(-1, HOP).astype(np.float64)
    for power in hops.var(axis=1):
        loudness.hear(float(power > least), float(power))
    power = loudness.take()
    return decibels(power) if power else None


def step_of(take: Take, volume_percent: int, floor_dbfs: float) -> Step:
    """One volume's."""
    heard = level(take.microphone)
    echo = voiced_dbfs(take.microphone, floor_dbfs)
    return Step(
        volume_percent,
        None if echo is None else round(echo, 1),
        round(heard.peak_dbfs, 1),
        round(heard.clipped, 6),
    )


def own(take: Take, room: Room, floor_dbfs: float) -> float:
    """Share of what the microphone heard that is the echo of what was played; 1 where both lie in the noise of the
    room. In pieces, each with a lag of its own: two clocks drift apart."""
    if level(take.microphone).rms_dbfs < floor_dbfs + decibels(ABOVE_FLOOR):
        return 1.0
    exact = take.microphone.astype(np.float64)
    exact -= exact.mean()
    size = 1 << (len(exact) + len(room.response) + 2 * REACH).bit_length()
    echo = np.fft.irfft(np.fft.rfft(take.reference, size) * np.fft.rfft(room.response, size), size)[: len(exact)]
    around = np.pad(exact, len(exact))  # that sample 0 has a past
    explained = 0.0
    for piece in np.array_split(np.arange(len(exact)), max(1, len(exact) // RATE)):
        expected, first = echo[piece], len(exact) + piece[0] + room.first - REACH
        if power := float(expected @ expected):
            window = np.fft.rfft(around[first : first + len(piece) + 2 * REACH], size)
            alike = np.fft.irfft(window * np.conj(np.fft.rfft(expected, size)), size)[: 2 * REACH + 1]
            explained += float(alike.max()) ** 2 / power
    return round(min(1.0, explained / float(exact @ exact)), 2)


def bend_of(take: Take, room: Room, volume_percent: int) -> Bend:
    """One sweep's."""
    clips = level(take.microphone).clipped >= CLIPS
    distortion = None if clips else round(100 * room.distortion, 2)
    return Bend(volume_percent, distortion, round(100 * room.doubt, 2))


@dataclass(frozen=True, slots=True)
class Cancelling:
    """What the canceller made of a take. found: whether there was an echo. The enhancements are of loud
    moments, once it has learnt; None where there were none."""

    found: bool
    drift_ppm: float
    erle_db: float | None
    linear_erle_db: float | None
    clean: Sound


def cancelled(take: Take, floor_dbfs: float) -> Cancelling:
    """The device's own canceller on a take."""
    made = cancel(take.microphone, take.reference)
    clean, linear = (enhancement(take.microphone, output, floor_dbfs) for output in (made.clean, made.linear))
    ppm = made.confidence.drift_ppm
    drift = round(ppm, 1) if abs(ppm) >= LEAST_PPM else 0.0
    return Cancelling(made.delay is not None, drift, clean, linear, made.clean)


def enhancement(microphone: Sound, output: Sound, floor_dbfs: float) -> float | None:
    """Echo power over what is left of it, dB, in hops that are LOUD_DB above the noise of the room, behind LEARNT.
    Noise that is left is no echo."""
    count = min(len(microphone), len(output)) // HOP
    powers = [sound[: count * HOP].reshape(-1, HOP).astype(np.float64).var(axis=1) for sound in (microphone, output)]
    noise = 10 ** (floor_dbfs / 10)
    loud = powers[0] > noise * 10 ** (LOUD_DB / 10)
    loud[: LEARNT // HOP] = False
    if not loud.any():
        return None
    echo, left = (max(0.0, float(power[loud].mean()) - noise) for power in powers)
    return round(10 * log10(echo / max(left, SEEN * noise)), 1)


def ended_ms(trial: Stopped, original: Sound, room: Room) -> float | None:
    """Milliseconds from the request to the end of sound; None where no end was heard, because the sound went on, or the
    card had run dry before."""
    upto = max(0, round(trial.asked - trial.take.early) - SURE)
    would = gone_on(trial.take.reference, original, upto)
    ended = cut(trial.take.microphone, would, room.response, room.first, upto)
    if ended is None or ended > len(would) - HOP:
        return None
    return milliseconds(1) * (ended + trial.take.early - trial.asked)
