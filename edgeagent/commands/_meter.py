"""A microphone's level, live: a bar that moves on a terminal, a line a second in a log."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self, TextIO

import numpy as np

from edgeagent.commands.terminal import room
from edgeagent.ports import Sound
from edgeagent.signal.level import Level, level
from edgeagent.units import samples

COLUMNS, FEWEST = 40, 8
"""Of the bar; with less room there is none, and only figures."""

LOWEST_DBFS = -80.0
"""Left end of the bar; the right end is full scale."""

DRAWN = samples(80)
"""Sound in one drawing: twelve a second, which an eye follows."""

LOGGED = samples(1000)
"""Sound in one line of a log."""

HELD = 12
"""Drawings for which the mark of the highest peak stays: a second."""

KEPT = samples(60_000)
"""Of the newest sound is kept for the verdict."""


class Meter:
    """Give it sound by `hear`; as a context it leaves a clean line behind. One thread."""

    def __init__(self, stream: TextIO | None = None, log: bool = True) -> None:
        """stream: stderr if None. log: whether to write lines where it is no terminal."""
        self._log = log
        self._stream = sys.stderr if stream is None else stream
        self._bar = self._stream.isatty()
        self._kept: list[Sound] = []
        self._waiting: list[Sound] = []
        self._peaks: list[float] = []

    def hear(self, sound: Sound) -> None:
        """(n,) float32 at 16 kHz, as it comes."""
        self._kept.append(sound)
        while sum(map(len, self._kept)) > KEPT:
            del self._kept[0]
        self._waiting.append(sound)
        if sum(map(len, self._waiting)) >= (DRAWN if self._bar else LOGGED):
            now = level(np.concatenate(self._waiting))
            self._waiting = []
            self._draw(now)

    def whole(self) -> Sound:
        """(n,) float32: what was heard, the newest minute of it."""
        return np.concatenate([np.zeros(0, np.float32), *self._kept])

    def _draw(self, now: Level) -> None:
        if not (self._bar or self._log):
            return
        if not self._bar:
            self._stream.write(f"rms {now.rms_dbfs:6.1f} dBFS  peak {now.peak_dbfs:6.1f} dBFS{_trouble(now)}\n")
            self._stream.flush()
            return
        self._peaks = [*self._peaks[1 - HELD :], now.peak_dbfs]
        text = f"rms {now.rms_dbfs:6.1f}  peak {now.peak_dbfs:6.1f} dBFS{_trouble(now):<12}"
        columns = room(self._stream)
        width = min(COLUMNS, columns - len(f"[] {text}"))
        line = f"[{bar(now.rms_dbfs, max(self._peaks), width)}] {text}" if width >= FEWEST else text[:columns]
        self._stream.write(f"\r{line}")
        self._stream.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def bar(rms_dbfs: float, peak_dbfs: float, width: int = COLUMNS) -> str:
    """`width` characters from LOWEST_DBFS to 0: filled up to the RMS, a mark at the peak."""
    filled, mark = (_column(value, width) for value in (rms_dbfs, peak_dbfs))
    drawn = ["#" if at < filled else "." for at in range(width)]
    if mark:
        drawn[mark - 1] = "!" if peak_dbfs > -0.2 else "|"
    return "".join(drawn)


def _column(dbfs: float, width: int) -> int:
    share = (dbfs - LOWEST_DBFS) / -LOWEST_DBFS
    return round(width * min(1.0, max(0.0, share)))


def _trouble(now: Level) -> str:
    if now.zero:
        return "  only zeros"
    if now.still:
        return "  frozen"
    return "  clips" if now.clipped else ""
