"""One user turn on its way to the command: its process, its sound, its WAV, and the text that comes back."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from pathlib import Path

from edgeagent.errors import ServiceError
from edgeagent.ports import Sound
from edgeagent.services.child import Child
from edgeagent.signal.convert import to_int16
from edgeagent.signal.wav import OWNER, write_wav

TEXT = 65_536
"""Bytes of text taken from a command; what it prints beyond is not a turn's text."""

WAV_NAME = "EDGEAGENT_WAV"

FOLDER_MODE = 0o700
"""Of a folder for turns that is made: what people said is for the device's own user."""


class TurnCommand:
    """One turn. All methods belong to the hook's thread. child: the running command, None without one."""

    def __init__(self, wav: Path) -> None:
        self.child: Child | None = None
        self.wav = wav
        self._name = ""
        self._deadline = inf

    @property
    def over(self) -> bool:
        """`finish` was called."""
        return self._deadline < inf

    def start(self, argv: Sequence[str]) -> None:
        """Raises ServiceError when the command cannot be started."""
        self._name = argv[0]
        self.child = Child(argv, env={WAV_NAME: str(self.wav)})

    def hear(self, block: Sound) -> None:
        """Hands the sound on."""
        if self.child is not None:
            self.child.send(to_int16(block).tobytes())

    def finish(self, sound: Sound, deadline: float) -> None:
        """The turn is over, and this is all of it: writes the WAV, then ends the command's stdin. The text must be
        there at `deadline` (seconds, monotonic). Raises ServiceError when the WAV cannot be written; the command goes
        on without."""
        self._deadline = deadline
        try:
            self.wav.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
            write_wav(self.wav, sound, OWNER)
        except OSError as error:
            raise ServiceError(f"cannot write '{self.wav}': {error.strerror}", "choose another folder") from error
        finally:
            if self.child is not None:
                self.child.end_input()

    def text(self, now: float) -> str | None:
        """The text, once the turn is over and the command has ended; until then None. Raises ServiceError when the
        command fails or is late."""
        if self.child is None:
            return "" if self.over else None
        del self.child.received[TEXT:]
        if not self.child.exited:
            if now < self._deadline:
                return None
            raise ServiceError(f"'{self._name}' took too long over a turn and was ended")
        status = self.child.status()
        if status != 0:
            raise ServiceError(f"'{self._name}' ended with status {status}", self.child.complaint())
        if not self.over:
            return None
        return " ".join(self.child.received.decode(errors="replace").split())

    def wait(self, now: float) -> float:
        """Seconds until `text` must be asked again though nothing happened."""
        return max(0.0, self._deadline - now)

    def end(self) -> None:
        """Kills the command if it runs."""
        if self.child is not None:
            self.child.close()
            self.child = None
