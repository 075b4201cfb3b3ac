"""What a generated scene is made of: sentences for the device, and what users, televisions and dishes do meanwhile.

From a table of recordings, from a folder of sound files, or from any text-to-speech that is handed in. What a source
lacks is synthesised where that can be done (hums, coughs, clatter).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from edgeagent.errors import SceneError
from edgeagent.ports import Sound
from edgeagent.signal.wav import read_wav
from edgeagent.sim.mix import trimmed
from edgeagent.sim.truth import USER, Kind
from edgeagent.units import RATE, samples

SYNTHESISED = "text-to-speech"

Say = Callable[[str, str], Sound]
"""(voice, text) to (n,) float32 at 16 kHz."""

SYNTHETIC = (Kind.BACKCHANNEL, Kind.NOISE)
"""Kinds of event that need no clips."""

COMMANDS = frozenset(("stop", "cancel", "no", "go", "wait", "pause", "quiet", "next", "back"))
BACKCHANNELS = frozenset(("uh-huh", "mm-hm", "mhm", "hm", "yeah", "yes", "right", "okay", "ok"))
"""English words by which short recordings of users are sorted when a table does not say what they are."""

HUMS = frozenset(("uh-huh", "mm-hm", "mhm", "hm"))
"""Backchannels that are no words: easier to tell from somebody who takes the floor."""

CLICK = samples(80)
"""Shorter stretches of sound before and after somebody speaks are none of theirs."""

PHRASE_S = 1.0
"""Seconds. A shorter recording of a user of which nobody knows the words is no interruption, and is not used."""

IN_A_ROW, BETWEEN_S = 3, 0.1
"""A single word that is in neither list says nothing by itself: so many of one speaker are an interruption, with so
many seconds between two."""

SENTENCE_S = 3.5
"""Seconds from which a recording in a plain folder is taken for one of the device's."""

SENTENCES = (
    "The forecast for tomorrow is dry and sunny in the morning, with clouds and a little wind in the late afternoon.",
    "Your timer for the potatoes is set to twenty minutes, and I will remind you five minutes before it is over.",
    "The next train to the central station leaves at ten past eight from platform four, and it is on time today.",
    "I found three recipes with lentils. The first one takes half an hour, and you have everything it needs at home.",
    "Here is what is new. The library in the old town opens again on Monday, after more than a year of work.",
    "The museum is open from nine to five. The last guided tour begins at half past three at the main entrance.",
)
TURNS: Mapping[Kind, tuple[str, ...]] = {
    Kind.INTERRUPTION: (
        "no, not that one, I meant the other",
        "wait, can you say that again?",
        "hold on, what about tomorrow evening?",
        "actually, I wanted to ask you something else",
        "sorry, how long did you say?",
    ),
    Kind.COMMAND: ("stop", "cancel", "wait", "stop talking please", "no"),
    Kind.BACKCHANNEL: ("uh-huh", "mm-hm", "yeah", "right", "okay"),
    Kind.FAR_SPEECH: (
        "and now the news of the hour from around the country",
        "did you remember to bring the keys from upstairs?",
    ),
}
"""What text-to-speech says where there are no recordings."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A piece of speech or noise. `load` reads or makes it: (n,) float32. style: what sort of its kind it is, for the
    truth."""

    load: Callable[[], Sound]
    text: str = ""
    style: str = ""


