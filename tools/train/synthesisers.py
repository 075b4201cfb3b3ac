"""Text-to-speech that may be installed here: espeak-ng and Festival, each with the voices that it has.

What is missing is left out. Short texts are said once for each voice and manner and then kept: pitch and pace are
varied by whoever asks.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from edgeagent.signal.convert import to_float
from edgeagent.signal.resample import resample
from edgeagent.sim.mix import trimmed
from edgeagent.sim.noises import Dice, Wave
from edgeagent.units import RATE
from tools.train.corpus import Part

Words = Mapping[str, Sequence[str]]

ENGLISH = "en"

LISTENING: Words = {
    ENGLISH: ("uh huh", "mm hmm", "yeah", "hmm", "right", "okay", "oh", "aha", "yes", "mhm", "I see", "sure", "uh-huh"),
    "fi": ("joo", "niin", "aha", "okei", "juu", "selvä"),
    "it": ("sì", "ah", "certo", "giusto", "va bene", "aha"),
    "cs": ("jo", "ano", "aha", "jasně", "dobře", "no jo"),
    "ca": ("sí", "clar", "ja", "aha", "val"),
}
TAKING: Words = {
    ENGLISH: (
        *("stop", "wait", "no", "hold on", "cancel", "pause", "quiet", "but why?", "what?", "no not that", "go back"),
        *("hey", "go", "go on to the next", "excuse me", "not now", "who?", "when?", "louder", "next", "enough"),
    ),
    "fi": ("seis", "odota", "ei", "lopeta", "mutta miksi", "hetkinen", "seuraava", "hiljaa"),
    "it": ("ferma", "aspetta", "no", "basta", "ma perché", "scusa", "avanti", "silenzio"),
    "cs": ("stop", "počkej", "ne", "stůj", "dost", "ale proč", "promiň", "další"),
    "ca": ("para", "espera", "no", "prou", "però per què", "perdona"),
}
"""What the voices of a language say to listen aloud and to take the floor."""

LANGUAGES = ("en", "en-us", "de", "fr", "es", "pt")
THROATS = ("", "+f2", "+f3", "+f5", "+m1", "+m3", "+m4", "+m7")
ESPEAK = {
    Part.TRAIN: tuple(language + throat for language in LANGUAGES for throat in THROATS),
    Part.HELD_OUT: ("en-gb-scotland", "it"),
    Part.DEV: ("en-gb-scotland", "it"),
}
"""Voices of espeak-ng: languages, spoken by several throats. They say the English words."""

FESTIVAL = {
    "ked_diphone": ENGLISH,
    "hy_fi_mv_diphone": "fi",
    "suo_fi_lj_diphone": "fi",
    "lp_diphone": "it",
    "pc_diphone": "it",
    "czech_machac": "cs",
    "czech_dita": "cs",
    "upc_ca_ona_hts": "ca",
}
"""Voices of Festival and the language whose words they say; packages festvox-kdlpc16k, festvox-suopuhe-mv and -lj,
festvox-italp16k, festvox-itapc16k, festvox-czech-machac and -dita, festvox-ca-ona-hts."""

NOT_LEARNT_FROM = frozenset(("pc_diphone",))
"""Those of them that are heard where models are measured; the others are learnt from."""

VOWELS = frozenset("aeiouyìíůéäě")
"""What a word must have for Festival to speak it and not to spell it."""

FESTIVALS = 0.45
"""Share of what Festival says, where it is installed."""


@dataclass(frozen=True, slots=True)
class Said:
    """sound: (n,) float64. source: the program."""

    sound: Wave
    text: str
    source: str


def say(words: Words, part: Part, dice: Dice) -> Said | None:
    """One of `words` by one of the voices of a part; None where no program is installed."""
    voices = [voice for voice in installed() if (voice in NOT_LEARNT_FROM) is (part is not Part.TRAIN)]
    if voices and dice.random() < FESTIVALS:
        voice = str(dice.choice(voices))
        texts = [text for text in words[FESTIVAL[voice]] if VOWELS & set(text)]
        text = str(dice.choice(texts))
        sound = _festival(voice, text, float(dice.choice((0.85, 1.15))))
        return None if sound is None else Said(sound, text, "festival")
    text, voice = str(dice.choice(words[ENGLISH])), str(dice.choice(ESPEAK[part]))
    sound = _espeak(voice, text, 10 * int(dice.integers(2, 9)), 20 * int(dice.integers(5, 11)))
    return None if sound is None else Said(sound, text, "espeak")


@lru_cache(maxsize=1)
def installed() -> tuple[str, ...]:
    """The voices of FESTIVAL that are there."""
    if shutil.which("text2wave") is None:
        return ()
    asked = subprocess.run(
        ["festival", "--batch", "(print (voice.list))"], capture_output=True, text=True, check=False
    ).stdout
    there = set(asked.replace("(", " ").replace(")", " ").split())
    return tuple(voice for voice in FESTIVAL if voice in there)


@lru_cache(maxsize=2000)
def _espeak(voice: str, text: str, pitch: int, words_per_minute: int) -> Wave | None:
    if shutil.which("espeak-ng") is None:
        return None
    command_line = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(words_per_minute), "--stdout", text]
    return _sound(subprocess.run(command_line, capture_output=True, check=False).stdout)


@lru_cache(maxsize=2000)
def _festival(voice: str, text: str, stretch: float) -> Wave | None:
    manner = f"(begin (voice_{voice}) (Parameter.set 'Duration_Stretch {stretch}))"
    with TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        command_line = ["text2wave", "-eval", manner, "-o", str(file)]
        said = text.encode("latin-1" if FESTIVAL[voice] != "cs" else "iso-8859-2", "replace")
        subprocess.run(command_line, input=said, capture_output=True, check=False)
        return _sound(file.read_bytes()) if file.exists() else None


def _sound(wav: bytes) -> Wave | None:
    """(n,) float64 at RATE of a WAV file with a header of 44 bytes; None without any sound."""
    rate = int.from_bytes(wav[24:28], "little")
    pcm = np.frombuffer(wav[44 : 44 + (len(wav) - 44) // 2 * 2], np.int16)
    if not pcm.any():
        return None
    return trimmed(resample(to_float(pcm), rate, RATE).astype(np.float64))
