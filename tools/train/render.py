"""Scenes to learn from: half a minute of a device that talks, with something happening over it every few seconds.

Open loop, but with the traces of a closed one: over part of what happens the device lowers its voice or falls silent
for a while, as it will when it is right about it, and now and then for no reason, as it will when it is wrong. In part
of the scenes the roles are swapped, people through the loudspeaker and synthetic voices in the room, so that nothing
but the reference tells who is who.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from edgeagent.errors import EdgeAgentError
from edgeagent.ports import Sound
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.sim import noises
from edgeagent.sim.acoustics import Model, loudspeaker, room
from edgeagent.sim.mix import active_rms, convolved
from edgeagent.sim.noises import Dice, Wave
from edgeagent.sim.person import echo_gain
from edgeagent.sim.room import Echo
from edgeagent.sim.scene import EchoPath
from edgeagent.units import CARD_BLOCK, RATE, samples
from tools.train.acts import Act, Heard, Stage, act
from tools.train.corpus import MANIFEST, Corpus, Part, whole

LENGTH = samples(36_000)

SWAPPED = 0.25
"""Share of scenes with swapped roles."""

MUTE = 0.1
"""Share of scenes in which the device says nothing at all."""

DUCK = 10 ** (-12 / 20)
RAMP = samples(5)

ECHO_TO_NEAR_DB = (12.0, 9.0, 6.0, 3.0, 0.0, -6.0)
SNR_DB = (None, 25.0, 20.0, 15.0, 11.0, 8.0)
DRIFT_PPM = (0.0, 0.0, 40.0, -40.0, 120.0, -120.0)
SATURATION = (0.0, 0.0, 0.4, 0.25, 0.12)
DELAY_MS = (15.0, 180.0)
RT60_S = (0.15, 0.6)

MOVES, MOVES_LATER = (0, 0, 0, 1), (0, 1, 1, 2)
"""How often somebody moves the device or a door in a scene. Those moments are where our own voice is mistaken."""

PAUSE_MS, PAUSE_LATER_MS = (700, 2400), (550, 1200)
"""Between two things that happen."""

JUMPS, JUMP_MS = 0.3, 60.0
"""Share of those moments in which the sound card also loses or gains some time, and the most that it does."""

CROSSED = samples(20)
"""How long it takes from one echo path to the next."""

NEAR_DB, NEAR_SPREAD_DB = -26.0, 6.0
"""dBFS of the person at the microphone, and its spread from scene to scene."""

FLOOR_DB = -72.0
"""dBFS of the microphone's own noise."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, samples [start, stop) at the microphone."""

    heard: Heard
    start: int
    stop: int
    text: str
    level_db: float
    source: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """reference, microphone: (LENGTH,) float32. heard: (LENGTH,) int8, of Heard."""

    reference: Sound
    microphone: Sound
    heard: np.ndarray[tuple[int], np.dtype[np.int8]]
    events: tuple[Event, ...]


def render(corpus: Corpus, part: Part, seed: int, number: int) -> Rendered:
    """Scene `number` of a part: the same bits on every run."""
    return _Maker(corpus, part, np.random.default_rng((seed, list(Part).index(part), number))).scene()


