"""One recogniser's child at work: pieces of a stretch go in, a few at a time, and its texts come out.

Everything here belongs to the thread that pumps the child.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol

from edgeagent.ports import Partial, Sound
from edgeagent.services import recogniser_wire as wire
from edgeagent.services.child import Child
from edgeagent.signal.convert import to_int16

PAGE = 4096
"""Bytes of the pipe, the smallest there is: what waits shall wait on our side, where it can be dropped."""

FLIGHT = 2
"""Pieces in the child and its pipes at once: one that is worked on, and one that is at hand then."""

STALL_S = 3.0
"""A child that has not answered a piece for so long hangs: a Raspberry Pi needs a tenth of it for the longest."""

LOADING_S = 30.0
"""A child that is not ready after this does not come any more. It takes 0.3 s here; an SD card is slower."""


class Stretch(Protocol):
    """One stretch of sound on its way. over: nobody wants more of it."""

    @property
    def over(self) -> bool: ...

    def take(self) -> tuple[Sound | None, int] | None:
        """The next piece, None for the end of the sound, and the sample that it ends before; None for nothing yet."""

    def say(self, partial: Partial) -> None:
        """What the child has answered."""

    def give_up(self) -> None:
        """The child is gone."""


class Link:
    """A child from its start to its end. Raises ServiceError when it cannot be started.

    ready: it has loaded. failure: what it said instead, and in a second line the remedy. busy_s: what it computed."""

    def __init__(self, argv: Sequence[str], now: float, stall_s: float = STALL_S, loading_s: float = LOADING_S) -> None:
        self.child = Child(argv, pipe_bytes=PAGE)
        self.ready = False
        self.failure = ""
        self.busy_s = 0.0
        self._begun = now
        self._stall_s = stall_s
        self._loading_s = loading_s
        self._stretch = 0
        self._serving: Stretch | None = None
        self._fresh = False  # a stretch has begun in the child, and nothing of it is there yet
        self._flight: deque[tuple[Stretch, int, bool, float]] = deque()

    @property
    def busy(self) -> bool:
        """It owes us an answer."""
        return bool(self._flight)

    def serve(self, stretch: Stretch | None, now: float) -> int:
        """Give it what it can take of `stretch`; the samples that were given. Between two stretches the child already
        begins the next: to end one that was cut off takes pocketsphinx a tenth of a second and more, and whoever speaks
        then would wait for that."""
        if self.ready and (self._serving is None or self._serving.over):
            self._begin()
        given = 0
        while self.ready and stretch is not None and not stretch.over and len(self._flight) < FLIGHT:
            if (piece := stretch.take()) is None:
                break
            if stretch is not self._serving:
                self._begin()
                self._serving, self._fresh = stretch, False
            sound, upto = piece
            self._flight.append((stretch, upto, sound is None, now))
            self._send(wire.END if sound is None else wire.SOUND, b"" if sound is None else to_int16(sound).tobytes())
            given += 0 if sound is None else sound.size
        return given

    def listen(self) -> None:
        """Hand on what it has answered."""
        for kind, payload in self._frames():
            if kind == wire.READY:
                self.ready = True
            elif kind == wire.FAILED:
                self.failure = payload.decode(errors="replace")
            elif self._flight:
                stretch, upto, final, _ = self._flight.popleft()
                (busy,) = wire.BUSY.unpack_from(payload)
                self.busy_s += busy
                stretch.say(Partial(payload[wire.BUSY.size :].decode(errors="replace"), upto, final))

    def hung(self, now: float) -> bool:
        """It should have said something by now."""
        return self.left(now) <= 0.0

    def left(self, now: float) -> float:
        """Seconds until it must have said something."""
        if not self.ready:
            return self._begun + self._loading_s - now
        return self._flight[0][3] + self._stall_s - now if self._flight else self._stall_s

    def close(self) -> None:
        """Ends it; the stretch that it was in is over."""
        self.child.close()
        if self._serving is not None:
            self._serving.give_up()

    def _begin(self) -> None:
        """Whatever the child was in is forgotten."""
        self._serving = None
        if not self._fresh:
            self._fresh = True
            self._stretch += 1
            self._send(wire.BEGIN, b"")

    def _send(self, kind: bytes, payload: bytes) -> None:
        self.child.send(wire.HEADER.pack(kind, self._stretch, len(payload)) + payload)

    def _frames(self) -> Iterator[tuple[bytes, bytes]]:
        received = self.child.received
        while len(received) >= wire.HEADER.size:
            kind, _, length = wire.HEADER.unpack_from(received)
            end = wire.HEADER.size + length
            if length > wire.LONGEST:
                self.failure = "the recogniser's process sends what is no answer"
            if length > wire.LONGEST or len(received) < end:
                return
            payload = bytes(received[wire.HEADER.size : end])
            del received[:end]
            yield kind, payload
