"""What happens in front of the device while it speaks: people who take the floor, listeners, noises, televisions.

Takers of the floor and listeners come in the same mixture of recorded and synthetic voices and of lengths, so that
neither the timbre nor the length tells them apart. Synthetic listeners and takers are spoken by espeak-ng where that is
installed; hums, coughs and clatter are those of the simulator, squeezed and coloured at random.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import TypeVar

import numpy as np

from edgeagent.signal.convert import to_float
from edgeagent.signal.resample import resample
from edgeagent.sim import noises
from edgeagent.sim.mix import trimmed
from edgeagent.sim.noises import Dice, Wave
from edgeagent.units import RATE, samples
from tools.train.corpus import Clip, Corpus, Part, whole

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


LISTENING = ("uh huh", "mm hmm", "yeah", "hmm", "right", "okay", "oh", "aha", "yes", "mhm", "I see", "sure")
TAKING = ("stop", "wait", "no", "hold on", "cancel", "pause", "quiet", "but why?", "what?", "no not that", "go back")
LANGUAGES = ("en", "en-us", "de", "fr", "es", "pt")
THROATS = ("", "+f2", "+f3", "+f5", "+m1", "+m3", "+m4", "+m7")
VOICES = {
    Part.TRAIN: tuple(language + throat for language in LANGUAGES for throat in THROATS),
    Part.HELD_OUT: ("en-gb-scotland", "it"),
    Part.DEV: ("en-gb-scotland", "it"),
}
"""Of espeak-ng, for synthetic listeners and takers of the floor: languages, spoken by several throats."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Who can act. swapped: people speak through the loudspeaker, and the agent's voices in the room."""

    corpus: Corpus
    part: Part
    dice: Dice
    swapped: bool


TWICE = 0.15
"""How often a word is said twice ("yeah yeah", "stop stop")."""

THROAT = (0.88, 1.14)
"""Range of the factor by which recorded words are made slower and lower: the corpus has few speakers for each word."""

Player = Callable[[Stage], Act]


def phrase(stage: Stage) -> Act:
    """One to four seconds of a sentence, from the beginning of a stretch of voice on."""
    clips = [c for voice in stage.corpus.agent.values() for c in voice] if stage.swapped else stage.corpus.phrases
    return _piece(_any(clips, stage.dice), samples(stage.dice.uniform(1000, 4000)), stage.dice, Heard.FLOOR)


def command(stage: Stage) -> Act:
    """A word that takes the floor, or the same twice."""
    return _repeated(Heard.FLOOR, _any(stage.corpus.commands, stage.dice), stage.dice)


def words(stage: Stage) -> Act:
    """One to three words of one speaker, with little between them."""
    spoken = _any(list(stage.corpus.words.values()), stage.dice)
    return _chain(Heard.FLOOR, [_any(spoken, stage.dice) for _ in range(int(stage.dice.integers(1, 4)))], stage.dice)


def listener(stage: Stage) -> Act:
    """A recorded word that stands for a backchannel, or the same twice."""
    return _repeated(Heard.BACKCHANNEL, _any(stage.corpus.backchannels, stage.dice), stage.dice)


def hum(stage: Stage) -> Act:
    """A synthesised hum."""
    return _whole(Heard.BACKCHANNEL, _altered(noises.hum(stage.dice), stage.dice), "mm-hm", "hum")


def synthetic_listener(stage: Stage) -> Act:
    """A backchannel by espeak-ng; a hum without it."""
    said = _synthetic(LISTENING, stage)
    return hum(stage) if said is None else _whole(Heard.BACKCHANNEL, *said, "espeak")


def synthetic_taker(stage: Stage) -> Act:
    """A short taking of the floor by espeak-ng; a recorded command without it."""
    said = _synthetic(TAKING, stage)
    return command(stage) if said is None else _whole(Heard.FLOOR, *said, "espeak")


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
    """Somebody who does not talk to the device."""
    return _piece(
        _any(stage.corpus.phrases, stage.dice), samples(stage.dice.uniform(1500, 5000)), stage.dice, Heard.FAR
    )


SHARES: dict[Player, float] = {
    phrase: 0.17,
    command: 0.18,
    words: 0.14,
    synthetic_taker: 0.05,
    listener: 0.17,
    hum: 0.04,
    synthetic_listener: 0.08,
    noise: 0.11,
    television: 0.06,
}
"""How often each occurs."""


def act(stage: Stage) -> Act:
    """Something that happens."""
    players = list(SHARES)
    return players[int(stage.dice.choice(len(players), p=list(SHARES.values())))](stage)


def _any(things: Sequence[Thing], dice: Dice) -> Thing:
    return things[int(dice.integers(len(things)))]


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
        sound = _resized(_voice(clip), size)
        gap = np.zeros(samples(dice.uniform(50, 220)))
        active.append((at, at + sound.size))
        parts += [sound, gap]
        at += sound.size + gap.size
    return Act(heard, np.concatenate(parts[:-1]), tuple(active), clips[0].text, clips[0].source)


def _altered(sound: Wave, dice: Dice) -> Wave:
    """Up to a quarter faster or slower, with it higher or lower, and tilted in spectrum by up to 4 dB an octave."""
    stretched = _resized(sound, dice.uniform(0.8, 1.25))
    frequency = np.maximum(np.fft.rfftfreq(stretched.size, 1 / RATE), 100.0) / 1000.0
    return np.fft.irfft(np.fft.rfft(stretched) * frequency ** dice.uniform(-0.66, 0.66), stretched.size)


def _resized(sound: Wave, by: float) -> Wave:
    """As by a throat that much larger: slower and lower."""
    return np.interp(np.linspace(0, sound.size - 1, round(sound.size * by)), np.arange(sound.size), sound)


def _synthetic(texts: Sequence[str], stage: Stage) -> tuple[Wave, str] | None:
    dice = stage.dice
    text, voice = _any(texts, dice), _any(VOICES[stage.part], dice)
    said = _espeak(voice, text, 10 * int(dice.integers(2, 9)), 20 * int(dice.integers(5, 11)))
    return None if said is None else (said, text)


@lru_cache(maxsize=2000)
def _espeak(voice: str, text: str, pitch: int, words_per_minute: int) -> Wave | None:
    if shutil.which("espeak-ng") is None:
        return None
    command_line = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(words_per_minute), "--stdout", text]
    data = subprocess.run(command_line, capture_output=True, check=False).stdout
    rate = int.from_bytes(data[24:28], "little")
    pcm = np.frombuffer(data[44 : 44 + (len(data) - 44) // 2 * 2], np.int16)
    if not pcm.any():
        return None
    return trimmed(resample(to_float(pcm), rate, RATE).astype(np.float64))
