"""The recordings that the ear is trained on, sorted by the part they can play.

A corpus is a folder with two tables. `manifest.csv`, a row per file: path, kind (near, agent, noise, rir), split,
licence, attribution. `segments.csv`, a row per utterance: path, split, kind, source, speaker, start_s, end_s, active
("start-end;start-end", in seconds of the file: where the voice is), text. Impulse responses with `loudspeaker` in their
path are of loudspeakers, the others of rooms.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np

from edgeagent.errors import EdgeAgentError
from edgeagent.signal.wav import read_wav
from edgeagent.sim.noises import Wave
from edgeagent.units import RATE, samples, seconds

COMMANDS = frozenset(
    ("stop", "no", "cancel", "go", "wait", "start", "close", "open", "disable", "undo", "off", "next", "back")
)
BACKCHANNELS = frozenset(("yes", "right", "ok", "okay", "yeah", "uh-huh", "mm-hm", "mhm"))
"""Isolated words that stand for either. English, or the English gloss of a word of another language."""

SEGMENTS, MANIFEST = "segments.csv", "manifest.csv"

COLUMNS = {
    SEGMENTS: ("path", "split", "kind", "source", "speaker", "start_s", "end_s", "active", "text"),
    MANIFEST: ("path", "kind", "split", "licence", "attribution"),
}
"""That a table must have; it may have others."""

REMEDY = "tools/train/corpus.py tells how a corpus is laid out"

PHRASE_S = 1.2
"""Seconds of voice from which a recording of a person is a phrase and not a word."""

ROUNDED = samples(50)
"""By how much a time in a table may be off."""

ONE_IN, RESIDUE = 10, 1
"""One speaker in ten is held out: those whose hash leaves this residue. (Of the published corpus, residue 1 holds out
two of the agent's voices and two of the Arabic speakers; residue 0 would take most of the agent's speech away.)"""

THIRD = 3
"""Every third impulse response and noise is held out."""


class Part(StrEnum):
    """Which of the recordings: learnt from, held out of the same split, or of the other split.

    later: those learnt from, in crowded scenes of what is hard: short words by many machines and of other languages,
    hums, and a device that is moved. unheard: those held out, but all that is said to the device is said by
    text-to-speech of which nothing was learnt from (`synthesisers`)."""

    TRAIN = "train"
    HELD_OUT = "held_out"
    DEV = "dev"
    LATER = "later"
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True)
class Clip:
    """Samples [start, stop) of a file. active: where the voice is, in samples of the clip."""

    path: Path
    start: int
    stop: int
    active: tuple[tuple[int, int], ...]
    speaker: str
    text: str
    source: str

    def sound(self) -> Wave:
        """(stop - start,) float64, or what there is of it behind the last voice. Raises EdgeAgentError where the file
        has no voice."""
        sound, voice = whole(self.path), self.start + self.active[-1][1]
        if sound.size < voice - ROUNDED:
            problem = f"{self.path}: is over after {seconds(sound.size):.2f} s; by {SEGMENTS} a voice speaks up to"
            raise EdgeAgentError(f"{problem} {seconds(voice):.2f}", "mend either")
        made = sound[self.start : self.stop].astype(np.float64)
        if not made.any():
            problem = f"{self.path}: holds zeros from {seconds(self.start):.2f} to {seconds(self.stop):.2f} s"
            raise EdgeAgentError(problem, f"leave it out of {SEGMENTS}")
        return made

    @property
    def voice(self) -> int:
        """Samples of voice."""
        return sum(stop - start for start, stop in self.active)


@dataclass(slots=True)
class Corpus:
    """One part of the recordings. words: single words that are in neither list, by speaker."""

    agent: dict[str, list[Clip]] = field(default_factory=dict)
    phrases: list[Clip] = field(default_factory=list)
    commands: list[Clip] = field(default_factory=list)
    backchannels: list[Clip] = field(default_factory=list)
    words: dict[str, list[Clip]] = field(default_factory=dict)
    noises: list[Path] = field(default_factory=list)
    loudspeakers: list[Path] = field(default_factory=list)
    rooms: list[Path] = field(default_factory=list)
    credits: set[tuple[str, str]] = field(default_factory=set)
    """(credit line, licence) of every file."""


LEARNT_FROM = (Part.TRAIN, Part.LATER)


def held_out(speaker: str) -> bool:
    """Whether a speaker of this name is never learnt from. Depends on the name alone."""
    return int(sha256(speaker.encode()).hexdigest()[:8], 16) % ONE_IN == RESIDUE


def load_corpus(folder: Path, part: Part) -> Corpus:
    """The recordings of that part. Raises EdgeAgentError when a table cannot be read, or a file or something else that
    is essential lacks."""
    corpus = Corpus()
    split = "dev" if part is Part.DEV else "train"
    recorded = {Part.LATER: Part.TRAIN, Part.UNHEARD: Part.HELD_OUT}.get(part, part)
    for row in _rows(folder / SEGMENTS):
        clip = _clip(folder, row)
        if row["split"] == split and clip.active and recorded in (Part.DEV, _part(clip.speaker)):
            _sort(corpus, clip, row["kind"])
    manifest = [row for row in _rows(folder / MANIFEST) if row["split"] == split]
    corpus.credits = {(row["attribution"], row["licence"]) for row in manifest}
    for kind in ("noise", "rir"):
        names = sorted((row["path"] for row in manifest if row["kind"] == kind), key=Path)
        for number, name in enumerate(names):
            if part is Part.DEV or (number % THIRD == THIRD - 1) is (recorded is Part.HELD_OUT):
                rooms = corpus.loudspeakers if "loudspeaker" in name else corpus.rooms
                (corpus.noises if kind == "noise" else rooms).append(folder / name)
    lacking = [name for name in ("agent", "phrases", "commands", "backchannels", "words") if not getattr(corpus, name)]
    if lacking:
        raise EdgeAgentError(f"{folder}: no {', '.join(lacking)} in part {part}", "add recordings, or another corpus")
    if absent := sorted(path for path in _files(corpus) if not path.is_file()):
        others = f", and {len(absent) - 1} more like it" if len(absent) > 1 else ""
        raise EdgeAgentError(f"{absent[0]}: is in the tables of the corpus and not there{others}", REMEDY)
    return corpus


def _files(corpus: Corpus) -> set[Path]:
    lists = *corpus.agent.values(), corpus.phrases, corpus.commands, corpus.backchannels, *corpus.words.values()
    return {clip.path for clips in lists for clip in clips} | {*corpus.noises, *corpus.loudspeakers, *corpus.rooms}


@lru_cache(maxsize=400)
def whole(path: Path) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The file's sound; the last ones read are kept, because many clips lie in one file."""
    return read_wav(path)


