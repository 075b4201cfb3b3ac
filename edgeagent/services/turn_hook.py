"""The user's turn, to a command (`--on-turn CMD`): as a stream while it is spoken, and as a WAV when it is over.

The command gets raw int16 mono 16 kHz on stdin and, in EDGEAGENT_WAV, the path where the complete WAV lies once stdin
ends. The WAV is the turn to the sample; the stream, which could not know the end, has a little more of the silence
behind it. What the command prints is taken as the text of the turn. The engine's thread only leaves notes; one thread
here does the work, for several turns at once (one may still be transcribed while the next is spoken). A command that
stalls for a while loses nothing; one that dies, or answers too late, costs this turn's text only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Thread
from time import monotonic

from edgeagent.errors import ServiceError
from edgeagent.ports import Sound
from edgeagent.services.child import pump
from edgeagent.services.command_line import words_of
from edgeagent.services.turn_command import TurnCommand
from edgeagent.services.turn_folder import TurnFolder
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

    def __init__(
        self,
        command: str,
        folder: str,
        patience_s: float,
        recognised: Told,
        trouble: Told,
        kept: Told,
        most: int = 0,
        lenient: bool = False,
    ) -> None:
        """command: "" to write WAVs only. folder, most, lenient: of where they go, see `TurnFolder`. patience_s:
        how long a command may take once its turn is over. recognised: called exactly once for each closed turn that is
        not dropped, with "" for no text. trouble: what went wrong with a turn. kept: the path of its WAV, if that
        stays. All three are called from the hook's thread. Raises ServiceError when there is no such command, or no
        place for the folder."""
        self._argv = words_of(command, "capture.on_turn") if command else []
        self._folder = TurnFolder(folder, most, lenient)
        self._patience = patience_s
        self._recognised = recognised
        self._trouble = trouble
        self._kept = kept
        self._turns: dict[int, TurnCommand] = {}
        self._notes: deque[tuple[int, Callable[[], None]]] = deque()
        self._short: set[int] = set()
        """Turns that lost some of their stream because this thread does not keep up."""
        self._wake = Wake()
        self._closing = False
        self._thread = Thread(target=self._work, name="turn-hook", daemon=True)
        self._thread.start()

    def open_turn(self, turn: int, audio: str) -> None:
        """A turn begins; the command starts. audio: the name of its WAV."""
        self._note(turn, lambda: self._open(turn, audio))

    def sound(self, turn: int, block: Sound) -> None:
        """The turn's next sound, (n,) float32 at 16 kHz; kept for a while, so it must not be written to afterwards."""
        if len(self._notes) < NOTES:
            self._note(turn, lambda: self._hear(turn, block))
        else:
            self._short.add(turn)

    def close_turn(self, turn: int, sound: Sound) -> None:
        """The turn is over and was `sound`, (n,) float32 at 16 kHz; its text is wanted."""
        self._note(turn, lambda: self._close(turn, sound))

    def drop_turn(self, turn: int) -> None:
        """The turn was none, or nobody wants its text any more."""
        self._note(turn, lambda: self._end(turn))

    def close(self) -> None:
        """Writes what is still to be written, and ends all commands."""
        self._closing = True
        self._wake.set()
        self._thread.join(CLOSING)

    def _note(self, turn: int, note: Callable[[], None]) -> None:
        self._notes.append((turn, note))
        self._wake.set()

    def _work(self) -> None:
        """The hook's thread."""
        while True:
            while self._notes:
                self._try(*self._notes.popleft())
            while self._short:
                self._trouble(self._short.pop(), "some of its stream was lost: the disk is too slow")
            if self._closing:
                break
            now = monotonic()
            for turn in list(self._turns):
                self._ask(turn, now)
            children = [command.child for command in self._turns.values() if command.child is not None]
            pump(children, self._wake, min([IDLE, *(command.wait(now) for command in self._turns.values())]))
        for turn in list(self._turns):
            self._end(turn)
        self._wake.close()
        self._folder.close()

    def _open(self, turn: int, audio: str) -> None:
        if len(self._turns) >= TURNS:
            oldest = next(iter(self._turns))
            self._trouble(oldest, "its command was ended: it is still busy, and newer turns wait")
            over = self._turns[oldest].over
            self._end(oldest)
            if over:
                self._recognised(oldest, "")
        command = self._turns[turn] = TurnCommand(self._folder.path / audio)
        if self._argv:
            command.start(self._argv)

    def _hear(self, turn: int, block: Sound) -> None:
        command = self._turns.get(turn)
        if command is not None:
            command.hear(block)

    def _close(self, turn: int, sound: Sound) -> None:
        command = self._turns.get(turn)
        if command is not None:
            command.finish(sound, monotonic() + self._patience)
            self._folder.wrote(command.wav)
            if self._folder.lasting:
                self._kept(turn, str(command.wav))

    def _ask(self, turn: int, now: float) -> None:
        command = self._turns[turn]
        try:
            text = command.text(now)
        except Exception as error:
            self._trouble(turn, _told(error))
            command.end()
            text = command.text(now)
        if text is not None:
            self._end(turn)
            self._recognised(turn, text)

    def _end(self, turn: int) -> None:
        command = self._turns.pop(turn, None)
        if command is not None:
            command.end()
            self._folder.looked_at(command.wav)

    def _try(self, turn: int, step: Callable[[], None]) -> None:
        """Whatever goes wrong costs this turn's text, and no other."""
        try:
            step()
        except ServiceError as error:  # its command goes on
            self._trouble(turn, str(error))
        except Exception as error:
            self._trouble(turn, _told(error))
            if turn in self._turns:
                self._turns[turn].end()


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, ServiceError) else f"{type(error).__name__}: {error}"
