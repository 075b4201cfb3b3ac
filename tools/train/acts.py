"""What happens in front of the device while it speaks: people who take the floor, listeners, noises, televisions.

Takers of the floor and listeners come in the same mixture of recorded and synthetic voices and of lengths, so that
neither the timbre nor the length tells them apart. Synthetic listeners and takers are spoken by the text-to-speech that
is installed (`synthesisers`) and by a throat of our own (`throat`); hums, coughs and clatter are those of the
simulator. All of these are squeezed and coloured at random.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TypeVar

import numpy as np

from edgeagent.sim import noises
from edgeagent.sim.acoustics import loudspeaker
from edgeagent.sim.mix import convolved
from edgeagent.sim.noises import Dice, Wave
from edgeagent.units import RATE, samples
from tools.train import throat
from tools.train.corpus import Clip, Corpus, Part, whole
from tools.train.sayings import LISTENING, TAKING, Words
from tools.train.synthesisers import say

Thing = TypeVar("Thing")


class Heard(IntEnum):
    """What a sample of the microphone holds apart from ourselves."""

    NOTHING = 0
    FLOOR = 1
    BACKCHANNEL = 2
    NOISE = 3
    FAR = 4


@dataclass(frozen=True, slots=True)
class Act:
    """sound: (n,) float64 of any level. active: where in it something is heard. text: the word, where it is one.
    source: whose recording, or what made it."""

    heard: Heard
    sound: Wave
    active: tuple[tuple[int, int], ...]
    text: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """Who can act. swapped: people speak through the loudspeaker, and the agent's voices in the room."""

    corpus: Corpus
    part: Part
    dice: Dice
    swapped: bool


TWICE = 0.15
"""How often a word is said twice ("yeah yeah", "stop stop")."""

THROAT = (0.84, 1.18)
"""Range of the factor by which recorded words are made slower and lower: the corpus has few speakers for each word."""

FOREIGN = 0.45
"""How often a recorded word is one of a language other than English, where there are some: those have the fewest
speakers."""

FOREIGN_SOURCES = ("arabic",)
"""What the sources of those begin with."""

TILT, TINT = 0.66, 0.25
"""Powers of frequency by which synthetic sounds and recorded words are tilted at most: 4 and 1.5 dB an octave."""

Player = Callable[[Stage], Act]


def phrase(stage: Stage) -> Act:
    """One to four seconds of a sentence, from the beginning of a stretch of voice on."""
    clips = [c for voice in stage.corpus.agent.values() for c in voice] if stage.swapped else stage.corpus.phrases
    return _piece(_any(clips, stage.dice), samples(stage.dice.uniform(1000, 4000)), stage.dice, Heard.FLOOR)


def command(stage: Stage) -> Act:
    """A word that takes the floor, or the same twice."""
    return _repeated(Heard.FLOOR, _word(stage.corpus.commands, stage.dice), stage.dice)


def words(stage: Stage) -> Act:
    """One to three words of one speaker, with little between them."""
    spoken = _any(list(stage.corpus.words.values()), stage.dice)
    return _chain(Heard.FLOOR, [_any(spoken, stage.dice) for _ in range(int(stage.dice.integers(1, 4)))], stage.dice)


def listener(stage: Stage) -> Act:
    """A recorded word that stands for a backchannel, or the same twice."""
    return _repeated(Heard.BACKCHANNEL, _word(stage.corpus.backchannels, stage.dice), stage.dice)


def hum(stage: Stage) -> Act:
    """A synthesised hum: two bumps, or what our own throat hums."""
    if stage.dice.random() < 0.5:
        return _whole(Heard.BACKCHANNEL, _tilted(throat.hum(stage.dice), stage.dice), "mm-hm", "hum")
    return _whole(Heard.BACKCHANNEL, _altered(noises.hum(stage.dice), stage.dice), "mm-hm", "hum")


def synthetic_listener(stage: Stage) -> Act:
    """A backchannel by text-to-speech; by our own throat without it."""
    return _synthetic(Heard.BACKCHANNEL, LISTENING, stage) or throaty_listener(stage)


def synthetic_taker(stage: Stage) -> Act:
    """A short taking of the floor by text-to-speech; by our own throat without it."""
    return _synthetic(Heard.FLOOR, TAKING, stage) or throaty_taker(stage)


def throaty_listener(stage: Stage) -> Act:
    """A backchannel by a throat of our own."""
    sound, text = throat.listener(stage.dice)
    return _whole(Heard.BACKCHANNEL, _tilted(sound, stage.dice), text, "throat")


def throaty_taker(stage: Stage) -> Act:
    """A word that takes the floor, or means nothing, by a throat of our own."""
    sound, text = throat.taker(stage.dice)
    return _whole(Heard.FLOOR, _tilted(sound, stage.dice), text, "throat")


def noise(stage: Stage) -> Act:
    """A cough, clatter or knock; now and then a piece of a recorded noise."""
    if stage.corpus.noises and stage.dice.random() < 0.2:
        recorded = whole(_any(stage.corpus.noises, stage.dice))
        size = min(recorded.size, samples(stage.dice.uniform(250, 1500)))
        start = int(stage.dice.integers(0, recorded.size - size + 1))
        ramp = np.minimum(1.0, np.arange(size) / samples(15))
        shaped = recorded[start : start + size].astype(np.float64) * ramp * ramp[::-1]
        return _whole(Heard.NOISE, shaped, source="recorded")
    name = str(stage.dice.choice(list(noises.EVENTS)))
    return _whole(Heard.NOISE, _altered(noises.EVENTS[name](stage.dice), stage.dice), name, "synthetic")


