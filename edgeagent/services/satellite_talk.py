"""Sound that Home Assistant sends, as one utterance of ours; its words may become known while it is spoken."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from threading import Condition

import numpy as np

from edgeagent.errors import ServiceError
from edgeagent.ports import Sound
from edgeagent.services.voice_rate import VoiceRate
from edgeagent.services.voice_rates import RATES
from edgeagent.signal.playback import LONGEST
from edgeagent.turn.events import Word
from edgeagent.units import RATE

WIDTH = 2
"""Bytes of a sample; other widths are refused."""

CHANNELS_MOST = 8

WIDEST = 48_000
"""Hz up to which an utterance of any length is kept; of a higher rate it is less, for it waits in memory."""

SPARE_S = 5
"""More than the player takes of one utterance, so that it is the player who says that it is too long."""


class SatelliteTalk:
    """See `ports.Talk`. `start`, `push`, `finish` and `fail` are for whoever has the connection; `cancel` is for
    any thread.

    text: what it says, "" while that is unknown. over: nothing more of it is wanted, or all has been taken."""

    words: tuple[Word, ...] = ()

    def __init__(self, patience_s: float) -> None:
        """patience_s: seconds that the next piece may take."""
        self.text = ""
        self.over = self.cancelled = False
        self._patience_s = patience_s
        self._changed = Condition()  # of what follows
        self._rate = 0
        self._channels = 1
        self._pieces: deque[bytes] = deque()
        self._frames = 0  # that have come
        self._ended = False
        self._failure = ""

    def start(self, rate: int | None, width: int | None, channels: int | None) -> None:
        """Its form; of several channels the first is taken."""
        with self._changed:
            if rate is None or rate not in RATES or width != WIDTH or channels not in range(1, CHANNELS_MOST + 1):
                self._fail(f"Home Assistant's voice has {width} bytes, {channels} channels at {rate} Hz")
                return
            self._rate, self._channels = rate, channels or 1
            self._changed.notify_all()

    def push(self, pcm: bytes) -> None:
        """The next int16 little-endian sound; what is too much is left out."""
        frame = WIDTH * self._channels
        with self._changed:
            room = (LONGEST // RATE + SPARE_S) * min(self._rate, WIDEST) - self._frames
            pcm = pcm[: min(len(pcm) // frame, max(0, room)) * frame]
            if pcm and not (self._ended or self.cancelled):
                self._frames += len(pcm) // frame
                self._pieces.append(self._first_channel(pcm))
                self._changed.notify_all()

    def finish(self) -> None:
        """That was all."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def fail(self, reason: str) -> None:
        """No more comes, for a reason; if it has not ended before."""
        with self._changed:
            if not self._ended:
                self._fail(reason)

    def cancel(self) -> None:
        """See `ports.Talk`."""
        with self._changed:
            self.cancelled = self.over = True
            self._pieces.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Sound]:
        rate: VoiceRate | None = None
        while (pcm := self._next()) is not None:
            rate = rate or VoiceRate(self._rate)
            if (sound := rate.push(pcm)).size:
                yield sound
        if rate is not None and not self.cancelled and (rest := rate.finish()).size:
            yield rest
        self.over = True

    def _fail(self, reason: str) -> None:
        self._failure, self._ended = reason, True
        self._changed.notify_all()

    def _next(self) -> bytes | None:
        """The next piece, None for no more. Raises ServiceError."""
        with self._changed:
            came = self._changed.wait_for(lambda: self._pieces or self._ended or self.cancelled, self._patience_s)
            if self.cancelled:
                return None
            if self._pieces:
                return self._pieces.popleft()
            self.over = True
            if self._failure:
                raise ServiceError(self._failure)
            if not came:
                raise ServiceError("Home Assistant's voice breaks off", "see what Home Assistant says")
            return None

    def _first_channel(self, pcm: bytes) -> bytes:
        if self._channels == 1:
            return pcm
        return np.frombuffer(pcm, "<i2")[:: self._channels].tobytes()
