"""Who speaks in the bench: voices for the device and for the person, noises, measured impulse responses.

Of a corpus with a manifest (columns path, kind, split, speaker) only what nothing was trained on: its split `dev`; or,
with a list of speakers that were held out, those, and every third noise and impulse response of the rest.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from edgeagent.errors import SceneError
from edgeagent.ports import Sound
from edgeagent.signal.wav import read_wav
from edgeagent.sim.mix import ACTIVE, FRAME, active_rms
from edgeagent.sim.noises import Dice, Wave
from edgeagent.sim.voices import SENTENCES, TURNS, Say
from edgeagent.units import samples

SUFFIXES = (".wav", ".flac", ".ogg")

THIRD = 3
"""Of the noises and impulse responses of a split, the last of every three is held out."""

PAUSE = 25
"""Frames (250 ms) of silence that end an utterance."""

SHORTEST, PHRASE, LONGEST = samples(300), samples(900), samples(3000)
"""Of an utterance; from where on it is a phrase, which a person is taken to say where there are such; and at most: a
longer one is cut where it is quietest in its second half."""

DRAWS = 50
"""How often a fitting phrase of running speech is looked for, and then anything, cut to fit."""

RUNNING = 0.8
QUIET = 10 ** (-38 / 10)
"""Share of phrases in running speech, and power of its quietest tenth below its loudest frame. Elsewhere what is as
long as a phrase may be a word with noise around it, which a voice activity detector misses even without any echo."""

MARGIN = samples(30)
"""Kept before and after: soft onsets are below the threshold."""

Load = Callable[[], Sound]


@dataclass(slots=True)
class Speech:
    """far, near: recordings by talker. noises, loudspeakers, rooms: recordings, maybe none. source: where all this is
    from, for people."""

    source: str
    far: dict[str, list[Load]] = field(default_factory=dict)
    near: dict[str, list[Load]] = field(default_factory=dict)
    noises: list[Load] = field(default_factory=list)
    loudspeakers: list[Load] = field(default_factory=list)
    rooms: list[Load] = field(default_factory=list)

    def checked(self) -> Speech:
        """Itself. Raises SceneError when somebody has nothing to say."""
        for part, name in ((self.far, "device (kind agent)"), (self.near, "person (kind near)")):
            if not part:
                raise SceneError(f"{self.source}: no recording for the {name}", "give a folder with both")
        return self

    def talk(self, dice: Dice, size: int) -> Wave:
        """(size,) of one of the device's voices that never stops for long."""
        voice = sorted(self.far)[int(dice.integers(len(self.far)))]
        gap = np.zeros(samples(120))
        talk = np.zeros(0)
        deck: list[Load] = []
        while talk.size < size:
            if not deck:
                deck = [load for load in self.far[voice] if pieces(load, size)]
                if not deck:
                    raise SceneError(f"{self.source}: no speech in the recordings of '{voice}'", "give others")
                dice.shuffle(deck)
            said = [part for piece in pieces(deck.pop(), size) for part in (_levelled(piece), gap)]
            talk = np.concatenate((talk, *said))
        return talk[:size]

    def utterance(self, dice: Dice, longest: int) -> Wave:
        """Something that a person says, of RMS 1 while they speak, at most `longest` samples."""
        voices = sorted(self.near)
        for draw in range(2 * DRAWS):
            voice = self.near[voices[int(dice.integers(len(voices)))]]
            recording = voice[int(dice.integers(len(voice)))]
            found = pieces(recording)
            if draw < DRAWS:
                fits = range(min(PHRASE, longest // 2), longest + 1)
                found = [piece for piece in found if piece.size in fits] if running(recording) else []
            if found:
                return _levelled(found[int(dice.integers(len(found)))][:longest])
        raise SceneError(f"{self.source}: no speech in the recordings of people", "give others")


def from_voices(say: Say, device: str, people: Collection[str]) -> Speech:
    """Everything said by text-to-speech, at once, so that it can be handed to other processes."""
    speech = Speech(f"voices of espeak-ng ({device} against {', '.join(people)})")
    speech.far[device] = [partial(_given, say(device, text)) for text in SENTENCES]
    texts = [text for kind in TURNS.values() for text in kind]
    for person in people:
        speech.near[person] = [partial(_given, say(person, text)) for text in texts]
    return speech


def from_folder(folder: Path, speakers: Collection[str] | None = None) -> Speech:
    """The recordings in `folder`, with its manifest.csv if it has one. speakers: those who were held out; without a
    manifest they mean nothing. Raises SceneError."""
    if (folder / "manifest.csv").exists():
        return _from_manifest(folder, speakers)
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    speech = Speech(f"{folder}: all {len(files)} files, no manifest.csv")
    spoken = []
    for path in files:
        name = path.relative_to(folder)
        if not _sorted(speech, name.parts[0], path.parent.name, folder, str(name)):
            spoken.append(path)
    for number, path in enumerate(spoken):
        part = speech.near if number % 2 else speech.far
        part.setdefault(path.stem, []).append(partial(_read, path))
    return speech.checked()


def _from_manifest(folder: Path, speakers: Collection[str] | None) -> Speech:
    table = folder / "manifest.csv"
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:  # as a spreadsheet may write it
            rows = [{"split": "", "speaker": "", **row} for row in csv.DictReader(file, restval="")]
        wanted = [row for row in rows if row["split"] in (("dev", "") if speakers is None else ("train", ""))]
        people = [row for row in wanted if speakers is None or row["speaker"] in speakers]
        others = {kind: sorted((row for row in wanted if row["kind"] == kind), key=_path) for kind in ("noise", "rir")}
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise SceneError(f"{table}: cannot be read: {error!r}", "it needs the columns path and kind") from None
    if unnamed := [number for number, row in enumerate(rows, start=2) if row["kind"] and not row["path"]]:
        raise SceneError(f"{table}, line {unnamed[0]}: names no file", "mend the line, or take it out")
    which = "split dev" if speakers is None else "held-out speakers, every third noise and response, of split train"
    speech = Speech(f"{folder}: {which}")
    for row in people:
        _sorted(speech, row["kind"] if row["kind"] in ("agent", "near") else "", row["speaker"], folder, row["path"])
    for kind, listed in others.items():
        for row in listed if speakers is None else listed[THIRD - 1 :: THIRD]:
            _sorted(speech, kind, "", folder, row["path"])
    return speech.checked()


def _path(row: Mapping[str, str]) -> str:
    return row["path"]


def _sorted(speech: Speech, kind: str, talker: str, folder: Path, name: str) -> bool:
    """Put the file where it belongs, by its name in the folder, wherever that lies; whether its kind is known."""
    load = partial(_read, folder / name)
    if kind == "agent":
        speech.far.setdefault(talker, []).append(load)
    elif kind == "near":
        speech.near.setdefault(talker, []).append(load)
    elif kind == "noise":
        speech.noises.append(partial(_sounding, folder / name))
    elif kind == "rir":
        part = speech.loudspeakers if "loudspeaker" in name else speech.rooms
        part.append(partial(_sounding, folder / name))
    else:
        return False
    return True


def _given(sound: Sound) -> Sound:
    return sound


@lru_cache(maxsize=16)
def _read(path: Path) -> Sound:
    return read_wav(path)


def _sounding(path: Path) -> Sound:
    sound = _read(path)
    if not sound.any():
        raise SceneError(f"{path}: holds nothing but silence, which has no level", "take it out")
    return sound


@lru_cache(maxsize=256)
def pieces(load: Load, longest: int = LONGEST) -> list[Wave]:
    """The stretches of speech in a recording, each with a little around it."""
    sound = load().astype(np.float64)
    sound = np.concatenate((sound, np.zeros(-sound.size % FRAME)))
    power = _powers(sound)
    loud = np.flatnonzero(power > max(ACTIVE * float(power.max(initial=0.0)), 1e-9))
    if not loud.size:
        return []
    breaks = np.flatnonzero(np.diff(loud) > PAUSE)
    first = loud[np.concatenate(([0], breaks + 1))] * FRAME
    last = (loud[np.concatenate((breaks, [loud.size - 1]))] + 1) * FRAME
    found = []
    for start, stop in zip(first.tolist(), last.tolist(), strict=True):
        if stop - start > longest:
            half = slice((start + longest // 2) // FRAME, (start + longest) // FRAME)
            stop = (half.start + int(np.argmin(power[half]))) * FRAME
        if stop - start >= SHORTEST:
            found.append(sound[max(0, start - MARGIN) : stop + MARGIN])
    return found


@lru_cache(maxsize=1024)
def running(load: Load) -> bool:
    """Whether the recording is running speech: mostly phrases, and quiet between them."""
    sizes = [piece.size for piece in pieces(load)]
    if sum(size for size in sizes if size >= PHRASE) <= RUNNING * sum(sizes):
        return False
    power = _powers(load().astype(np.float64))
    power = power[power > 0]  # digital silence, where clips were joined, says nothing
    return bool(np.quantile(power, 0.1) < QUIET * power.max())


def _powers(sound: Wave) -> Wave:
    powers: Wave = np.mean(sound[: sound.size // FRAME * FRAME].reshape(-1, FRAME) ** 2, axis=1)
    return powers


def _faded(sound: Wave) -> Wave:
    ramp = np.linspace(0.0, 1.0, min(MARGIN, sound.size // 2))
    faded = sound.copy()
    faded[: ramp.size] *= ramp
    faded[faded.size - ramp.size :] *= ramp[::-1]
    return faded


def _levelled(piece: Wave) -> Wave:
    """Faded in and out, and of RMS 1 where it is loud."""
    sound = _faded(piece)
    return sound / active_rms(sound)
