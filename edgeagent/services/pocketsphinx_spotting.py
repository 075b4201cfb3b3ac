"""One stretch of sound on its way through pocketsphinx: pieces in from the engine's thread, texts back."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from threading import Lock

from edgeagent.ports import Partial, Sound
from edgeagent.services.wake import Wake
from edgeagent.units import samples

BEHIND = samples(1500)
"""Sound that may wait for a recogniser that is behind: what a doubt begins with, and some. Nobody waits for its answer
to what is older."""


class PocketsphinxSpotting:
    """See `ports.Spotting`. `take`, `say` and `give_up` are for the thread that serves the child.

    over: no partial comes any more. dropped: samples that were."""

    def __init__(self, start: int, wake: Wake) -> None:
        self.over = False
        self.dropped = 0
        self._wake = wake
        self._end = start
        self._finished = False
        self._waiting: deque[tuple[Sound | None, int]] = deque()  # None: the end
        self._said: deque[Partial] = deque()
        self._lock = Lock()  # of `_waiting`; held for a few lines only

    def feed(self, sound: Sound) -> None:
        if self.over or self._finished:
            return
        self._end += sound.size
        with self._lock:
            self._waiting.append((sound, self._end))
            while len(self._waiting) > 1 and sum(_size(piece) for piece, _ in self._waiting) > BEHIND:
                self.dropped += _size(self._waiting.popleft()[0])
        self._wake.set()

    def finish(self) -> None:
        if self.over or self._finished:
            return
        self._finished = True
        with self._lock:
            self._waiting.append((None, self._end))
        self._wake.set()

    def partials(self) -> Sequence[Partial]:
        return [self._said.popleft() for _ in range(len(self._said))]

    def cancel(self) -> None:
        self.over = True
        self._said.clear()
        self._wake.set()

    def take(self) -> tuple[Sound | None, int] | None:
        """The next piece for the child, None for the end of the sound, and the sample that it ends before."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def say(self, partial: Partial) -> None:
        """What the child has answered."""
        if not self.over:
            self._said.append(partial)
            if partial.final:  # otherwise left alone: it may be cancelled at this moment
                self.over = True

    def give_up(self) -> None:
        """The child is gone: what it had understood is not sure any more."""
        self.say(Partial("", self._end, final=True))


def _size(piece: Sound | None) -> int:
    return 0 if piece is None else piece.size
