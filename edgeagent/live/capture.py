"""The microphone's way from the card's callback thread to the engine thread, and from the card's rate to 16 kHz.

One writer, one reader, no lock: `append` and `popleft` of a deque are atomic. The callback only appends; all computing
is done by the reader. An engine that falls behind by more than BACKLOG loses whole blocks, or drops what waits; either
comes out as silence of the same length: the sample index never slips.
"""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgeagent.ports import Pcm, Sound
from edgeagent.signal.convert import to_float
from edgeagent.signal.resample import Resampler
from edgeagent.units import RATE

BACKLOG = 200
"""Blocks that may wait: 3.2 s at 16 ms. The engine is 30 times faster than sound: what is left of a stall so long is
made up for in a tenth of a second."""

CROWDED = 3 * RATE // 2
"""Samples, 1.5 s: what is decided so late helps nobody. An engine that keeps up clears what a stall leaves at once."""

APART_S = 0.01
"""A block whose stamp is so far from where the one before ends begins anew, whatever the card says of losses."""

JOINED_S = 0.15
"""So long at most may be what comes as one, or what was played meanwhile would find no room in the timeline."""

NOBODY = 1 << 62
"""Samples wanted while nobody sleeps."""


@dataclass(frozen=True, slots=True)
class Microphone:
    """What was heard: (n,) float32 at 16 kHz. lost: not heard, but silence in place of so many lost samples.
    when: the moment of its first sample, in seconds of time.monotonic(), by the stamps of so many blocks."""

    sound: Sound
    lost: int
    when: float
    stamps: int = 1


class Capture:
    """`heard` is for the card, in its callback thread; everything else for the engine thread."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._blocks: deque[tuple[Pcm, int, float]] = deque()
        self._missed = 0  # the callback's
        self._came = self._gone = 0  # frames: the callback counts the former, the reader the latter
        self._dropped = 0  # the reader's
        self._wanted = NOBODY  # the reader's: it sleeps until so much waits
        self._resampler = Resampler(rate, RATE)
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._bell, select.POLLIN)

    def heard(self, pcm: Pcm, lost: int, when: float) -> None:
        """See `ports.Heard`."""
        lost += self._missed
        if len(self._blocks) >= BACKLOG:
            self._missed = lost + pcm.size
            return
        self._missed = 0
        self._came += pcm.size
        self._blocks.append((pcm, lost, when))
        if self.waiting >= self._wanted:  # nobody is woken for less
            os.eventfd_write(self._bell, 1)

    def ring(self) -> None:
        """Ends a `wait` early, from any thread."""
        os.eventfd_write(self._bell, 1)

    def wait(self, timeout_s: float, wanted: int = 1) -> None:
        """Sleep until `wanted` samples at 16 kHz are there, `ring` is called, or the time is over."""
        self._wanted = wanted  # before looking: a block that comes in between then rings
        if self.waiting < wanted and self._poll.poll(timeout_s * 1000):
            os.eventfd_read(self._bell)
        self._wanted = NOBODY

    @property
    def waiting(self) -> int:
        """Samples at 16 kHz that have been heard and not taken yet."""
        return (self._came - self._gone) * RATE // self._rate

    @property
    def crowded(self) -> bool:
        """So much waits that the engine is somewhere else, or what comes is thrown away."""
        return self.waiting > CROWDED or len(self._blocks) >= BACKLOG

    def drop(self) -> None:
        """Give up what waits: it comes out as lost, before the next block."""
        for _ in range(len(self._blocks)):
            pcm, lost, _ = self._pop()
            self._dropped += lost + pcm.size

    def _pop(self) -> tuple[Pcm, int, float]:
        block = self._blocks.popleft()
        self._gone += block[0].size
        return block

    def take(self, most: int = 2 * BACKLOG, *, joined: bool = False) -> Iterator[Microphone]:
        """What has been heard up to now, in order. most: blocks of the card, so that an engine that is slower than
        sound gets to do something else. joined: blocks without a loss between them come as one."""
        most = min(most, len(self._blocks))
        while most > 0 and self._blocks:  # they may be dropped between two
            pcm, lost, when = self._pop()
            lost += self._dropped
            self._dropped = 0
            while lost > 0:  # in pieces of a second, should a card have been away for minutes
                piece = min(lost, self._rate)
                silence = self._resampler.push(np.zeros(piece, np.float32))
                yield Microphone(silence, silence.size, self._moment(when - lost / self._rate))
                lost -= piece
            run, when = self._run(pcm, when, most if joined else 1)
            most -= len(run)
            sound = self._resampler.push(to_float(run[0] if len(run) == 1 else np.concatenate(run)))
            yield Microphone(sound, 0, self._moment(when), len(run))

    def _run(self, first: Pcm, when: float, most: int) -> tuple[list[Pcm], float]:
        """`first`, heard at `when`, and what follows it without a loss; and when the first was heard by all stamps."""
        run, frames, late = [first], first.size, 0.0
        while len(run) < most and self._blocks and frames < JOINED_S * self._rate:
            _, lost, stamp = self._blocks[0]
            if lost or self._dropped or abs(off := stamp - frames / self._rate - when) > APART_S:
                break
            pcm = self._pop()[0]
            run.append(pcm)
            frames += pcm.size
            late += off
        return run, when + late / len(run)

    def _moment(self, when: float) -> float:
        """Sound leaves the resampler late by its delay: its first sample was heard so much earlier."""
        return when - self._resampler.delay / RATE

    def close(self) -> None:
        """Give the descriptor back. Only when the card is closed: its callback rings."""
        os.close(self._bell)
