"""A recogniser and the turns: there is one at a time, a new one cuts the one before, and what comes for another is
not wanted. One that is only suspected is listened to like any other, and tells nothing before it is a turn."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, Protocol, TypeVar

from edgeagent.ports import Sound

Told = Callable[[int, str], None]


class Telling:
    """What is told of one turn: nothing while it is only suspected, nothing once it is dropped. Any thread; what waits
    until it is sure is the latest for each who is told."""

    def __init__(self, turn: int, *, sure: bool) -> None:
        self.turn = turn
        self.dropped = False
        self._sure = sure
        self._waiting: dict[Told, str] = {}
        self._lock = Lock()  # held while something is told: what drops it then knows that all has been told

    def tell(self, told: Told, text: str) -> None:
        with self._lock:
            if self.dropped:
                return
            if self._sure:
                told(self.turn, text)
            else:
                self._waiting[told] = text

    def confirm(self) -> None:
        """It is a turn."""
        with self._lock:
            self._sure = True
            for told, text in self._waiting.items():
                told(self.turn, text)
            self._waiting.clear()

    def drop(self) -> None:
        with self._lock:
            self.dropped = True


class Turn(Protocol):
    """One turn being recognised. No method waits."""

    turn: int
    telling: Telling

    @property
    def over(self) -> bool:
        """Nothing is at work for it any more."""

    def hear(self, block: Sound) -> None:
        """The next sound of it."""

    def finish(self) -> None:
        """That was all: its text is wanted."""

    def drop(self) -> None:
        """Its text is not wanted any more."""


AnyTurn = TypeVar("AnyTurn", bound=Turn)


class OneTurn(Generic[AnyTurn]):
    """Most of `live.turns.Listener`, and `live.turns.Early`; who inherits from it begins turns and closes. One thread,
    the engine's."""

    def __init__(self, early: bool) -> None:
        """early: whether turns that are only suspected are listened to."""
        self._turn: AnyTurn | None = None
        self._early = early
        self._suspected: AnyTurn | None = None
        """The last one that was begun before it was sure, whatever became of it."""

    def _begin(self, turn: int, *, sure: bool) -> AnyTurn:
        """A turn that is heard from now on."""
        raise NotImplementedError

    def suspect_turn(self, turn: int, _audio: str) -> bool:
        """See `live.turns.Early`. It takes nobody's place: neither of a turn whose text is awaited, nor of a suspicion
        that is still being cut off."""
        busy = any(one is not None and not one.over for one in (self._turn, self._suspected))
        if not self._early or busy:
            return False
        self._turn = self._suspected = self._begin(turn, sure=False)
        return True

    def open_turn(self, turn: int, _audio: str) -> None:
        """See `live.turns.Listener`."""
        begun, self._suspected = self._suspected, None
        if begun is not None and begun is self._turn and begun.turn == turn:
            begun.telling.confirm()
            return
        self._cut()
        self._turn = self._begin(turn, sure=True)

    def sound(self, turn: int, block: Sound) -> None:
        """See `live.turns.Listener`."""
        if self._turn is not None and self._turn.turn == turn:
            self._turn.hear(block)

    def close_turn(self, turn: int, _sound: Sound) -> None:
        """See `live.turns.Listener`."""
        if self._turn is not None and self._turn.turn == turn:
            self._turn.finish()

    def drop_turn(self, turn: int) -> None:
        """See `live.turns.Listener`."""
        if self._turn is not None and self._turn.turn == turn:
            self._cut()

    def _cut(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.drop()
