"""A recogniser and the turns: there is one at a time, a new one cuts the one before, and what comes for another is
not wanted."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from edgeagent.ports import Sound


class Turn(Protocol):
    """One turn being recognised. No method waits."""

    turn: int

    def hear(self, block: Sound) -> None:
        """The next sound of it."""

    def finish(self) -> None:
        """That was all: its text is wanted."""

    def drop(self) -> None:
        """Its text is not wanted any more."""


AnyTurn = TypeVar("AnyTurn", bound=Turn)


class OneTurn(Generic[AnyTurn]):
    """Most of `live.turns.Listener`; who inherits from it opens and closes. One thread, the engine's."""

    def __init__(self) -> None:
        self._turn: AnyTurn | None = None

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
