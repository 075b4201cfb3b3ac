"""What the near-end detector is measured on: half a minute, one background, a person at a known level.

Two sorts. In an *echo* scene the device talks all the time, its echo is 10 dB above the person, and whatever
`tools.train.acts` knows happens over it; nothing the device hears lowers its voice. In a *quiet* scene the device says
nothing, and people of the corpus speak in noise: what an ordinary voice activity detector is made for. Unlike the
scenes to learn from, level and background are not drawn: they are crossed, so that each has a row of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
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
from edgeagent.sim.room import Room
from edgeagent.sim.scene import Change, EchoPath
from edgeagent.units import CARD_BLOCK, RATE, samples
from tools.train.acts import Act, Heard, Stage, act, command, listener, phrase, words
from tools.train.corpus import Corpus, Part, whole
from tools.train.render import Event, Rendered

LENGTH = samples(36_000)

ECHO_TO_NEAR_DB = 10.0

NEAR_DB = (-34.0, -28.0)
"""dBFS of the person at the microphone, drawn for each scene; the echo still fits below full scale."""

FAR_BELOW_DB, NOISE_SPREAD_DB = 16.0, 3.0
"""Of somebody who does not talk to the device under the person, and of a cough around them."""

FLOOR_DB = -72.0
"""dBFS of the microphone's own noise."""

REST_MS = (1800, 3500)
"""Between two events: long enough to see what the echo does alone."""

ROLES_SWAPPED = "roles swapped"
"""Background row of the scenes in which people speak through the loudspeaker and the agent's voices in the room."""

ECHO_BACKGROUNDS = ("none", "home", "babble", "white", "pink", "brown", "mains", "murmur", ROLES_SWAPPED)
ECHO_SNR_DB = (20.0, 10.0)

QUIET_BACKGROUNDS = ("home", "babble")
QUIET_SNR_DB = (20.0, 10.0, 5.0, 0.0)

RECORDED = (phrase, command, words, listener)
"""Acts of recorded speech."""

DRIFT_PPM, SATURATION, DELAY_MS, RT60_S = (0.0, 40.0, -120.0), (0.0, 0.25, 0.12), (15.0, 180.0), (0.15, 0.6)
CHANGES_ONE_IN = 4


@dataclass(frozen=True, slots=True)
class Condition:
    """Scene `number` of a part. background: one of ECHO_BACKGROUNDS or QUIET_BACKGROUNDS. snr_db: of the person over
    it."""

    part: Part
    seed: int
    number: int
    echo: bool
    background: str
    snr_db: float


@dataclass(frozen=True, slots=True)
class Staged:
    """changed: the sample at which the echo path became another one, -1 if it did not."""

    rendered: Rendered
    changed: int


def conditions(part: Part, seed: int, count: int, echo: bool) -> list[Condition]:
    """`count` of them, backgrounds and levels in turn."""
    backgrounds, levels = (ECHO_BACKGROUNDS, ECHO_SNR_DB) if echo else (QUIET_BACKGROUNDS, QUIET_SNR_DB)
    crossed = [(background, level) for level in levels for background in backgrounds]
    return [Condition(part, seed, n, echo, *crossed[n % len(crossed)]) for n in range(count)]


def stage(corpus: Corpus, condition: Condition) -> Staged:
    """The scene: the same bits on every run. Raises EdgeAgentError where the corpus lacks its background."""
    where = (condition.seed, list(Part).index(condition.part), condition.number, int(condition.echo), 7)
    return _Maker(corpus, condition, np.random.default_rng(where)).scene()


