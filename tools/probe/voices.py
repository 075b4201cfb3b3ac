"""What is said in a measurement: by the device, and by whoever interrupts it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from edgeagent import settings
from edgeagent.errors import EdgeAgentError, ServiceError, install
from edgeagent.ports import Pcm, Sound
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.signal.convert import to_int16
from edgeagent.signal.resample import resample
from edgeagent.signal.wav import read_wav, write_wav
from edgeagent.sim.noises import murmur
from edgeagent.units import RATE

PHRASES = (
    "Wait, no, I want to leave on Saturday.",
    "Stop, that is enough of it.",
    "No, tell me something else, please.",
)
"""Said by nobody's voice in particular: what is measured is how fast, not how well people are understood."""

SPEAKERS = ("en+f3", "en+m3", "en-us+f2")
"""Voices of espeak, none of them the device's own."""

LEVEL_DBFS = -30.0
"""RMS of somebody at a table two metres off, at the usual gain."""

BEGINS = 0.02
"""Of the peak: here a voice is taken to begin."""

SENTENCE = (
    "The train to the sea leaves in the morning from platform nine and you change once on the way and there you have "
    "time for a coffee. "
)
"""With few pauses: a stop that falls into one has nothing to silence."""

TRIAL_S = 9.0
"""A trial's text lasts for at least this long."""


def interruptions(phrases: Sequence[str], wav: Path | None, level_dbfs: float, rate: int) -> list[Pcm]:
    """(n,) int16 each at `rate`, trimmed to begin with its voice. wav: instead of phrases that espeak says. Raises
    EdgeAgentError."""
    spoken = [read_wav(wav)] if wav is not None else _said(phrases)
    return [to_int16(resample(_levelled(_trimmed(sound), level_dbfs), RATE, rate)) for sound in spoken]


def _said(phrases: Sequence[str]) -> list[Sound]:
    found = []
    for number, phrase in enumerate(phrases):
        try:
            with closing(EspeakTalker(settings.Talker(voice=SPEAKERS[number % len(SPEAKERS)]))) as talker:
                found.append(np.concatenate(list(talker.say(phrase))))
        except ServiceError as missing:
            remedy = f"{install('speech')}, or give a recording: --stimulus FILE.wav"
            raise EdgeAgentError(f"nobody can interrupt: {missing.problem}", remedy) from missing
    return found


def _trimmed(sound: Sound) -> Sound:
    loud = np.flatnonzero(np.abs(sound) >= BEGINS * np.max(np.abs(sound), initial=0.0))
    if not loud.size or not sound.any():
        raise EdgeAgentError("the interruption is silent", "give a recording of somebody who speaks")
    return sound[loud[0] : loud[-1] + 1]


def _levelled(sound: Sound, level_dbfs: float) -> Sound:
    """At so many dBFS where it is loud: pauses do not count."""
    loud = np.abs(sound) > BEGINS * np.max(np.abs(sound))
    wanted = np.float32(10 ** (level_dbfs / 20) / np.sqrt(np.mean(sound[loud] ** 2)))
    return np.asarray(np.clip(sound * wanted, -1, 1), np.float32)


def text_of(duration_s: float, words_per_minute: int) -> str:
    """A text that lasts for at least so long."""
    words = words_per_minute / 60 * duration_s * 1.3  # voices differ
    return (SENTENCE * (1 + int(words / len(SENTENCE.split())))).strip()


def can_speak(talker: settings.Talker) -> bool:
    """Whether the built-in voice works here."""
    try:
        with closing(EspeakTalker(talker)) as voice:
            voice.check()
    except ServiceError:
        return False
    return True


def stand_in(folder: Path, length: int) -> settings.Talker:
    """For a device without a voice: a file of speech-like sound that is spoken whatever the text, of `length`
    samples."""
    sound = np.asarray(0.1 * murmur(np.random.default_rng(1), length, 1), np.float32)
    path = folder / "voice.wav"
    write_wav(path, np.clip(sound, -1, 1))
    return settings.Talker(kind="wav", wav_dir=str(path))