@dataclass(slots=True)
class Cast:
    """Clips by part. A kind of event without clips does not occur, except where it can be synthesised."""

    device: list[Clip] = field(default_factory=list)
    events: dict[Kind, list[Clip]] = field(default_factory=lambda: {kind: [] for kind in Kind})

    def kinds(self) -> list[Kind]:
        """The kinds of event that can occur."""
        return [kind for kind in Kind if self.events[kind] or kind in SYNTHETIC]

    def checked(self, source: str) -> Cast:
        """Itself, with users as far speech where there is none of its own. Raises SceneError when there is nothing for
        the device to say or nobody to interrupt it."""
        if not self.device:
            raise SceneError(
                f"{source}: nothing for the device to say", f"give kind 'agent', or recordings over {SENTENCE_S} s"
            )
        if not self.events[Kind.INTERRUPTION] and not self.events[Kind.COMMAND]:
            raise SceneError(f"{source}: no user turns", "give kind 'interruption', 'command' or 'near'")
        self.events[Kind.FAR_SPEECH] = self.events[Kind.FAR_SPEECH] or self.events[Kind.INTERRUPTION]
        return self


def from_table(path: Path, speakers: Collection[str] | None = None) -> Cast:
    """The recordings that a CSV lists. Columns: path (relative to it), kind; optional text, start_s, end_s, active (in
    which stretches of the file, as in "2.59-3.14;3.20-3.31", somebody is heard; what is before and after is cut off,
    however loud), duration_s, source, style (without it what `style_of` makes of the others). speakers: take no others,
    by the column speaker.

    kind: agent, one of the kinds of truth.json, or near (a user, sorted by text and length; single words are put in a
    row, by the column speaker or by file). Others are passed over. Raises SceneError."""
    cast, words = Cast(), dict[str, list[Clip]]()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets put a mark before the first column
            rows = list(csv.DictReader(file, restval=""))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SceneError(
            f"{path}: cannot be read: {error}", "give a CSV in UTF-8 with the columns path and kind"
        ) from None
    needed = "path and kind" if speakers is None else "path, kind and speaker"
    for number, row in enumerate(rows, start=2):
        try:
            if speakers is None or row["speaker"] in speakers:
                _cast_row(cast, words, path.parent, row)
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            raise SceneError(f"{path}, line {number}: {error}", f"{needed} are needed; times are in seconds") from None
    for clips in words.values():
        cast.events[Kind.INTERRUPTION] += [
            _in_a_row(clips[at : at + IN_A_ROW]) for at in range(0, len(clips) - IN_A_ROW + 1, IN_A_ROW)
        ]
    return cast.checked(str(path))


def from_folder(folder: Path) -> Cast:
    """The sound files in `folder`. In subfolders named agent, interruption, command, ... they are of that kind; the
    others are the device's when they last SENTENCE_S or more, and users' otherwise. Raises SceneError."""
    cast = Cast()
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".wav", ".flac", ".ogg")):
        clip = Clip(partial(_cut, path, 0, None))
        part = path.relative_to(folder).parts[0] if path.parent != folder else ""
        if part == "agent":
            cast.device.append(clip)
        elif part in list(Kind):
            cast.events[Kind(part)].append(clip)
        elif clip.load().size >= SENTENCE_S * RATE:
            cast.device.append(clip)
        else:
            cast.events[Kind.INTERRUPTION].append(clip)
    return cast.checked(str(folder))


def from_speech(say: Say, device: str, people: Sequence[str]) -> Cast:
    """Everything said by text-to-speech: `device` and `people` are voices of it."""
    cast = Cast([Clip(partial(say, device, text), text) for text in SENTENCES])
    for kind, texts in TURNS.items():
        styles = {text: style_of(kind, text, SYNTHESISED) for text in texts}
        cast.events[kind] = [Clip(partial(say, who, text), text, styles[text]) for who in people for text in texts]
    return cast.checked(SYNTHESISED)


def style_of(kind: Kind, text: str, source: str = "") -> str:
    """What sort of its kind a clip is, by its words, and where it is from: "hum, text-to-speech"."""
    said = plain(text)
    shape = ""
    if kind is Kind.BACKCHANNEL and said:
        shape = "hum" if said in HUMS else "word"
    elif kind in USER:
        shape = "word" if said and " " not in said else "phrase"
    return ", ".join(part for part in (shape, source) if part)


def plain(text: str) -> str:
    """Without case and without punctuation around it."""
    return text.strip(" .,!?").casefold()


