"""The user's turn, to a command (`--on-turn CMD`): as a stream while it is spoken, and as a WAV when it is over.

The command gets raw int16 mono 16 kHz on stdin and, in EDGEAGENT_WAV, the path where the complete WAV lies once stdin
ends. What it prints is taken as the text of the turn. The engine's thread only leaves notes; one thread here does the
work, for several turns at once (one may still be transcribed while the next is spoken). A turn's sound is kept whole
until the turn is over, so a command that stalls for a while loses nothing; one that dies, or answers too late, costs
this turn's text only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import gmtime, monotonic, strftime

from edgeagent.errors import ServiceError
from edgeagent.ports import Sound
from edgeagent.services.child import pump
from edgeagent.services.command_talker import words_of
from edgeagent.services.turn_command import TurnCommand
from edgeagent.services.wake import Wake

NOTES = 8192
"""Notes the engine may be ahead of us (130 s of sound at 16 ms): reached only when a disk hangs; sound is then lost."""

TURNS = 4
"""Turns worked on at once; when another begins, the oldest is ended."""

IDLE = 3600.0
"""Seconds to sleep when there is nothing to wait for: any notes wake us."""

CLOSING = 2.0
"""Seconds `close` waits for the thread, which may be writing a WAV."""

Told = Callable[[int, str], None]
"""Called with the turn and a text; must not block."""


class TurnHook:
    """Turns out to a command, texts back. All methods return at once and are for one thread, the engine's."""

    def __init__(self, command: str, turns_dir: str, patience_s: float, recognised: Told, trouble: Told) -> None:
        """command: "" to write WAVs only. turns_dir: where they go; "" for a temporary file while the command runs.
        patience_s: how long a command may take once its turn is over. recognised: called exactly once for each closed
        turn that is not dropped, with "" for no text. trouble: what went wrong with a turn. Both are called from the
        hook's thread. Raises ServiceError when there is no such command or folder."""
        self._argv = words_of(command, "capture.on_turn") if command else []
        self._temporary = None if turns_dir else TemporaryDirectory(prefix="edgeagent-")
        self._dir = Path(self._temporary.name if self._temporary else turns_dir).expanduser().resolve()
        self._patience = patience_s
        self._recognised = recognised
        self._trouble = trouble
        self._turns: dict[int, TurnCommand] = {}
        self._notes: deque[Callable[[], None]] = deque()
        self._short: set[int] = set()
        """Turns that lost sound because this thread does not keep up."""
        self._wake = Wake()
        self._closing = False
        try:
            self._dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ServiceError(f"cannot make '{self._dir}': {error.strerror}", "change capture.turns_dir") from error
        self._thread = Thread(target=self._work, name="turn-hook", daemon=True)
        self._thread.start()

    def open_turn(self, turn: int) -> None:
        """A turn begins; the command starts."""
        self._note(lambda: self._open(turn))

    def sound(self, turn: int, block: Sound) -> None:
        """The turn's next sound, (n,) float32 at 16 kHz; kept for a while, so it must not be written to afterwards."""
        if len(self._notes) < NOTES:
            self._note(lambda: self._hear(turn, block))
        else:
            self._short.add(turn)

    def close_turn(self, turn: int) -> None:
        """The turn is over; its text is wanted."""
        self._note(lambda: self._close(turn))

    def drop_turn(self, turn: int) -> None:
        """The turn was none, or nobody wants its text any more."""
        self._note(lambda: self._end(turn))

    def close(self) -> None:
        """Ends all commands."""
        self._closing = True
        self._wake.set()
        self._thread.join(CLOSING)

    def _note(self, note: Callable[[], None]) -> None:
        self._notes.append(note)
        self._wake.set()

    def _work(self) -> None:
        """The hook's thread."""
        while not self._closing:
            while self._notes:
                self._notes.popleft()()
            while self._short:
                self._trouble(self._short.pop(), "some of its sound was lost: the disk is too slow")
            now = monotonic()
            for turn in list(self._turns):
                self._ask(turn, now)
            children = [command.child for command in self._turns.values() if command.child is not None]
            pump(children, self._wake, min([IDLE, *(command.wait(now) for command in self._turns.values())]))
        for turn in list(self._turns):
            self._end(turn)
        self._wake.close()
        if self._temporary:
            self._temporary.cleanup()

    def _open(self, turn: int) -> None:
        if len(self._turns) >= TURNS:
            oldest = next(iter(self._turns))
            self._trouble(oldest, "its command was ended: it is still busy, and newer turns wait")
            over = self._turns[oldest].over
            self._end(oldest)
            if over:
                self._recognised(oldest, "")
        when = strftime("%Y%m%dT%H%M%SZ", gmtime())  # turns are numbered anew in each run; files must not collide
        command = self._turns[turn] = TurnCommand(self._dir / f"turn-{when}-{turn}.wav")
        if self._argv:
            self._try(turn, lambda: command.start(self._argv))

    def _hear(self, turn: int, block: Sound) -> None:
        command = self._turns.get(turn)
        if command is not None:
            self._try(turn, lambda: command.hear(block))

    def _close(self, turn: int) -> None:
        command = self._turns.get(turn)
        if command is not None:
            self._try(turn, lambda: command.finish(monotonic() + self._patience))

    def _ask(self, turn: int, now: float) -> None:
        command = self._turns[turn]
        try:
            text = command.text(now)
        except ServiceError as error:
            self._trouble(turn, str(error))
            command.end()
            text = command.text(now)
        if text is not None:
            self._end(turn)
            self._recognised(turn, text)

    def _end(self, turn: int) -> None:
        command = self._turns.pop(turn, None)
        if command is not None:
            command.end()
            if self._temporary:
                command.wav.unlink(missing_ok=True)

    def _try(self, turn: int, step: Callable[[], None]) -> None:
        try:
            step()
        except ServiceError as error:
            self._trouble(turn, str(error))
