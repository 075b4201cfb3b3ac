"""Text-to-speech that may be installed here, each with the voices that it has: espeak-ng, Festival, Flite, Open JTalk.

What is missing is left out. Short texts are said once for each voice and manner and then kept: pitch and pace are
varied by whoever asks. Some voices are heard only where models are measured, and one program, Open JTalk: what a model
makes of those is what it makes of a voice, and of a program, that it has never heard. Open JTalk comes with its voice
in the Python package pyopenjtalk-plus.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import subprocess
from collections.abc import Callable
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
from tools.train.corpus import LEARNT_FROM, Part
from tools.train.sayings import ENGLISH, Words

THROATS = ("", "+f2", "+f3", "+f5", "+m1", "+m3", "+m4", "+m7", "+klatt2", "+klatt4", "+Alicia", "+Annie", "+Andy")
NATIVE = ("ar", "de", "es", "fr", "hi", "nl", "pl", "pt", "ru", "sv", "tr")
ESPEAK = {
    **dict.fromkeys(
        LEARNT_FROM, tuple(language + throat for language in ("en", "en-us", *NATIVE) for throat in THROATS)
    ),
    **dict.fromkeys((Part.HELD_OUT, Part.DEV), ("en-gb-scotland", "it")),
}
"""Voices of espeak-ng: languages, spoken by several throats."""

AT_HOME = 0.5
"""How often a voice of espeak-ng says words of its own language, where there are some, and not English ones."""

FESTIVAL = {
    "ked_diphone": ENGLISH,
    "kal_diphone": ENGLISH,
    "cmu_us_slt_arctic_hts": ENGLISH,
    "hy_fi_mv_diphone": "fi",
    "suo_fi_lj_diphone": "fi",
    "lp_diphone": "it",
    "pc_diphone": "it",
    "czech_machac": "cs",
    "czech_dita": "cs",
    "czech_krb": "cs",
    "czech_ph": "cs",
    "upc_ca_ona_hts": "ca",
    "msu_ru_nsh_clunits": "ru",
}
"""Voices of Festival and the language whose words they say; packages festvox-kdlpc16k, -kallpc16k, -us-slt-hts,
-suopuhe-mv and -lj, -italp16k, -itapc16k, -czech-machac, -dita, -krb and -ph, -ca-ona-hts, -ru."""

ENCODED = {"cs": "iso-8859-2", "ru": "utf-8"}
"""How Festival's voices of a language read; the others read Latin 1."""

FLITE = {**dict.fromkeys(LEARNT_FROM, ("kal16", "awb", "slt")), Part.UNHEARD: ("rms",)}
"""Voices of Flite (package flite). They say the English words."""

NOT_LEARNT_FROM = frozenset(("pc_diphone",))
"""Voices of Festival that are heard where models are measured; the others are learnt from."""

VOWELS = frozenset("aeiouyìíůéäě")
"""What a word in Latin letters must have for Festival to speak it and not to spell it."""


@dataclass(frozen=True, slots=True)
class Said:
    """sound: (n,) float64. source: the program."""

    sound: Wave
    text: str
    source: str


def say(words: Words, part: Part, dice: Dice) -> Said | None:
    """One of `words` by one of the voices of a part; None where no program is installed or the one that was asked has
    nothing to say."""
    shares = {program: share for program, share in PROGRAMS.items() if program.there(part)}
    if not shares:
        return None
    chances = np.array(list(shares.values()))
    return list(shares)[int(dice.choice(len(shares), p=chances / chances.sum()))].say(words, part, dice)


def voices(part: Part) -> str:
    """What names the programs and voices that can be heard in a part here."""
    return f"{[each.say.__name__ for each in PROGRAMS if each.there(part)]} {festival_voices(part)}"


@dataclass(frozen=True)
class Program:
    """there: whether it can be heard in a part."""

    there: Callable[[Part], bool]
    say: Callable[[Words, Part, Dice], Said | None]


def _by_espeak(words: Words, part: Part, dice: Dice) -> Said | None:
    voice = str(dice.choice(ESPEAK[part]))
    own = voice.split("+")[0].split("-")[0]
    text = str(dice.choice(words[own if own in words and dice.random() < AT_HOME else ENGLISH]))
    sound = _espeak(voice, text, 10 * int(dice.integers(2, 9)), 20 * int(dice.integers(5, 11)))
    return None if sound is None else Said(sound, text, "espeak")


