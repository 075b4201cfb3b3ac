"""A recorded session: everything that went into the engine, so that a replay gives the byte-identical journal.

A folder with session.json (format, versions, settings), mic.wav, reference.wav (store/track.py says why float) and
events.jsonl: every event and fact, in the order told, stamped with the sample index at which the engine took it. The
recording mirrors the engine's three doors. It never holds the conversation up: the engine's thread only queues, and a
full or slow disk ends the recording, not the talk. There are no gaps: a session is whole up to its end.
"""

from __future__ import annotations

import contextlib
import errno
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import edgeagent
from edgeagent.errors import SessionError
from edgeagent.ports import Sound
from edgeagent.settings import Settings, shown
from edgeagent.store.disk import OWN_FILE, made, opened, write_all, write_whole
from edgeagent.store.journal import encode, read_lines
from edgeagent.store.plain import from_plain, to_plain
from edgeagent.store.spool import Spool
from edgeagent.store.track import Track, read_track
from edgeagent.turn import events
from edgeagent.turn.events import Event, Fact
from edgeagent.units import RATE

FORMAT = 1
"""Of the folder. A reader refuses any other."""

EAR = "ear"
"""Among the versions: the name of the ear, where it was another than that of the settings."""

WAITING_BLOCKS = 4_000
"""Blocks and events that may wait for the disk: 30 s at 16 ms a block, 2.6 MB. SD cards stall for seconds."""

WRITE_EVERY_S = 0.1
"""Rest between two writes: fewer wake-ups beside the audio threads, and a kill costs so much."""

KINDS: dict[str, type[Event] | type[Fact]] = {
    name: kind
    for name, kind in vars(events).items()
    if isinstance(kind, type) and issubclass(kind, Event | Fact) and kind not in (Event, Fact)
}


def event_to_json(event: Event | Fact) -> dict[str, object]:
    """`{"event": class name, "at": sample, ...}`, all JSON values."""
    plain = to_plain(event)
    assert isinstance(plain, dict)
    return {"event": type(event).__name__, **plain}


def event_from_json(plain: Mapping[str, object]) -> Event | Fact:
    """The equal event or fact. Raises SessionError when this version does not know it."""
    fields = dict(plain)
    kind = KINDS.get(str(fields.pop("event", "")))
    try:
        if kind is None:
            raise ValueError("no such event")
        event: Event | Fact = from_plain(kind, fields)
    except ValueError as error:
        problem = f"{dict(plain)}: {error}"
        raise SessionError(problem, "replay the session with the version that recorded it") from error
    return event