def television(stage: Stage) -> Act:
    """Somebody who does not talk to the device; as often as not out of a small loudspeaker."""
    length = samples(stage.dice.uniform(1000, 5000))
    said = _piece(_any(stage.corpus.phrases, stage.dice), length, stage.dice, Heard.FAR)
    if stage.dice.random() < 0.5:
        return said
    return replace(said, sound=convolved(said.sound, loudspeaker(stage.dice))[: said.sound.size])


SHARES: dict[Player, float] = {
    phrase: 0.13,
    command: 0.16,
    words: 0.11,
    synthetic_taker: 0.06,
    throaty_taker: 0.03,
    listener: 0.16,
    hum: 0.03,
    synthetic_listener: 0.07,
    throaty_listener: 0.06,
    noise: 0.10,
    television: 0.09,
}
"""How often each occurs."""

SHARES_OF: dict[Part, dict[Player, float]] = {
    Part.LATER: {
        phrase: 0.07,
        command: 0.13,
        words: 0.08,
        synthetic_taker: 0.17,
        throaty_taker: 0.03,
        listener: 0.14,
        hum: 0.06,
        synthetic_listener: 0.17,
        throaty_listener: 0.03,
        noise: 0.06,
        television: 0.06,
    },
    Part.UNHEARD: {synthetic_taker: 0.5, synthetic_listener: 0.5},
}
"""In scenes of parts of which that is the point."""


def act(stage: Stage) -> Act:
    """Something that happens."""
    shares = SHARES_OF.get(stage.part, SHARES)
    players = list(shares)
    return players[int(stage.dice.choice(len(players), p=list(shares.values())))](stage)


def _any(things: Sequence[Thing], dice: Dice) -> Thing:
    return things[int(dice.integers(len(things)))]


def _word(clips: Sequence[Clip], dice: Dice) -> Clip:
    """Any of them, with its share for other languages."""
    foreign = [clip for clip in clips if clip.source.startswith(FOREIGN_SOURCES)]
    if foreign and len(foreign) < len(clips):
        wanted = bool(dice.random() < FOREIGN)
        clips = [clip for clip in clips if clip.source.startswith(FOREIGN_SOURCES) is wanted]
    return _any(clips, dice)


def _voice(clip: Clip) -> Wave:
    """The longest stretch of voice of a clip: around a single word the others are clicks and breaths."""
    start, stop = max(clip.active, key=lambda stretch: stretch[1] - stretch[0])
    return clip.sound()[start:stop]


def _whole(heard: Heard, sound: Wave, text: str = "", source: str = "") -> Act:
    return Act(heard, sound, ((0, sound.size),), text, source)


def _piece(clip: Clip, size: int, dice: Dice, heard: Heard) -> Act:
    first = clip.active[int(dice.integers(len(clip.active)))][0]
    first = max(0, min(first, clip.stop - clip.start - samples(100)))
    sound = clip.sound()[first : first + size]
    spans = ((max(0, a - first), min(sound.size, b - first)) for a, b in clip.active)
    return Act(heard, sound, tuple((a, b) for a, b in spans if a < b) or ((0, sound.size),), source=clip.source)


def _repeated(heard: Heard, clip: Clip, dice: Dice) -> Act:
    return _chain(heard, [clip] * (2 if dice.random() < TWICE else 1), dice)


def _chain(heard: Heard, clips: Sequence[Clip], dice: Dice) -> Act:
    """The clips one after the other, each at its own loudness, all by one throat."""
    parts: list[Wave] = []
    active = []
    at = 0
    size = dice.uniform(*THROAT)
    for clip in clips:
        sound = _tilted(_resized(_voice(clip), size), dice, TINT)
        gap = np.zeros(samples(dice.uniform(50, 220)))
        active.append((at, at + sound.size))
        parts += [sound, gap]
        at += sound.size + gap.size
    return Act(heard, np.concatenate(parts[:-1]), tuple(active), clips[0].text, clips[0].source)


def _altered(sound: Wave, dice: Dice) -> Wave:
    """Up to a quarter faster or slower, with it higher or lower, and tilted."""
    return _tilted(_resized(sound, dice.uniform(0.8, 1.25)), dice)


def _tilted(sound: Wave, dice: Dice, most: float = TILT) -> Wave:
    """Tilted in spectrum by up to `most` powers of frequency."""
    frequency = np.maximum(np.fft.rfftfreq(sound.size, 1 / RATE), 100.0) / 1000.0
    return np.fft.irfft(np.fft.rfft(sound) * frequency ** dice.uniform(-most, most), sound.size)


def _resized(sound: Wave, by: float) -> Wave:
    """As by a throat that much larger: slower and lower."""
    return np.interp(np.linspace(0, sound.size - 1, round(sound.size * by)), np.arange(sound.size), sound)


def _synthetic(heard: Heard, words: Words, stage: Stage) -> Act | None:
    said = say(words, stage.part, stage.dice)
    return None if said is None else _whole(heard, _altered(said.sound, stage.dice), said.text, said.source)