class _Maker:
    """One scene in the making."""

    def __init__(self, corpus: Corpus, part: Part, dice: Dice) -> None:
        self._corpus, self._part, self._dice = corpus, part, dice
        self._swapped = bool(dice.random() < SWAPPED)
        self._near_db = NEAR_DB + float(np.clip(dice.normal(0.0, NEAR_SPREAD_DB), -12.0, 10.0))
        self._near = np.zeros(LENGTH)
        self._heard = np.zeros(LENGTH, np.int8)
        self._events: list[Event] = []
        self._rt60 = float(dice.uniform(*RT60_S))
        self._moves, self._pause_ms = (MOVES_LATER, PAUSE_LATER_MS) if part is Part.LATER else (MOVES, PAUSE_MS)
        self._kind = str(dice.choice(("decay", "image", "measured")))
        """Of the scene's rooms."""

    def scene(self) -> Rendered:
        """Lines, what happens over them, how the device reacts, background, echo."""
        lines, loudness = self._lines(), np.ones(LENGTH)
        at = samples(self._dice.uniform(900, 2500))
        stage = Stage(self._corpus, self._part, self._dice, self._swapped)
        air = self._air(self._dice.uniform(0.5, 1.5))
        while at < LENGTH - samples(1500):
            happening = act(stage)
            end = self._place(happening, at, air)
            self._react(loudness, at, end)
            at = end + samples(self._dice.uniform(*self._pause_ms))
        for _ in range(int(self._dice.integers(0, 3))):
            start = int(self._dice.integers(0, LENGTH))
            self._react(loudness, start, start + samples(200))
        self._background()
        ramped = np.convolve(loudness, np.full(RAMP, 1.0 / RAMP), "same")
        reference = to_float(to_int16((lines * ramped).astype(np.float32)))
        return Rendered(reference, self._microphone(reference, lines), self._heard, tuple(self._events))

    def _lines(self) -> Wave:
        """What the device says: sentences of one voice with short pauses, at times longer ones."""
        dice, corpus = self._dice, self._corpus
        voices = list(corpus.agent.values())
        clips = corpus.phrases if self._swapped else voices[int(dice.integers(len(voices)))]
        level = 10 ** (dice.uniform(-26, -18) / 20)
        said = np.zeros(LENGTH)
        at = LENGTH if dice.random() < MUTE else samples(dice.uniform(300, 1200))
        while at < LENGTH:
            clip = clips[int(dice.integers(len(clips)))].sound()[: samples(9000)]
            clip = clip[: LENGTH - at]
            if clip.size > RAMP * 4:
                said[at : at + clip.size] = np.clip(clip * level / active_rms(clip), -0.95, 0.95)
            at += clip.size + samples(dice.uniform(150, 400) if dice.random() < 0.7 else dice.uniform(800, 2000))
        return said

    def _place(self, happening: Act, at: int, air: Wave) -> int:
        """Put it at sample `at` of the microphone; returns its end."""
        dice, heard = self._dice, happening.heard
        level = self._near_db + dice.normal(0.0, 2.5)
        if heard is Heard.FAR:
            level -= dice.uniform(15, 20)
            air = self._air(dice.uniform(2.5, 4.0))
        elif heard is Heard.NOISE:
            level += dice.uniform(-6, 6)
        elif heard is Heard.BACKCHANNEL:
            level -= dice.uniform(0, 6)
        elif dice.random() < 0.5:
            level -= dice.uniform(0, 4)
        arriving = convolved(happening.sound, air)
        arriving *= 10 ** (level / 20) / active_rms(arriving)
        begin = at - int(np.argmax(np.abs(air)))
        arriving = arriving[max(0, -begin) :][: LENGTH - max(0, begin)]
        self._near[max(0, begin) : max(0, begin) + arriving.size] += arriving
        for start, stop in happening.active:
            self._heard[at + start : at + stop] = heard
        start, stop = at + happening.active[0][0], min(at + happening.active[-1][1], LENGTH)
        self._events.append(Event(heard, start, stop, happening.text, float(level), happening.source))
        return stop

    def _react(self, loudness: Wave, onset: int, end: int) -> None:
        """Lower the device's voice, or silence it, some time after the onset; or neither."""
        dice, way = self._dice, self._dice.random()
        if way < 0.4:
            return
        ducked = onset + samples(dice.uniform(40, 350))
        over = max(end, ducked) + samples(dice.uniform(50, 500))
        loudness[ducked:over] = DUCK
        if way > 0.65:
            silent = ducked + samples(dice.uniform(60, 500))
            loudness[silent : max(over, silent + samples(dice.uniform(400, 1200)))] = 0.0

    def _background(self) -> None:
        dice, corpus = self._dice, self._corpus
        self._near += noises.coloured(dice, LENGTH, 0.0) * 10 ** (FLOOR_DB / 20)
        snr = SNR_DB[int(dice.integers(len(SNR_DB)))]
        if snr is None:
            return
        way = dice.random()
        if way < 0.3 and corpus.noises:
            recorded = whole(corpus.noises[int(dice.integers(len(corpus.noises)))]).astype(np.float64)
            noise = np.resize(np.roll(recorded, int(dice.integers(recorded.size))), LENGTH)
            noise /= np.sqrt(np.mean(noise**2) + 1e-12)
        elif way < 0.55:
            clips = [corpus.phrases[int(dice.integers(len(corpus.phrases)))] for _ in range(8)]
            noise = noises.babble(dice, LENGTH, [c.sound().astype(np.float32) for c in clips], int(dice.integers(4, 9)))
        elif way < 0.8:
            noise = noises.coloured(dice, LENGTH, float(dice.uniform(0.0, 2.0)))
            if dice.random() < 0.4:
                noise *= 1.0 + 0.5 * np.sin(2 * np.pi * dice.uniform(0.2, 3.0) * np.arange(LENGTH) / RATE)
        else:
            noise = noises.BACKGROUNDS[str(dice.choice(list(noises.BACKGROUNDS)))](dice, LENGTH)
        self._near += noise * 10 ** ((self._near_db - snr) / 20)

    def _microphone(self, reference: Sound, lines: Wave) -> Sound:
        dice = self._dice
        wanted_db = self._near_db + float(dice.choice(ECHO_TO_NEAR_DB))
        measured = self._corpus.loudspeakers
        box = loudspeaker(dice)
        if measured and dice.random() < 0.5:
            box = _response(measured[int(dice.integers(len(measured)))])[:1024]
        loud = [lines.astype(np.float32)]
        delay, drift = dice.uniform(*DELAY_MS), float(dice.choice(DRIFT_PPM))
        saturation = float(dice.choice(SATURATION))
        times = np.sort(dice.uniform(0.1, 0.9, int(dice.choice(self._moves)))) * LENGTH
        sound = to_float(to_int16(self._near.astype(np.float32))).astype(np.float64)
        for begins, ends in pairwise((0.0, *times, 2.0 * LENGTH)):
            response = convolved(box, self._air(dice.uniform(0.08, 0.3)))
            response *= echo_gain(loud, response, wanted_db)
            path = EchoPath(response.astype(np.float32), delay * RATE / 1000, drift, saturation)
            sound += _between(begins, ends) * echo(path, reference)
            if dice.random() < JUMPS:
                delay = float(np.clip(delay + dice.uniform(-JUMP_MS, JUMP_MS), *DELAY_MS))
        return to_float(to_int16(sound.astype(np.float32)))

    def _air(self, distance: float) -> Wave:
        """A response over `distance` metres, of the scene's kind of room; its strongest sample is 1."""
        dice, rooms = self._dice, self._corpus.rooms
        if self._kind == "measured" and rooms:
            response = _response(rooms[int(dice.integers(len(rooms)))])
            return np.asarray(response / np.abs(response).max())
        return room(dice, Model.IMAGE if self._kind == "image" else Model.DECAY, self._rt60, float(distance))


def _response(path: Path) -> Wave:
    """A recorded impulse response. Raises EdgeAgentError where it lets nothing through."""
    if not (response := whole(path)).any():
        raise EdgeAgentError(f"{path}: an impulse response of zeros", f"leave it out of {MANIFEST}")
    return response.astype(np.float64)


def echo(path: EchoPath, reference: Sound) -> Wave:
    """(LENGTH,) of what the loudspeaker plays, by one path."""
    way = Echo(path, LENGTH)
    return np.concatenate([way.block(reference[i : i + CARD_BLOCK]) for i in range(0, LENGTH, CARD_BLOCK)])


def _between(begins: float, ends: float) -> Wave:
    """(LENGTH,) 1 from one time to another, each in samples, with slopes of CROSSED after them; from 0 on without."""
    at = np.arange(LENGTH)
    rising = np.clip((at - begins) / CROSSED, 0.0, 1.0) if begins else np.ones(LENGTH)
    return rising - np.clip((at - ends) / CROSSED, 0.0, 1.0)