class Recording:
    """Writes a session while it happens. All methods on the engine's thread; none but `close` ever waits for the disk.

    folder: made if missing; must not hold a session yet. versions: whatever else decides the outcome (models and their
    checksums). warn: gets one line, on the writer's thread, if the recording has to end early. simulated: nothing of it
    happened, and it can be made again; see `is_simulated`.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        versions: Mapping[str, str],
        warn: Callable[[str], None],
        *,
        simulated: bool = False,
    ) -> None:
        self._folder = folder
        self._warn = warn
        self._overrun = False
        self._ended = ""
        self._head = {
            "format": FORMAT,
            "versions": {
                "edgeagent": edgeagent.__version__,
                "python": platform.python_version(),
                "numpy": np.__version__,
                **versions,
            },
            "rate_hz": RATE,
            "settings": to_plain(shown(settings)),
            **({"simulated": True} if simulated else {}),
        }
        try:
            made(folder)
            if (folder / "session.json").exists():
                raise SessionError(f"{folder}: already holds a session", "record into another folder")
            self._reference = Track(folder / "reference.wav")
            self._microphone = Track(folder / "mic.wav")
            self._events = opened(folder / "events.jsonl", "w")
            self._sign("")
        except OSError as error:
            raise SessionError(f"{folder}: {error.strerror}", "choose a folder that can be written") from error
        self._spool: Spool[bytes | tuple[Track, bytes]] = Spool(
            "recording", self._write, self._failed, WAITING_BLOCKS, WRITE_EVERY_S
        )

    def reference(self, block: Sound) -> None:
        """Record what the engine's door `reference` gets."""
        self._offer((self._reference, _bytes(block)))

    def capture(self, block: Sound) -> None:
        """Record what the engine's door `capture` gets."""
        self._offer((self._microphone, _bytes(block)))

    def tell(self, event: Event | Fact) -> None:
        """Record what the engine's door `tell` gets, as the engine stamped it."""
        self._offer(encode(event_to_json(event)))

    def close(self) -> None:
        """Write what waits, within 2 s, and close the files. Idempotent."""
        if self._events.closed:
            return
        if not self._spool.close():
            self._warn(f"{self._folder}: the disk does not answer; the recording's end is lost")
            return
        if self._overrun and not self._ended:
            self._failed(_too_slow())
        for file in (self._reference, self._microphone, self._events):
            file.close()
        with contextlib.suppress(OSError):
            self._sign(self._ended or "closed")

    def _offer(self, item: bytes | tuple[Track, bytes]) -> None:
        # After one loss nothing more is taken: a session with a gap could not be replayed.
        self._overrun = self._overrun or not self._spool.offer(item)

    def _write(self, batch: list[bytes | tuple[Track, bytes]]) -> None:
        # Events first: a replay never reaches one without its sound; sound without its event would go another way.
        write_all(self._events, b"".join(item for item in batch if isinstance(item, bytes)))
        for track in (self._reference, self._microphone):
            sound = b"".join(item[1] for item in batch if isinstance(item, tuple) and item[0] is track)
            track.append(sound)
        if self._overrun and not self._spool.waiting():
            raise _too_slow()

    def _failed(self, error: OSError) -> None:
        self._ended = str(error.strerror)
        self._warn(f"{self._folder}: {self._ended}; the recording ends here, the conversation goes on")

    def _sign(self, ended: str) -> None:
        head = {**self._head, "ended": ended}
        write_whole(self._folder / "session.json", json.dumps(head, ensure_ascii=False, indent=1) + "\n", OWN_FILE)


def _too_slow() -> OSError:
    return OSError(errno.ETIMEDOUT, "the disk is too slow")


def _bytes(block: Sound) -> bytes:
    return np.asarray(block, "<f4").tobytes()


@dataclass(frozen=True, slots=True)
class Session:
    """A recording, read back."""

    settings: Settings
    versions: Mapping[str, str]
    microphone: Sound
    """(n,) float32, 16 kHz, read-only, mapped from the file."""

    reference: Sound
    """(n,) likewise, sample for sample beside `microphone`."""

    events: tuple[Event | Fact, ...]
    """As told, in order. Those stamped after sample n were told after the last whole piece of sound."""

    ended: str
    """"closed"; "" when the process was killed; otherwise why the recording ended early."""


def read_session(folder: Path) -> Session:
    """The session in `folder`; one that a kill or a full disk cut short is trimmed to what every part covers.

    Raises SessionError for what is missing, damaged, or of another version."""
    head = _head(folder / "session.json")
    try:
        settings: Settings = from_plain(Settings, head["settings"])
        versions = {str(name): str(value) for name, value in dict(head["versions"]).items()}
    except (KeyError, TypeError, ValueError) as error:
        problem = f"{folder / 'session.json'}: {error}"
        raise SessionError(problem, "replay the session with the version that recorded it") from error
    microphone, reference = read_track(folder / "mic.wav"), read_track(folder / "reference.wav")
    length = min(len(microphone), len(reference))
    told = tuple(map(event_from_json, read_lines(folder / "events.jsonl")))
    return Session(settings, versions, microphone[:length], reference[:length], told, str(head.get("ended", "")))


def is_simulated(folder: Path) -> bool:
    """Whether the session in `folder` was made by a simulation. Raises SessionError for what is no session."""
    return _head(folder / "session.json").get("simulated") is True


def _head(path: Path) -> dict[str, Any]:
    try:
        head = json.loads(path.read_bytes())
    except OSError as error:
        raise SessionError(f"{path}: {error.strerror}", "name a folder that `run --record` wrote") from error
    except ValueError as error:
        raise SessionError(f"{path}: is damaged", "restore the file") from error
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        found = head.get("format") if isinstance(head, dict) else None
        problem = f"{path}: session format {found}, this version reads format {FORMAT}"
        raise SessionError(problem, "replay the session with the version that recorded it")
    return head