class _Maker:
    """One scene in the making."""

    def __init__(self, corpus: Corpus, condition: Condition, dice: Dice) -> None:
        self._corpus, self._condition, self._dice = corpus, condition, dice
        self._near_db = float(dice.uniform(*NEAR_DB))
        self._rt60 = float(dice.uniform(*RT60_S))
        self._near = np.zeros(LENGTH)
        self._heard = np.zeros(LENGTH, np.int8)
        self._events: list[Event] = []

    def scene(self) -> Staged:
        """What happens, the background, the echo. Raises EdgeAgentError where the corpus lacks the background."""
        dice, condition = self._dice, self._condition
        players = Stage(self._corpus, condition.part, dice, condition.background == ROLES_SWAPPED)
        air = self._air(dice.uniform(0.5, 1.5))
        at = samples(dice.uniform(*REST_MS))
        while at < LENGTH - samples(2500):
            happening = act(players) if condition.echo else RECORDED[int(dice.integers(len(RECORDED)))](players)
            at = self._place(happening, at, air) + samples(dice.uniform(*REST_MS))
        self._background()
        near = to_float(to_int16(self._near.astype(np.float32)))
        reference, changed = np.zeros(LENGTH, np.float32), -1
        if condition.echo:
            reference = to_float(to_int16(self._lines().astype(np.float32)))
            near, changed = self._echo(near, reference)
        return Staged(Rendered(reference, near, self._heard, tuple(self._events)), changed)

    def _place(self, happening: Act, at: int, air: Wave) -> int:
        level, heard = self._near_db, happening.heard
        if heard is Heard.FAR:
            level, air = level - FAR_BELOW_DB, self._air(self._dice.uniform(2.5, 4.0))
        elif heard is Heard.NOISE:
            level += self._dice.uniform(-NOISE_SPREAD_DB, NOISE_SPREAD_DB)
        arriving = convolved(happening.sound, air)
        arriving *= 10 ** (level / 20) / active_rms(arriving)
        begin = at - int(np.argmax(np.abs(air)))
        arriving = arriving[max(0, -begin) :][: LENGTH - max(0, begin)]
        self._near[max(0, begin) : max(0, begin) + arriving.size] += arriving
        for start, stop in happening.active:
            self._heard[at + start : at + stop] = heard
        start, stop = at + happening.active[0][0], min(at + happening.active[-1][1], LENGTH)
        self._events.append(Event(heard, start, stop, happening.text, level, happening.source))
        return stop

    def _lines(self) -> Wave:
        """The device talks from the beginning to the end, with the pauses that sentences have."""
        dice, corpus = self._dice, self._corpus
        voices = list(corpus.agent.values())
        swapped = self._condition.background == ROLES_SWAPPED
        clips = corpus.phrases if swapped else voices[int(dice.integers(len(voices)))]
        level, at, said = 10 ** (-22 / 20), samples(300), np.zeros(LENGTH)
        while at < LENGTH:
            clip = clips[int(dice.integers(len(clips)))].sound()[: LENGTH - at]
            said[at : at + clip.size] = np.clip(clip * level / active_rms(clip), -0.95, 0.95)
            at += clip.size + samples(dice.uniform(100, 300))
        return said

    def _background(self) -> None:
        dice, name = self._dice, self._condition.background
        self._near += noises.coloured(dice, LENGTH, 0.0) * 10 ** (FLOOR_DB / 20)
        if name in ("none", ROLES_SWAPPED):
            return
        if name == "home":
            recorded = whole(self._recording()).astype(np.float64)
            noise = np.resize(np.roll(recorded, int(dice.integers(recorded.size))), LENGTH)
            noise /= np.sqrt(np.mean(noise**2) + 1e-12)
        elif name == "babble":
            clips = [self._corpus.phrases[int(dice.integers(len(self._corpus.phrases)))] for _ in range(8)]
            noise = noises.babble(dice, LENGTH, [c.sound().astype(np.float32) for c in clips], int(dice.integers(4, 9)))
        else:
            noise = noises.BACKGROUNDS[name](dice, LENGTH)
        self._near += noise * 10 ** ((self._near_db - self._condition.snr_db) / 20)

    def _recording(self) -> Path:
        recordings = self._corpus.noises
        if not recordings:
            raise EdgeAgentError(f"no noise in part {self._condition.part}", "add recordings of noise to the corpus")
        return recordings[int(self._dice.integers(len(recordings)))]

    def _echo(self, near: Sound, reference: Sound) -> tuple[Sound, int]:
        dice = self._dice
        box = loudspeaker(dice)
        measured = self._corpus.loudspeakers
        if measured and dice.random() < 0.5:
            box = whole(measured[int(dice.integers(len(measured)))])[:1024].astype(np.float64)
        paths = [convolved(box, self._air(dice.uniform(0.08, 0.3))) for _ in range(2)]
        limit = float(dice.choice(SATURATION))
        played = (limit * np.tanh(reference / limit)).astype(np.float32) if limit else reference  # as the room does it
        wanted_db = self._near_db + ECHO_TO_NEAR_DB
        first, second = ((p * echo_gain([played], p, wanted_db)).astype(np.float32) for p in paths)
        moved = dice.integers(CHANGES_ONE_IN) == 0
        change = Change(int(LENGTH * dice.uniform(0.25, 0.8)), second) if moved else None
        delay = dice.uniform(*DELAY_MS) * RATE / 1000
        path = EchoPath(first, delay, float(dice.choice(DRIFT_PPM)), limit, change)
        ears = Room(near, path)
        blocks = (reference[i : i + CARD_BLOCK] for i in range(0, LENGTH, CARD_BLOCK))
        heard = to_float(np.concatenate([ears.hear(block) for block in blocks]))
        return heard, -1 if change is None else change.at

    def _air(self, distance: float) -> Wave:
        return room(self._dice, Model.IMAGE if self._condition.number % 2 else Model.DECAY, self._rt60, float(distance))