def _by_festival(words: Words, part: Part, dice: Dice) -> Said | None:
    voice = str(dice.choice(festival_voices(part)))
    language = FESTIVAL[voice]
    texts = [text for text in words[language] if VOWELS & set(text) or not text.isascii()]
    text = str(dice.choice(texts))
    sound = _festival(voice, text, float(dice.choice((0.85, 1.0, 1.15))))
    return None if sound is None else Said(sound, text, "festival")


def _by_flite(words: Words, part: Part, dice: Dice) -> Said | None:
    voice, text = str(dice.choice(FLITE[part])), str(dice.choice(words[ENGLISH]))
    sound = _flite(voice, text, float(dice.choice((0.8, 1.0, 1.25))), int(dice.choice((0, 85, 110, 150, 200))))
    return None if sound is None else Said(sound, text, "flite")


def _by_open_jtalk(words: Words, _part: Part, dice: Dice) -> Said | None:
    text = str(dice.choice(words["ja"]))
    sound = _open_jtalk(text, float(dice.choice((0.85, 1.0, 1.2))), float(dice.choice((-7.0, -3.0, 0.0, 2.0))))
    return None if sound is None else Said(sound, text, "openjtalk")


def festival_voices(part: Part) -> tuple[str, ...]:
    """Those voices of FESTIVAL that are there and heard in a part."""
    if part is Part.UNHEARD:
        return ()
    return tuple(voice for voice in installed() if (voice in NOT_LEARNT_FROM) is (part not in LEARNT_FROM))


def _is_there(program: str) -> bool:
    return shutil.which(program) is not None


def _jtalk_is_there() -> bool:
    return importlib.util.find_spec("pyopenjtalk") is not None


PROGRAMS = {
    Program(lambda part: part in ESPEAK and _is_there("espeak-ng"), _by_espeak): 0.4,
    Program(lambda part: bool(festival_voices(part)), _by_festival): 0.35,
    Program(lambda part: part in FLITE and _is_there("flite"), _by_flite): 0.25,
    Program(lambda part: part is Part.UNHEARD and _jtalk_is_there(), _by_open_jtalk): 0.35,
}
"""How often each is heard, where it is. The last is never learnt from."""


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


@lru_cache(maxsize=4000)
def _espeak(voice: str, text: str, pitch: int, words_per_minute: int) -> Wave | None:
    command_line = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(words_per_minute), "--stdout", text]
    return _sound(subprocess.run(command_line, capture_output=True, check=False).stdout)


@lru_cache(maxsize=4000)
def _festival(voice: str, text: str, stretch: float) -> Wave | None:
    manner = f"(begin (voice_{voice}) (Parameter.set 'Duration_Stretch {stretch}))"
    said = text.encode(ENCODED.get(FESTIVAL[voice], "latin-1"), "replace")
    return _written(["text2wave", "-eval", manner, "-o"], said)


@lru_cache(maxsize=4000)
def _flite(voice: str, text: str, stretch: float, pitch: int) -> Wave | None:
    manner = ["--setf", f"duration_stretch={stretch}", *(["--setf", f"int_f0_target_mean={pitch}"] if pitch else [])]
    return _written(["flite", "-voice", voice, *manner, "-t", text, "-o"], b"")


@lru_cache(maxsize=4000)
def _open_jtalk(text: str, speed: float, higher: float) -> Wave | None:
    sound, rate = importlib.import_module("pyopenjtalk").tts(text, speed=speed, half_tone=higher)
    made = np.asarray(sound, np.float64) / (np.abs(sound).max() + 1e-9)
    return trimmed(resample(made.astype(np.float32), int(rate), RATE).astype(np.float64))


def _written(command_line: list[str], said: bytes) -> Wave | None:
    """What a program says that takes the name of the file last."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        subprocess.run([*command_line, str(file)], input=said, capture_output=True, check=False)
        return _sound(file.read_bytes()) if file.exists() else None


def _sound(wav: bytes) -> Wave | None:
    """(n,) float64 at RATE of a WAV file with a header of 44 bytes; None without any sound."""
    rate = int.from_bytes(wav[24:28], "little")
    pcm = np.frombuffer(wav[44 : 44 + (len(wav) - 44) // 2 * 2], np.int16)
    if not pcm.any():
        return None
    return trimmed(resample(to_float(pcm), rate, RATE).astype(np.float64))
