"""A scene of the bench, rendered: what the loudspeaker got, what the microphone heard, and the truth about both.

The device speaks from the first sample to the last. The person speaks, with pauses, in the middle, and is silent in the
first and the last 3/16 of the scene and around its event, so that the echo alone can be measured there. Voices, rooms
and noise follow from the seed, and each from a generator of its own: two conditions with the same seed differ in what
they say they differ in, and in nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from edgeagent.ports import Sound
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.signal.resample import Resampler, resample
from edgeagent.sim import noises
from edgeagent.sim.acoustics import TAPS, Model, room
from edgeagent.sim.echo_bench import device
from edgeagent.sim.echo_bench.conditions import BASE_VOLUME, Condition, Event, Far, Fault
from edgeagent.sim.echo_bench.melodies import beeps, music
from edgeagent.sim.echo_bench.speech import Speech
from edgeagent.sim.mix import active_rms, convolved
from edgeagent.sim.noises import Wave
from edgeagent.sim.room import Echo
from edgeagent.sim.scene import Change, EchoPath
from edgeagent.units import CARD_BLOCK, HOP, RATE, samples

NEAR_LEVEL, NEAR_SPREAD = -34.0, 3.0
"""dBFS of the person while they speak, and by how much it differs one way or the other."""

HEADROOM = 0.9
"""Largest magnitude at the microphone where it does not clip on purpose; a louder scene is turned down as a whole."""

CLOSE_M, AWAY_M = (0.10, 0.15), (1.0, 2.0)
"""From the microphone to the loudspeaker of the same device, and to the person."""

MOVED_M = (0.18, 0.25)
"""To the loudspeaker after a path change: another room response with relatively more reverberation."""

FRAME = 2 * HOP
"""Samples (32 ms) on which a judge gives its verdict: what Silero takes. A scene is a whole number of them."""

LEAD, GAP, EVENT = 3 / 16, (13 / 32, 18 / 32), 14 / 32
"""Shares of the scene: before the person's first word and after the last; where they are silent for the event; the
event."""

PAUSES = samples(600), samples(1400)
"""Between utterances."""

BEFORE = samples(4000), samples(60_000)
"""Of a device that returns: how long it spoke, and how long it then was silent."""

JUMP = samples(40)
"""Of the delay."""

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class EchoScene:
    """Sounds are (n,) float32. near: the person as the microphone gives them; quiet: and the noise, so all but the
    echo. begins: where it is measured from. utterances: (start, stop) of each, without reverberation. event: where it
    is first heard; tells: (where, by how many samples the card says that the loudspeaker is now later).
    measurable: whether the echo is so far above the noise that a loss of 20 dB can be seen."""

    condition: Condition
    seed: int
    reference: Sound
    microphone: Sound
    near: Sound
    quiet: Sound
    begins: int
    utterances: Spans
    event: int | None
    tells: tuple[tuple[int, int], ...]
    measurable: bool


def render(condition: Condition, seed: int, speech: Speech, model: Model, length: int) -> EchoScene:
    """The scene of `length` samples, rounded down to frames; more before it, where the device returns. Raises
    SceneError, SoundFileError."""
    return _Renderer(condition, seed, speech, model, length // FRAME * FRAME).scene()


class _Renderer:
    """One scene in the making."""

    def __init__(self, condition: Condition, seed: int, speech: Speech, model: Model, length: int) -> None:
        self._condition = condition
        self._seed = seed
        self._speech = speech
        self._model = model
        self._begins = sum(BEFORE) if condition.event is Event.RETURN else 0
        self._length = self._begins + length
        self._span = length
        self._level = 10 ** ((NEAR_LEVEL + NEAR_SPREAD * self._dice("level").uniform(-1, 1)) / 20)

    def scene(self) -> EchoScene:
        condition = self._condition
        at_event = self._begins + round(EVENT * self._span)
        event = {Event.NONE: None, Event.RETURN: self._begins + samples(condition.delay_ms)}.get(
            condition.event, at_event
        )
        far = self._far()
        reference = to_float(to_int16((far * condition.volume).astype(np.float32)))[: self._length]
        echo = self._echo(far, at_event)
        near, utterances = self._near()
        noise = self._noise()
        gain = self._gain(echo + near + noise)
        heard, alone, quiet = (self._card(gain * part) for part in (echo + near + noise, near, near + noise))
        shift = JUMP if condition.event is Event.LATER else -JUMP
        told = condition.told and event is not None
        return EchoScene(
            condition=condition,
            seed=self._seed,
            reference=reference,
            microphone=to_float(to_int16(heard)),
            near=alone,
            quiet=quiet,
            begins=self._begins,
            utterances=utterances,
            event=event,
            tells=((at_event, shift),) if told else (),
            measurable=20 * np.log10(active_rms(echo) / np.sqrt(np.mean(noise**2))) > 20,
        )

    def _dice(self, use: str) -> noises.Dice:
        """A generator for each use, the same in every condition."""
        return np.random.default_rng((self._seed, *use.encode()))

    def _far(self) -> Wave:
        """(length + JUMP,) of what the loudspeaker gets, of peak 1."""
        size = self._length + JUMP - self._begins
        dice = self._dice("far")
        match self._condition.far:
            case Far.MUSIC:
                sound = music(dice, size)
            case Far.BEEPS:
                sound = beeps(dice, size)
            case Far.SPEECH:
                sound = self._speech.talk(dice, size)
        sound = sound / float(np.abs(sound).max())
        if self._begins:
            sound = np.concatenate((sound[: BEFORE[0]], np.zeros(BEFORE[1]), sound))
        return sound

    def _echo(self, far: Wave, at_event: int) -> Wave:
        """(length,) at a microphone without faults. Its gain is the one that fits at the base's volume."""
        condition = self._condition
        usual = device.section(far * BASE_VOLUME, device.LOWER_HZ, device.BUTTERWORTH, high=True)
        unit = active_rms(usual)
        response = self._response("echo", CLOSE_M)
        change = None
        if condition.event is Event.MOVED:
            change = Change(at_event, self._response("moved", MOVED_M).astype(np.float32))
        at_base = convolved(device.loudspeaker(far * BASE_VOLUME, condition.distortion, unit), response)
        gain = self._level * 10 ** (condition.echo_db / 20) / active_rms(at_base)
        played = self._played(far * condition.volume, at_event - samples(condition.delay_ms))
        leaving = device.loudspeaker(played, condition.distortion, unit).astype(np.float32)
        path = EchoPath(
            response.astype(np.float32), condition.delay_ms * RATE / 1000, condition.drift_ppm, change=change
        )
        echo = Echo(path, self._length)
        blocks = [
            echo.block(leaving[at : min(at + CARD_BLOCK, self._length)]) for at in range(0, self._length, CARD_BLOCK)
        ]
        return gain * np.concatenate(blocks)

    def _played(self, far: Wave, at: int) -> Wave:
        """What reaches the loudspeaker: from sample `at` on later or earlier, if that is the event; through the
        card's rate."""
        if self._condition.event is Event.LATER:
            far = np.concatenate((far[:at], np.zeros(JUMP), far[at:]))
        if self._condition.event is Event.EARLIER:
            far = np.concatenate((far[:at], far[at + JUMP :]))
        played = far[: self._length]
        rate = self._condition.card_rate
        if rate != RATE:
            card = Resampler(RATE, rate).push(played.astype(np.float32))
            played = resample(card, rate, RATE).astype(np.float64)[: self._length]
        return played

    def _card(self, sound: Wave) -> Sound:
        """(length,) as the card's rate and our resampler give it, at full scale at most."""
        heard = sound.astype(np.float32)
        rate = self._condition.card_rate
        if rate != RATE:
            heard = Resampler(rate, RATE).push(resample(heard, RATE, rate))[: self._length]
        return heard

    def _near(self) -> tuple[Wave, Spans]:
        """The person at the microphone, and where each utterance is."""
        dice = self._dice("near")
        dry = np.zeros(self._span)
        spans = []
        first, last = round(LEAD * self._span), round((1 - LEAD) * self._span)
        gap = [round(share * self._span) for share in GAP]
        for start, stop in ((first, gap[0]), (gap[1], last)):
            at = start + int(dice.integers(samples(400)))
            while at + samples(800) < stop:
                said = self._speech.utterance(dice, stop - at)
                dry[at : at + said.size] = said
                spans.append((self._begins + at, self._begins + at + said.size))
                at += said.size + int(dice.integers(*PAUSES))
        wet = convolved(dry, self._response("near", AWAY_M))[: self._span]
        wet *= self._level / active_rms(wet)
        return np.concatenate((np.zeros(self._begins), wet)), tuple(spans)

    def _noise(self) -> Wave:
        dice = self._dice("noise")
        if self._condition.babble:
            talk = [self._speech.utterance(dice, samples(3000)).astype(np.float32) for _ in range(12)]
            noise = noises.babble(dice, self._length, talk)
        elif self._speech.noises:
            recorded = self._speech.noises[int(dice.integers(len(self._speech.noises)))]().astype(np.float64)
            noise = np.resize(np.roll(recorded, int(dice.integers(recorded.size))), self._length)
            noise = noise / np.sqrt(np.mean(noise**2))
        else:
            noise = noises.coloured(dice, self._length, 1.0)
        return noise * self._level * 10 ** (-self._condition.noise_db / 20)

    def _gain(self, sound: Wave) -> Wave | float:
        """Of the microphone, so that it clips or does not."""
        if self._condition.fault is Fault.CLIPS:
            return device.clipping_gain(sound)
        gain = device.agc(sound) if self._condition.fault is Fault.AGC else np.ones(1)
        return gain * min(1.0, HEADROOM / float(np.abs(gain * sound).max()))

    def _response(self, use: str, metres: tuple[float, float]) -> Wave:
        dice = self._dice(use)
        if self._condition.recorded and use != "near":
            loudspeaker, air = (
                some[int(dice.integers(len(some)))]().astype(np.float64)
                for some in (self._speech.loudspeakers, self._speech.rooms)
            )
            return convolved(loudspeaker, air)[:TAPS]
        return _room(self._seed, use, self._model, self._condition.rt60_s, metres)


@lru_cache(maxsize=24)
def _room(seed: int, use: str, model: Model, rt60_s: float, metres: tuple[float, float]) -> Wave:
    """Kept, because most conditions are in the same room and the image method takes long."""
    dice = np.random.default_rng((seed, *use.encode()))
    return room(dice, model, rt60_s, float(dice.uniform(*metres)))
