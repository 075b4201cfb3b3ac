"""The user's turns on their way out: from before the onset to the end, while they are spoken, and whole when they are
over.

They come from the linearly cancelled sound, because suppression costs a recogniser syllables. A turn that is taken up
again is handed over anew, from its start: whoever worked on it had been told that it was over.

Who wants to, listens already while it is only suspected that there is a turn: then it knows the beginning when the turn
machine opens the turn, and has been told of nothing that was none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from edgeagent.ports import Sound
from edgeagent.signal.ring import Ring
from edgeagent.turn.actions import HandOver, OpenTurn, ReopenTurn, sound_file
from edgeagent.units import samples

AGAIN = samples(1000)
"""From one suspicion that is listened to, to the next. Each hands over about a second of sound, pre-roll and doubt: so
a recogniser gets hardly more than there is, however suspicions flicker. One that comes too soon waits for the rest of
the second, or for the stop, and has missed nothing then."""


class Listener(Protocol):
    """Who gets the turns (`services.turn_hook.TurnHook`). Every method returns at once."""

    def open_turn(self, turn: int, audio: str) -> None: ...

    def sound(self, turn: int, block: Sound) -> None: ...

    def close_turn(self, turn: int, sound: Sound) -> None: ...

    def drop_turn(self, turn: int) -> None: ...

    def close(self) -> None: ...


@runtime_checkable
class Early(Protocol):
    """A listener that begins before it is sure that there is a turn."""

    def suspect_turn(self, turn: int, audio: str) -> bool:
        """As `open_turn`, but nothing may be told of it until `open_turn` of the same turn says that it is one;
        `drop_turn`, that it is none. At once. False: not now, no sound of it is wanted yet."""


@runtime_checkable
class Partly(Protocol):
    """A listener that also knows what is said while it is being said."""

    def tell_so_far(self, told: Callable[[int, str], None]) -> None:
        """From now on tell `told` the text so far of the open turn, whole each time, on any thread."""


class Both:
    """Two who get the turns; `Turns` sees to each by itself."""

    def __init__(self, *listeners: Listener) -> None:
        self.listeners = listeners

    def tell_so_far(self, told: Callable[[int, str], None]) -> None:
        for listener in self.listeners:
            if isinstance(listener, Partly):
                listener.tell_so_far(told)


Audience = Listener | Both
"""Whoever is to get the turns."""


class Way:
    """What one listener has got. suspected: the turn, and where it begins, that it knows of before there is one."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.suspected: tuple[int, int] | None = None
        self.sent = 0
        self._early = listener if isinstance(listener, Early) else None

    def suspect(self, turn: OpenTurn) -> bool:
        """Whether it listens from now on."""
        if self._early is None or not self._early.suspect_turn(turn.turn, sound_file(turn.number)):
            return False
        self.suspected, self.sent = (turn.turn, turn.start), turn.start
        return True

    def open(self, turn: OpenTurn | ReopenTurn) -> None:
        if self.suspected != (turn.turn, turn.start):
            self.give_up()
            self.sent = turn.start
        self.suspected = None
        self.listener.open_turn(turn.turn, sound_file(turn.number))

    def stream(self, turn: int, linear: Ring) -> None:
        """Hand on what has been heard since."""
        self.sent = max(self.sent, linear.start)
        if self.sent < linear.end:
            self.listener.sound(turn, linear.read(self.sent, linear.end))
            self.sent = linear.end

    def give_up(self) -> None:
        """What was suspected was no turn."""
        suspected, self.suspected = self.suspected, None
        if suspected is not None:
            self.listener.drop_turn(suspected[0])


class Turns:
    """Engine thread only. linear: the engine's ring.

    The ring may have gone on by whole blocks of the card since something was decided: what it does not hold any more is
    left out."""

    def __init__(self, linear: Ring, audience: Audience | None) -> None:
        self._linear = linear
        self._ways: list[Way] = []
        self._turn: int | None = None
        self._suspected: int | None = None
        self._since = -AGAIN
        self._paused = False
        if audience is not None:
            self.attend(audience)

    def attend(self, audience: Audience) -> None:
        """Another who gets the turns. Before the first."""
        self._ways += map(Way, audience.listeners if isinstance(audience, Both) else (audience,))

    @property
    def current(self) -> int | None:
        """The turn that is open."""
        return self._turn

    def suspect(self, turn: OpenTurn) -> None:
        """In each step in which `turn` may have begun. Whoever can, begins to listen; one at a time, seldom enough."""
        if self._suspected != turn.turn:
            self.trust()
            if self._turn is not None or self._paused or self._linear.end - self._since < AGAIN:
                return
            listening = [way.suspect(turn) for way in self._ways]
            if not any(listening):
                return
            self._suspected, self._since = turn.turn, self._linear.end
        for way in self._ways:
            if way.suspected is not None:
                way.stream(turn.turn, self._linear)

    def trust(self) -> None:
        """Nothing is suspected (any more)."""
        self._suspected = None
        for way in self._ways:
            way.give_up()

    def pause(self) -> None:
        """Listen to no suspicion until `resume`: the machine is too slow for what comes first."""
        self._paused = True
        self.trust()

    def resume(self) -> None:
        """See `pause`."""
        self._paused = False

    def open(self, turn: OpenTurn | ReopenTurn) -> None:
        """A turn begins, or begins again."""
        self._turn, self._suspected = turn.turn, None
        for way in self._ways:
            way.open(turn)
        self.stream()

    def stream(self) -> None:
        """Hand on what has been heard since, if a turn is open."""
        if self._turn is not None:
            for way in self._ways:
                way.stream(self._turn, self._linear)

    def close(self, turn: HandOver) -> Sound:
        """The turn is over; its sound, exactly. The stream, which could not know the end, has more of the silence."""
        self.stream()
        self._turn = None
        sound = self._held(turn.start, turn.end)
        for way in self._ways:
            way.listener.close_turn(turn.turn, sound)
        return sound

    def drop(self, turn: int) -> None:
        """The turn was none, or its text is not wanted any more."""
        self._turn = None
        for way in self._ways:
            way.listener.drop_turn(turn)

    def _held(self, start: int, stop: int) -> Sound:
        """What the ring holds of [start, stop)."""
        start = max(start, self._linear.start)
        return self._linear.read(start, max(start, min(stop, self._linear.end)))

    def end(self) -> None:
        """No more turns."""
        for way in self._ways:
            way.listener.close()