def _cast_row(cast: Cast, words: dict[str, list[Clip]], root: Path, row: Mapping[str, str]) -> None:
    """To the cast; what becomes a phrase only beside others goes to `words`, by who says it."""
    kind, text = row["kind"], row.get("text") or ""
    if kind and not row["path"]:
        raise ValueError("names no file")
    start = round(float(row.get("start_s") or 0) * RATE)
    stop = round(float(row["end_s"]) * RATE) if row.get("end_s") else None
    if active := row.get("active"):
        start, stop = _heard(active, start, stop)
    if start < 0 or (stop is not None and stop <= start):
        raise ValueError(f"there is no sound from {start / RATE:g} s" + (f" to {stop / RATE:g} s" if stop else ""))
    load = partial(_cut, root / row["path"], start, stop)
    if kind == "agent":
        cast.device.append(Clip(load, text))
    elif kind in list(Kind):
        cast.events[Kind(kind)].append(Clip(load, text, _style(Kind(kind), row)))
    elif kind == "near":
        told = (stop - start) / RATE if stop is not None else float(row.get("duration_s") or 0)
        found = _sorted(text, lambda: told or load().size / RATE)
        if found is not None:
            cast.events[found].append(Clip(load, text, _style(found, row)))
        elif plain(text):
            words.setdefault(row.get("speaker") or row["path"], []).append(
                Clip(load, plain(text), row.get("source") or "")
            )


def _heard(active: str, start: int, stop: int | None) -> tuple[int, int]:
    """The part of `start` .. `stop`, in samples, in which somebody is heard; clicks before and after are nobody. Raises
    ValueError."""
    stretches = [[round(float(end) * RATE) for end in stretch.split("-")] for stretch in active.split(";")]
    voiced = [(begin, end) for begin, end in stretches if end - begin >= CLICK] or stretches
    first, last = voiced[0][0], voiced[-1][1]
    return max(start, first), last if stop is None else min(stop, last)


def _style(kind: Kind, row: Mapping[str, str]) -> str:
    return row.get("style") or style_of(kind, row.get("text") or "", row.get("source") or "")


def _sorted(text: str, lasts_s: Callable[[], float]) -> Kind | None:
    """What a user's recording is, by its words and, if they do not tell, its length."""
    said = plain(text)
    if said in COMMANDS:
        return Kind.COMMAND
    if said in BACKCHANNELS:
        return Kind.BACKCHANNEL
    return Kind.INTERRUPTION if (" " in said or not said) and lasts_s() >= PHRASE_S else None


def _in_a_row(words: Sequence[Clip]) -> Clip:
    """Words of one speaker, of which each has its source for its style."""
    text = " ".join(word.text for word in words)
    return Clip(partial(_joined, words), text, style_of(Kind.INTERRUPTION, text, words[0].style))


def _joined(words: Sequence[Clip]) -> Sound:
    between, parts = np.zeros(round(BETWEEN_S * RATE), np.float32), list[Sound]()
    for word in words:
        parts += [between, trimmed(word.load().astype(np.float64)).astype(np.float32)]
    return np.concatenate(parts[1:])


def _cut(path: Path, start: int, stop: int | None) -> Sound:
    whole = _whole(path)
    if start >= whole.size:
        lasts = f"lasts {whole.size / RATE:g} s, the table takes it from {start / RATE:g} s on"
        raise SceneError(f"{path}: {lasts}", "mend start_s, which is in seconds")
    cut = whole[start:stop]
    if not cut.any():  # which the truth would call an event, and nobody could notice
        problem = f"{path}: holds nothing but silence from {start / RATE:g} s on"
        raise SceneError(problem, "take it out, or mend its times")
    return cut


@lru_cache(maxsize=8)
def _whole(path: Path) -> Sound:
    """The last few files: many clips lie in one."""
    return read_wav(path)
