"""The clips of the flight recorder on the disk: a folder for each, numbered in the order in which they were made.

    000123/ mic.wav  reference.wav  clean.wav  clip.json  label.json

The three sounds are in step, 16 bit: a clip is to be listened to and learnt from, and is no session to replay, for the
canceller's memory of the minutes before is not in it. clean.wav is what the ear heard then, which nobody could compute
again. A clip is made under another name and renamed when it is whole; what a kill leaves is removed at the next start.
Numbers and not dates are the names: a device without a clock of its own may start in the past.

Folders are 0700 and files 0600: these are the voices of people.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgeagent.errors import EdgeAgentError, SessionError, SoundFileError
from edgeagent.ports import Sound
from edgeagent.signal.wav import read_wav, write_wav
from edgeagent.store.disk import OWN_FILE, OWN_FOLDER, made, write_whole
from edgeagent.store.journal import encode
from edgeagent.store.occasions import Occasion, Was, right
from edgeagent.store.plain import from_plain, to_plain
from edgeagent.units import seconds

FORMAT = 1
"""Of clip.json and label.json. A reader refuses any other."""

CLIP, LABEL = "clip.json", "label.json"

SOUNDS = ("mic", "reference", "clean")

NAME = re.compile(r"\d{6,}")
UNFINISHED = re.compile(r"\.\d{6,}\.(new|gone)")

WAV_HEADER = 44

REMEDY = "name the folder of `flight.dir`"
AS_THE_DEVICE = "look at it as the user whom the device runs as, with sudo -u USER"


@dataclass(frozen=True, slots=True)
class Label:
    """right: whether the device did the right thing. was: a `Was`, "" where nobody said."""

    right: bool
    was: str = ""


@dataclass(frozen=True, slots=True)
class Clip:
    """What clip.json says. start, stop: the samples of the session that the sounds cover; start is a multiple of HOP.
    state: in which the device was at its start, "" if nobody knows. trace: a list for each of near, floor,
    backchannel (probabilities) and evidence (nats), a value a HOP; `first`: the sample at which the first of these
    steps ended. run: when the device had started (UTC). echo: the settings of the canceller."""

    number: int
    folder: Path
    utc: str
    run: str
    versions: Mapping[str, str]
    settings: str
    echo: Mapping[str, bool]
    start: int
    stop: int
    state: str
    occasion: Occasion
    first: int
    trace: Mapping[str, Sequence[float]]
    journal: Sequence[Mapping[str, Any]]
    label: Label | None = field(default=None)

    def sound(self, name: str) -> Sound:
        """One of SOUNDS, (stop - start,) float32. Raises SoundFileError."""
        return read_wav(self.folder / f"{name}.wav")

    def damage(self) -> str:
        """Why its sounds cannot be used; "" where they are whole. A power cut may leave empty files."""
        try:
            lengths = {len(self.sound(name)) for name in SOUNDS}
        except SoundFileError as error:
            return str(error)
        return "" if len(lengths) == 1 else f"{self.folder}: its sounds are not of one length"

    @property
    def shadow(self) -> Mapping[str, Any] | None:
        """The entry of the shadow about this occasion, if it disagreed."""
        found = (entry for entry in self.journal if entry.get("event") == "shadow")
        return next((e for e in found if self.occasion.meets(int(e["onset"]), int(e["at"]))), None)


class Shelf:
    """The folder as the recorder fills it: bounded. One thread; every method may raise OSError."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Removes what was left unfinished. Raises EdgeAgentError where nothing can be written."""
        self.folder = folder
        self._most_bytes = most_bytes
        try:
            made(folder)
            for path in folder.iterdir():
                if UNFINISHED.fullmatch(path.name):
                    shutil.rmtree(path)
            self._sizes = {number: _size(_path(folder, number)) for number in numbers(folder)}
            self._newest = max(self._sizes, default=0)
            (folder / ".probe").touch()
            (folder / ".probe").unlink()
        except OSError as error:
            raise EdgeAgentError(f"{folder}: {error.strerror}", "choose a folder that can be written") from error

    @property
    def bytes(self) -> int:
        """Taken by the clips."""
        return sum(self._sizes.values())

    def put(self, head: Mapping[str, object], sounds: Mapping[str, Sound]) -> int:
        """A new clip, whole or not at all; its number, which none has had before, be it gone or not. head: what goes
        into clip.json. Makes room first, and the folder anew, if somebody has deleted that with the clips."""
        text = encode({"format": FORMAT, **head})
        size = len(text) + sum(WAV_HEADER + 2 * len(sound) for sound in sounds.values())
        made(self.folder)
        self._make_room(size)
        number = self._newest + 1
        draft = self.folder / f".{number:06d}.new"
        shutil.rmtree(draft, ignore_errors=True)  # a disk that failed may have kept one from being removed
        try:
            draft.mkdir(mode=OWN_FOLDER)
            for name, sound in sounds.items():
                write_wav(draft / f"{name}.wav", sound, OWN_FILE)
            (draft / CLIP).write_bytes(text)
            (draft / CLIP).chmod(OWN_FILE)
            draft.rename(_path(self.folder, number))
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        self._sizes[number] = size
        self._newest = number
        return number

    def _make_room(self, size: int) -> None:
        """The oldest go first, those that somebody has labelled last."""
        if self.bytes + size <= self._most_bytes:
            return
        self._sizes = {each: size for each, size in self._sizes.items() if _path(self.folder, each).exists()}
        labelled = {number: (_path(self.folder, number) / LABEL).exists() for number in self._sizes}
        for number in sorted(self._sizes, key=lambda each: (labelled[each], each)):
            if self.bytes + size <= self._most_bytes:
                return
            _remove(self.folder, number)
            del self._sizes[number]


