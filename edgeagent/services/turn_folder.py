"""Where the WAVs of turns lie: for good, the newest of them, or only while a command looks at one."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from edgeagent.errors import ServiceError

SESSIONS = "[0-9]*T*Z"
"""Folders of other sessions beside ours, by the moment of their start."""

TURNS = "turn-*.wav"


class TurnFolder:
    """The hook's thread only, once it is made.

    path: where this session's WAVs go; made with the first one. lasting: whether they stay."""

    def __init__(self, folder: str, most: int = 0, lenient: bool = False) -> None:
        """folder: "" for a temporary one. most: how many WAVs stay, those of earlier sessions beside `folder` counted;
        0 for all. lenient: what cannot be made costs each turn its WAV, and not the start. Raises ServiceError when
        there is no place for the folder."""
        self._temporary = None if folder else TemporaryDirectory(prefix="edgeagent-")
        self.path = Path(self._temporary.name if self._temporary else folder).expanduser().resolve()
        self.lasting = self._temporary is None
        self._most = most
        self._kept: deque[Path] | None = None
        self._in_work: set[Path] = set()
        above = self.path.parent
        try:
            above.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            if not lenient:
                why = f"capture.turns_dir: {above}: {error.strerror}"
                raise ServiceError(why, "choose a folder that can be written") from error

    def wrote(self, wav: Path) -> None:
        """One more, which somebody looks at; what is too many goes, but for what is looked at."""
        if not self._most:
            return
        if self._kept is None:
            self._kept = deque(sorted(self.path.parent.glob(f"{SESSIONS}/{TURNS}"), key=self._age))
        if wav not in self._kept:
            self._kept.append(wav)
        self._in_work.add(wav)
        self._clear(self._kept)

    def _clear(self, kept: deque[Path]) -> None:
        """The oldest that are too many go, but for those in work: as many at most as the hook works on."""
        too_many = list(islice(kept, max(0, len(kept) - self._most)))
        for old in (wav for wav in too_many if wav not in self._in_work):
            kept.remove(old)
            with suppress(OSError):  # somebody else took it away, or keeps something there
                old.unlink()
            with suppress(OSError):
                old.parent.rmdir()

    def looked_at(self, wav: Path) -> None:
        """Nobody needs `wav` any more."""
        if not self.lasting:
            with suppress(OSError):  # was never written, or the disk has become read-only
                wav.unlink()
        self._in_work.discard(wav)
        if self._kept is not None:
            self._clear(self._kept)

    def close(self) -> None:
        """A temporary folder goes."""
        if self._temporary:
            self._temporary.cleanup()

    def _age(self, wav: Path) -> tuple[bool, str, int, str]:
        """Sorts by session, ours last whatever its name says, for a device without a clock of its own may start in the
        past; then by number: turn-1000 comes after turn-999."""
        return wav.parent == self.path, wav.parent.name, len(wav.name), wav.name
