"""Asks at each pause in a turn whether the person has finished, of a network that takes too long for the engine thread.

One thread of its own, one question at a time; a newer pause takes the place of an older one. An answer that comes after
its deadline is not told: by then the silence has decided. Where answers are late again and again, it is left to rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Protocol

from edgeagent.errors import EdgeAgentError
from edgeagent.ports import Sound
from edgeagent.signal.ring import Ring
from edgeagent.units import samples

PAUSE = samples(160)
"""Samples of silence that are a pause: after it the network has some of the silence that it was trained with, and its
answer still finds a turn that can end sooner."""

LONGEST = samples(8000)
"""What is asked about, at most."""

DEADLINE_S = 0.4
"""After which the silence alone has decided, mostly."""

LATE_MOST = 5
"""Answers in a row that may be late; then the machine is too slow for it."""

REST_S = 60.0
"""For so long nothing is asked then."""

CLOSING_S = 1.0


class Judge(Protocol):
    """`detect.turn_end.TurnEnd`."""

    def complete(self, sound: Sound) -> float: ...


class Listening(Protocol):
    """What the engine knows; its thread only."""

    def __call__(self) -> tuple[int, int]:
        """The sample that it is at, and the one up to which the person was last heard."""


@dataclass(frozen=True, slots=True)
class Asked:
    sound: Sound
    upto: int
    at_s: float


class TurnEnds:
    """See `turns.Listener`: all methods are for the engine thread and return at once, but for `close`."""

    def __init__(
        self,
        judge: Judge,
        listening: Listening,
        told: Callable[[float, int], None],
        trouble: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """told: gets a probability and the sample up to which it holds. trouble: gets a line about what is wrong. Both
        on our own thread."""
        self._judge = judge
        self._listening = listening
        self._tells = (told, trouble)
        self._clock = clock
        self._heard: Ring | None = None  # of the open turn
        self._asked_of = -1
        """The last voice before the pause that was asked about."""
        self._paused = False
        self._changed = Condition()  # of what follows
        self._question: Asked | None = None
        self._closing = False
        self._thread = Thread(target=self._work, name="turn end", daemon=True)
        self._thread.start()

    def open_turn(self, _turn: int, _audio: str) -> None:
        """See `turns.Listener`."""
        self._heard = Ring(LONGEST)

    def sound(self, _turn: int, block: Sound) -> None:
        """See `turns.Listener`."""
        heard = self._heard
        if heard is None:
            return
        heard.write(block)
        at, last_voice = self._listening()
        if at - last_voice >= PAUSE and last_voice != self._asked_of and not self._paused:
            self._asked_of = last_voice
            self._put(Asked(heard.read(heard.start, heard.end), at, self._clock()))

    def close_turn(self, turn: int, _sound: Sound) -> None:
        """See `turns.Listener`."""
        self.drop_turn(turn)

    def drop_turn(self, _turn: int) -> None:
        """See `turns.Listener`."""
        self._heard = None
        self._put(None)

    def close(self) -> None:
        """See `turns.Listener`."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(CLOSING_S)

    def pause(self) -> None:
        """Ask nothing until `resume`: the machine is too slow for what comes first."""
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def _put(self, question: Asked | None) -> None:
        with self._changed:
            self._question = question
            self._changed.notify()

    def _work(self) -> None:
        told, trouble = self._tells
        late, rests_until = 0, 0.0
        while (asked := self._next()) is not None:
            if asked.at_s < rests_until:
                continue
            try:
                complete = self._judge.complete(asked.sound)
            except EdgeAgentError as error:
                trouble(f"{error}; it is not asked any more")
                return
            if self._clock() - asked.at_s <= DEADLINE_S:
                late = 0
                told(complete, asked.upto)
                continue
            late += 1
            if late >= LATE_MOST:
                late, rests_until = 0, self._clock() + REST_S
                trouble(f"its answers come after {1000 * DEADLINE_S:.0f} ms; it is not asked for {REST_S:.0f} s")

    def _next(self) -> Asked | None:
        with self._changed:
            self._changed.wait_for(lambda: self._question is not None or self._closing)
            question, self._question = self._question, None
            return None if self._closing else question
