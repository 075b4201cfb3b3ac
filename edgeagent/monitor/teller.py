"""Hands what happens on to a broker, which may be slow or away: the engine only ever puts into a bounded queue.

When the queue is full the oldest is dropped, and counted: who comes back after an hour wants to know what is, not what
was. What is retained is told anew after every connection, by its newest value.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import NamedTuple, Protocol

from edgeagent.monitor import messages
from edgeagent.monitor.tally import Tally
from edgeagent.vitals import Vitals

WAITING = 500
"""Messages that may wait, of some 200 bytes each: a minute or ten of a lively conversation."""

RATE_HZ = 20.0
"""Events told in a second, in the long run; as many may come at once. In a storm of xruns the others are dropped."""

CLOSING_S = 1.0
"""For what waits at the end."""

Facts = Mapping[str, object]


class Link(Protocol):
    """The way to the broker."""

    def send(self, topic: str, payload: bytes, retain: bool) -> bool:
        """Until the broker has it, however long it is away; False if the link was closed before. One thread."""

    def close(self) -> None:
        """Take leave of the broker, in bounded time. Any thread."""


class Message(NamedTuple):
    """topic: what follows PREFIX/DEVICE/. facts: a mapping, or vitals of which the report is yet to be made."""

    topic: str
    facts: Facts | Vitals
    utc: float
    retain: bool = False


class Teller:
    """`event` and `look` are for the engine thread and return at once; a thread of its own sends."""

    def __init__(
        self,
        tally: Tally,
        link: Link,
        base: str,
        vitals_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """base: PREFIX/DEVICE. vitals_s: seconds between two reports, 0 for none."""
        self._tally = tally
        self._link = link
        self._base = base
        self._vitals_s = vitals_s
        self._clock = clock
        self._queue: SimpleQueue[Message | None] = SimpleQueue()
        self._allowed, self._looked = RATE_HZ, clock()
        self._reported = clock() - vitals_s
        self._state: Facts = {}
        self._over = Event()
        self._thread = Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        """Send from now on."""
        self._thread.start()

    def event(self, what: str, facts: Facts) -> None:
        """Something happened."""
        if self._in_time():
            self._offer(Message(f"event/{what}", facts, time.time()))
        else:
            self._tally.counts["mqtt", "dropped"] += 1

    def look(self, vitals: Vitals) -> None:
        """See `vitals.Watcher`."""
        now = messages.state(vitals)
        if now != self._state:
            self._state = now
            self._offer(Message("state", now, time.time(), retain=True))
        if self._vitals_s and self._clock() >= self._reported + self._vitals_s:
            self._reported = self._clock()
            self._offer(Message("vitals", vitals, time.time()))

    def again(self) -> None:
        """The broker may have forgotten what stays with it. Any thread."""
        self._state = {}

    def close(self) -> None:
        """Send what waits, as far as that is quick, and take leave. Idempotent."""
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(CLOSING_S)
        self._over.set()
        self._link.close()

    def _offer(self, message: Message) -> None:
        if self._queue.qsize() >= WAITING:
            try:
                self._queue.get_nowait()
                self._tally.counts["mqtt", "dropped"] += 1
            except Empty:
                pass  # it was sent just now
        self._queue.put(message)

    def _in_time(self) -> bool:
        """A token bucket."""
        now = self._clock()
        self._allowed = min(RATE_HZ, self._allowed + RATE_HZ * (now - self._looked))
        self._looked = now
        if self._allowed < 1.0:
            return False
        self._allowed -= 1.0
        return True

    def _run(self) -> None:
        while not self._over.is_set() and (message := self._queue.get()) is not None:
            if isinstance(message.facts, Vitals):
                facts = messages.report(message.facts, self._tally)
            else:
                facts = messages.event(message.facts)
            payload = messages.encoded(facts, message.utc)
            if self._link.send(f"{self._base}/{message.topic}", payload, message.retain):
                self._tally.counts["mqtt", "sent"] += 1
