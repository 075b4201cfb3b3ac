"""The user's turns on their way out: from before the onset to the end, while they are spoken, and whole when they are
over.

They come from the linearly cancelled sound, because suppression costs a recogniser syllables. A turn that is taken up
again is handed over anew, from its start: whoever worked on it had been told that it was over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from edgeagent.ports import Sound
from edgeagent.signal.ring import Ring
from edgeagent.turn.actions import HandOver, OpenTurn, ReopenTurn, sound_file


class Listener(Protocol):
    """Who gets the turns (`services.turn_hook.TurnHook`). Every method returns at once."""

    def open_turn(self, turn: int, audio: str) -> None: ...

    def sound(self, turn: int, block: Sound) -> None: ...

    def close_turn(self, turn: int, sound: Sound) -> None: ...

    def drop_turn(self, turn: int) -> None: ...

    def close(self) -> None: ...


@runtime_checkable
class Partly(Protocol):
    """A listener that also knows what is said while it is being said."""

    def tell_so_far(self, told: Callable[[int, str], None]) -> None:
        """From now on tell `told` the text so far of the open turn, whole each time, on any thread."""


class Both:
    """Two who get the turns: see `Listener`."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    def tell_so_far(self, told: Callable[[int, str], None]) -> None:
        for listener in self._listeners:
            if isinstance(listener, Partly):
                listener.tell_so_far(told)

    def open_turn(self, turn: int, audio: str) -> None:
        for listener in self._listeners:
            listener.open_turn(turn, audio)

    def sound(self, turn: int, block: Sound) -> None:
        for listener in self._listeners:
            listener.sound(turn, block)

    def close_turn(self, turn: int, sound: Sound) -> None:
        for listener in self._listeners:
            listener.close_turn(turn, sound)

    def drop_turn(self, turn: int) -> None:
        for listener in self._listeners:
            listener.drop_turn(turn)

    def close(self) -> None:
        for listener in self._listeners:
            listener.close()


class Turns:
    """Engine thread only. linear: the engine's ring.

    The ring may have gone on by whole blocks of the card since something was decided: what it does not hold any more is
    left out."""

    def __init__(self, linear: Ring, listener: Listener | None) -> None:
        self._linear = linear
        self._listener = listener
        self._turn: int | None = None
        self._sent = 0

    def attend(self, listener: Listener) -> None:
        """Another who gets the turns. Before the first."""
        self._listener = listener if self._listener is None else Both(self._listener, listener)

    @property
    def current(self) -> int | None:
        """The turn that is open."""
        return self._turn

    def open(self, turn: OpenTurn | ReopenTurn) -> None:
        """A turn begins, or begins again."""
        self._turn = turn.turn
        self._sent = max(turn.start, self._linear.start)
        if self._listener is not None:
            self._listener.open_turn(turn.turn, sound_file(turn.number))
        self.stream()

    def stream(self) -> None:
        """Hand on what has been heard since, if a turn is open."""
        if self._turn is not None and self._listener is not None and self._sent < self._linear.end:
            self._listener.sound(self._turn, self._held(self._sent, self._linear.end))
            self._sent = self._linear.end

    def close(self, turn: HandOver) -> Sound:
        """The turn is over; its sound, exactly. The stream, which could not know the end, has more of the silence."""
        self.stream()
        self._turn = None
        sound = self._held(turn.start, turn.end)
        if self._listener is not None:
            self._listener.close_turn(turn.turn, sound)
        return sound

    def drop(self, turn: int) -> None:
        """The turn was none, or its text is not wanted any more."""
        self._turn = None
        if self._listener is not None:
            self._listener.drop_turn(turn)

    def _held(self, start: int, stop: int) -> Sound:
        """What the ring holds of [start, stop)."""
        start = max(start, self._linear.start)
        return self._linear.read(start, max(start, min(stop, self._linear.end)))

    def end(self) -> None:
        """No more turns."""
        if self._listener is not None:
            self._listener.close()
