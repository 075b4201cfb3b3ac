"""The player's way to the card: 16 kHz float32 to int16 at the card's rate, in the callback; and the record of it.

What was rendered is kept, with the moment at which it sounds, for the engine thread: the canceller's reference is what
was really played. After a hard stop the card says how many frames never sounded, and `take_back` turns them into
samples of ours, the ones inside the resampler included.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from math import floor, inf
from typing import Protocol

import numpy as np

from edgeagent.ports import Pcm, Sound
from edgeagent.signal.convert import to_int16
from edgeagent.signal.resample import Resampler
from edgeagent.units import RATE

BACKLOG = 200
"""Rendered blocks that may wait for the engine thread (3.2 s at 16 ms). Beyond, the oldest fall and the reference has a
hole."""


class Player(Protocol):
    """What is played: `signal.playback.Playback`."""

    def pass_over(self, count: int) -> bool:
        """Whether the next `count` samples at 16 kHz are silence; then they count as rendered."""

    def render_into(self, out: Sound) -> None:
        """Fill (n,) float32 with the next samples at 16 kHz."""


class Loudspeaker:
    """`play` is for the card, in its callback thread; everything else for the engine thread."""

    def __init__(self, player: Player, rate: int) -> None:
        self._player = player
        self._rate = rate
        self._resampler = Resampler(RATE, rate)
        self._ready = np.zeros(0, np.float32)  # resampled, not yet handed over
        self._silence = np.zeros(0, np.float32)  # one for all blocks, never written to
        self._played: deque[tuple[Sound, float]] = deque(maxlen=BACKLOG)
        self._rendered = 0  # samples at 16 kHz since the output last started
        self._handed = 0  # frames at the card's rate since then

    def play(self, out: Pcm, when: float) -> None:
        """See `ports.Play`. Nothing is rendered before it is asked for: what the gate is told holds at once."""
        if self._rate == RATE:
            if self._player.pass_over(out.size):
                self._rest(out, when)
                return
            self._ready = self._render(out.size, when)
        elif (missing := out.size - self._ready.size) > 0:
            resampled = self._resampler.push(self._render(-(-missing * RATE // self._rate), when))
            self._ready = np.concatenate((self._ready, resampled)) if self._ready.size else resampled
        sound = self._ready[: out.size]
        out[:] = to_int16(sound) if sound.any() else 0  # mostly nothing is said, and rounding silence costs as much
        self._ready = self._ready[out.size :]
        self._handed += out.size

    def _rest(self, out: Pcm, when: float) -> None:
        """As `play`, at the card's own rate, where nothing sounds."""
        out[:] = 0
        if self._silence.size != out.size:
            self._silence = np.zeros(out.size, np.float32)
        self._played.append((self._silence, when))
        self._rendered += out.size
        self._handed += out.size

    def _render(self, count: int, when: float) -> Sound:
        """`count` samples more; `when` is the moment of the first frame not handed over yet."""
        sound = np.empty(count, np.float32)
        self._player.render_into(sound)
        frame = self._rendered * self._rate / RATE + self._resampler.delay
        self._played.append((sound, when + (frame - self._handed) / self._rate))
        self._rendered += count
        return sound

    def played(self, before: float = inf) -> Iterator[tuple[Sound, float]]:
        """What was rendered since the last call and sounds from before a moment on: (n,) float32 at 16 kHz each, and
        the moment of its first sample."""
        while self._played and self._played[0][1] < before:
            yield self._played.popleft()

    def take_back(self, frames: int) -> int:
        """After an abort that left `frames` frames unplayed: the samples at 16 kHz that were rendered and did not
        sound, a fraction counted as unheard. Only while the output is stopped. The next sound starts afresh."""
        sounded = floor((self._handed - frames - self._resampler.delay) * RATE / self._rate)
        unheard = self._rendered - min(max(0, sounded), self._rendered)
        memory = 2 * RATE * self._resampler.delay // self._rate + 1
        self._resampler.push(np.zeros(memory, np.float32))  # what it still held never sounds
        self._ready = self._ready[:0]
        self._rendered = self._handed = 0
        return unheard
