"""A card that cannot hold the engine thread up, and that says until when its loudspeaker has sound.

Sound libraries hang when their card is gone or its driver is in trouble: stop, abort and close then never return. So
every call is made in one thread of the card's own, which thereby is its owner, and waited for with a deadline; past it
the thread is given up. The hop costs a tenth of a millisecond. A restart is not waited for at all: nobody needs it at
once, and its failure shows in `stalled`.

When a card is pulled, PortAudio's callback threads spin. Under SCHED_FIFO they then leave nothing of the processor to
the rest of us, the lamp and the journal included; so their urgency is taken from them while there are no frames.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import SimpleQueue

from edgeagent.errors import DeviceHung
from edgeagent.live.realtime import CARD_PRIORITY, urgent
from edgeagent.ports import Card, Heard, Pcm, Play

ABORT_S = 0.3
"""An abort takes a millisecond, up to 30 behind a restart. With this and the watchdog a dead card still shows within
a second."""

CLOSE_S = 4.0
"""The card itself gives up after two seconds in the library, for each of its directions."""

DEAD_S = 0.2
"""So long without a callback nothing sounds any more (cards buffer 20 to 100 ms), and the library might not return."""


class _Call:
    """Something the card's thread is asked to do."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self.done = threading.Event()
        self.result: object = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.result = self._act()
        except Exception as error:
            self.error = error
        self.done.set()


class _Callbacks:
    """The threads in which the card calls us, and when each did so last."""

    def __init__(self) -> None:
        self.hearing = self.playing = 0
        self.heard = self.played = 0.0
        self._calmed: list[tuple[int, os.sched_param]] = []

    def calm(self) -> None:
        if self._calmed:
            return
        for thread in filter(None, {self.hearing, self.playing}):
            with suppress(OSError):  # it has ended
                if os.sched_getscheduler(thread) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO:
                    self._calmed.append((thread, os.sched_getparam(thread)))
                    os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))

    def hurry(self) -> None:
        for thread, param in self._calmed:
            with suppress(OSError):
                os.sched_setscheduler(thread, os.SCHED_FIFO, param)
        self._calmed = []


class GuardedCard:
    """See `ports.Card`, which `card` is. The engine thread only, except for the callbacks."""

    def __init__(self, card: Card, clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self.input_rate, self.output_rate = card.name, card.input_rate, card.output_rate
        self.sounds_until = 0.0
        """The moment (time.monotonic(), s) until which the loudspeaker has been handed sound."""
        self._card = card
        self._heard: Heard
        self._play: Play
        self._callbacks = _Callbacks()
        self._clock = clock
        self._callbacks.played = self._callbacks.heard = clock()
        self._hung = False
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        threading.Thread(target=self._work, name="card", daemon=True).start()

    def open(self, heard: Heard, play: Play) -> None:
        """See `ports.Card`. Takes as long as it takes: nothing sounds yet."""
        self._heard, self._play = heard, play
        self._ask(lambda: self._card.open(self._hear, self._fill), None)
        self._callbacks.played = self._callbacks.heard = self._clock()

    def abort(self) -> int:
        """See `ports.Card`. Raises DeviceHung after ABORT_S."""
        if self.stalled() > DEAD_S:
            return 0
        unplayed = self._ask(self._card.abort, ABORT_S)
        assert isinstance(unplayed, int)
        return unplayed

    def restart(self) -> None:
        """Lets the output run again, soon."""
        self._callbacks.played = self._clock()
        self._calls.put(_Call(self._card.restart))

    def stalled(self) -> float:
        """Seconds since the loudspeaker last asked for sound, or was opened."""
        return self._clock() - self._callbacks.played

    def deaf(self) -> float:
        """Seconds since the microphone last gave frames, or was opened."""
        return self._clock() - self._callbacks.heard

    def age(self) -> float:
        """See `ports.Card`."""
        return self._card.age()

    def facts(self) -> Mapping[str, int | float | str]:
        """See `ports.Card`."""
        return self._card.facts()

    def close(self) -> None:
        """See `ports.Card`. Raises DeviceHung."""
        try:
            self._ask(self._card.close, CLOSE_S)
        finally:
            self._calls.put(None)

    def calm(self) -> None:
        """Frames have stopped: the card's threads shall not keep the processor from anybody. Idempotent."""
        self._callbacks.calm()

    def hurry(self) -> None:
        """Frames have come again: what `calm` took is given back. Idempotent."""
        self._callbacks.hurry()

    def _hear(self, pcm: Pcm, lost: int, when: float) -> None:
        """In the card's callback."""
        self._callbacks.hearing = threading.get_native_id()
        self._callbacks.heard = self._clock()
        self._heard(pcm, lost, when)

    def _fill(self, out: Pcm, when: float) -> None:
        """In the card's callback."""
        self._callbacks.playing = threading.get_native_id()
        self._play(out, when)
        self.sounds_until = when + out.size / self.output_rate
        self._callbacks.played = self._clock()

    def _ask(self, act: Callable[[], object], patience_s: float | None) -> object:
        call = _Call(act)
        self._calls.put(call)
        if self._hung or not call.done.wait(patience_s):
            self._hung = True
            raise DeviceHung(f"the sound library hangs with '{self.name}'", "only a new process can use it again")
        if call.error is not None:
            raise call.error
        return call.result

    def _work(self) -> None:
        """The card's own thread."""
        urgent(CARD_PRIORITY)
        while (call := self._calls.get()) is not None:
            call.run()


def close_quietly(card: Card) -> None:
    """Close a card of which nothing more is wanted, whatever it says."""
    with suppress(Exception):
        card.close()