def numbers(folder: Path) -> list[int]:
    """Of the clips in `folder`, the oldest first. Raises OSError."""
    return sorted(int(path.name) for path in folder.iterdir() if NAME.fullmatch(path.name))


def newest(folder: Path) -> Iterator[Path]:
    """What the microphone heard in each clip, the newest first; none where the folder cannot be read."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        found = numbers(folder)
    for number in reversed(found):
        yield _path(folder, number) / f"{SOUNDS[0]}.wav"


def read_clips(folder: Path, damaged: Callable[[str], None]) -> Iterator[Clip]:
    """Every clip in `folder`, the newest first. damaged: gets a line about each that cannot be read. Raises
    SessionError where there is no folder."""
    try:
        found = numbers(folder)
    except OSError as error:
        raise SessionError(f"{folder}: {error.strerror}", _remedy(error)) from error
    for number in reversed(found):
        try:
            yield read_clip(folder, number)
            if fault := _label_of(_path(folder, number))[1]:
                damaged(fault)
        except SessionError as error:
            if _path(folder, number).exists():  # and not just removed by the device, to make room
                damaged(str(error))


def read_clip(folder: Path, number: int) -> Clip:
    """Raises SessionError, also for a clip of another version. A label that cannot be read is none."""
    path = _path(folder, number) / CLIP
    try:
        plain = _plain(path)
        occasion: Occasion = from_plain(Occasion, plain["occasion"])
        trace = {name: plain["trace"][name] for name in ("near", "floor", "backchannel", "evidence")}
        return Clip(
            number=number,
            folder=path.parent,
            occasion=occasion,
            first=plain["trace"]["first"],
            trace=trace,
            label=_label_of(path.parent)[0],
            **{
                key: plain[key]
                for key in ("utc", "run", "versions", "settings", "echo", "start", "stop", "state", "journal")
            },
        )
    except FileNotFoundError:
        raise SessionError(f"{folder}: there is no clip {number}", "`edgeagent review` lists them") from None
    except OSError as error:
        raise SessionError(f"{path}: {error.strerror}", _remedy(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise SessionError(f"{path}: {error}", f"remove the folder {path.parent.name}, or restore it") from error


def read_label(clip: Path) -> Label | None:
    """What somebody has said of it; None for nobody. Raises OSError, or ValueError for what is no label."""
    try:
        plain = _plain(clip / LABEL)
    except FileNotFoundError:
        return None
    label: Label = from_plain(Label, plain["label"])
    return Label(label.right, Was(label.was) if label.was else "")


def _label_of(clip: Path) -> tuple[Label | None, str]:
    """And what is wrong with it, "" for nothing. Raises OSError."""
    try:
        return read_label(clip), ""
    except (KeyError, TypeError, ValueError) as error:
        return None, f"{clip / LABEL}: {error}; label it anew"


def write_label(clip: Clip, label: Label) -> None:
    """In place of any before. Raises SessionError."""
    text = json.dumps({"format": FORMAT, "utc": now(), "label": to_plain(label)}) + "\n"
    try:
        write_whole(clip.folder / LABEL, text, OWN_FILE)
    except FileNotFoundError:
        gone = f"clip {clip.number} is not there any more"
        raise SessionError(gone, "the device has removed it to make room; raise `flight.mb`") from None
    except OSError as error:
        raise SessionError(f"{clip.folder}: {error.strerror}", _remedy(error)) from error


def implied(clip: Clip) -> Was | None:
    """What it was, by its label: as said, or as follows from right or wrong alone; None where that leaves it open."""
    if clip.label is None:
        return None
    if clip.label.was:
        return Was(clip.label.was)
    return Was.INTERRUPTION if clip.label.right == right(clip.occasion.kind, Was.INTERRUPTION) else None


def now(before: int = 0) -> str:
    """UTC, `before` samples ago, to the second."""
    moment = datetime.fromtimestamp(datetime.now(UTC).timestamp() - seconds(before), UTC)
    return moment.isoformat(timespec="seconds")


def _plain(path: Path) -> dict[str, Any]:
    plain = json.loads(path.read_bytes())
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        found = plain.get("format") if isinstance(plain, dict) else None
        raise ValueError(f"format {found}, this version reads format {FORMAT}")
    return plain


def _remedy(error: OSError) -> str:
    return AS_THE_DEVICE if isinstance(error, PermissionError) else REMEDY


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}"


def _size(clip: Path) -> int:
    return sum(path.stat().st_size for path in clip.iterdir())


def _remove(folder: Path, number: int) -> None:
    """Gone at once for whoever looks; half removed by a kill, it is removed at the next start."""
    gone = folder / f".{number:06d}.gone"
    with contextlib.suppress(FileNotFoundError):  # somebody else was faster
        _path(folder, number).rename(gone)
        shutil.rmtree(gone)