def tables(folder: Path) -> str:
    """What names a corpus wherever it lies: a digest of both of its tables. Of the sounds it knows what these say.
    Raises EdgeAgentError when one cannot be read."""
    paths = folder / SEGMENTS, folder / MANIFEST
    try:
        return sha256(b"".join(sha256(path.read_bytes()).digest() for path in paths)).hexdigest()[:12]
    except OSError as error:
        raise _unreadable(Path(error.filename or folder), error) from None


def _part(speaker: str) -> Part:
    return Part.HELD_OUT if held_out(speaker) else Part.TRAIN


def _rows(path: Path) -> Sequence[Mapping[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # as a spreadsheet may write it
            table = csv.DictReader(file)
            rows = list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from None
    lacking = [name for name in COLUMNS[path.name] if name not in (table.fieldnames or ())]
    if lacking:
        raise EdgeAgentError(f"{path}: no column {', '.join(lacking)}", REMEDY)
    for number, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            raise EdgeAgentError(f"{path}: row {number} has more cells than the head, or fewer", REMEDY)
    return rows


def _unreadable(path: Path, error: Exception) -> EdgeAgentError:
    return EdgeAgentError(f"{path}: cannot be read: {error}", "give the folder of a corpus")


def _clip(folder: Path, row: Mapping[str, str]) -> Clip:
    try:
        start_s = float(row["start_s"])
        start, stop = round(start_s * RATE), round(float(row["end_s"]) * RATE)
        stretches = (stretch.split("-") for stretch in row["active"].split(";") if stretch)
        active = tuple(
            (max(0, round((float(a) - start_s) * RATE)), round((float(b) - start_s) * RATE)) for a, b in stretches
        )
        edges = [0, *(edge for stretch in active for edge in stretch), stop - start + ROUNDED]
        if start < 0 or edges != sorted(edges) or any(a == b for a, b in active):
            raise ValueError("voice is not within its seconds, a stretch after the other")
    except (ValueError, OverflowError) as error:
        raise EdgeAgentError(f"{folder / SEGMENTS}: {error} in {dict(row)}", REMEDY) from None
    text = row["text"].strip(" .,!?").casefold()
    return Clip(folder / row["path"], start, stop, active, row["speaker"], text, row["source"])


def _sort(corpus: Corpus, clip: Clip, kind: str) -> None:
    if kind == "agent":
        corpus.agent.setdefault(clip.speaker, []).append(clip)
    elif kind != "near":
        return
    elif clip.text in BACKCHANNELS:
        corpus.backchannels.append(clip)
    elif clip.text in COMMANDS:
        corpus.commands.append(clip)
    elif clip.voice >= PHRASE_S * RATE:
        corpus.phrases.append(clip)
    else:
        corpus.words.setdefault(clip.speaker, []).append(clip)
