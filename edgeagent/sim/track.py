"""What the loudspeaker really played, found in its sound alone: no claim of the system is believed.

The sound is cut into islands between digital silences. In each, one loud window is looked up among the device's lines
by normalised correlation: first where the last stretch would go on, then where each line is due, then anywhere. From
there the match grows both ways, 10 ms frame by frame, as long as the loudspeaker is the line times some gain. What
matches no line is foreign (a beep) and is only counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgeagent.ports import Sound
from edgeagent.sim.scene import Line
from edgeagent.units import samples

FRAME = samples(10)
"""Grain of gains, and so of everything said about levels."""

WINDOW = samples(100)
"""What is looked up: long enough to be unique in speech."""

CRACK = samples(20)
"""Shorter digital silences do not end an island."""

LOUD = 10 ** (-55 / 20)
"""RMS above which a frame of a line can be told from silence."""

AUDIBLE = 10 ** (-50 / 20)
"""RMS below which a window of the loudspeaker is not looked up."""

LATE, EARLY = samples(125), samples(30)
"""How far from its time a line is first looked for."""

SURE, LIKELY, JUST = 0.97, 0.9, 0.8
"""Correlation at which a search ends; at which an expected place is taken; below which there is no match."""

Exact = NDArray[np.float64]


@dataclass(slots=True)
class Stretch:
    """Loudspeaker samples [start, stop) play line `line`, whose own sample is the loudspeaker's less `lag`.

    gains: one per frame, from loudspeaker sample `frames_from` on; NaN where the line itself is too quiet to tell."""

    line: int
    start: int
    stop: int
    lag: int
    frames_from: int
    gains: Exact

    @property
    def first(self) -> int:
        """The line's own first sample in it."""
        return self.start - self.lag

    @property
    def reached(self) -> int:
        """One past the line's own last sample in it."""
        return self.stop - self.lag


@dataclass(frozen=True, slots=True)
class Played:
    """stretches: in order of time. foreign: samples that belong to no line."""

    stretches: tuple[Stretch, ...]
    foreign: int


def track(speaker: Sound, lines: Sequence[Line]) -> Played:
    """What of `lines` is in `speaker` (n,) float32."""
    sound = speaker.astype(np.float64)
    known = [_Known(line) for line in lines]
    todo = _islands(sound)
    found: list[Stretch] = []
    foreign = 0
    while todo:
        start, stop = todo.pop(0)
        anchor = _anchor(sound, start, stop)
        if anchor is None:
            continue
        window = sound[anchor : min(anchor + WINDOW, stop)]
        place = _look_up(window, anchor, known, found[-1] if found else None)
        if place is None:
            end = anchor + window.size
            foreign += end - start
            todo.insert(0, (end, stop))
            continue
        stretch = _grow(sound, start, stop, anchor, place, known[place[0]])
        found.append(stretch)
        if stretch.stop < stop:
            todo.insert(0, (stretch.stop, stop))
        if start + FRAME < stretch.start < anchor:
            todo.insert(0, (start, stretch.start))
    return Played(tuple(_joined(sorted(found, key=lambda s: s.start), sound, known)), foreign)


def audible(sound: Sound) -> bool:
    """Whether a line with this sound (n,) can be found in what was played, as loud as it is."""
    return _anchor(sound.astype(np.float64), 0, sound.size) is not None


class _Known:
    """One line, prepared for look-up."""

    def __init__(self, line: Line) -> None:
        self.due = line.at
        self.sound = line.sound.astype(np.float64)
        self._energy = np.concatenate(([0.0], np.cumsum(self.sound**2)))
        self._fft = 1 << (self.sound.size + WINDOW).bit_length()
        self._spectrum: NDArray[np.complex128] | None = None

    def find(self, window: Exact, first: int = 0, last: int = 1 << 40) -> tuple[float, int]:
        """(-1 .. 1, where): the best normalised correlation of `window` with the line from its sample first .. last."""
        first, last = max(first, 0), min(last, self.sound.size - window.size)
        if last < first:
            return 0.0, 0
        if last - first < WINDOW:
            product = np.correlate(self.sound[first : last + window.size], window, "valid")
        else:
            if self._spectrum is None:
                self._spectrum = np.fft.rfft(self.sound, self._fft)
            product = np.fft.irfft(self._spectrum * np.fft.rfft(window, self._fft).conj(), self._fft)[first : last + 1]
        energy = self._energy[first + window.size : last + window.size + 1] - self._energy[first : last + 1]
        likeness = product / np.sqrt(np.maximum(energy, 1e-9) * (window @ window))
        best = int(np.argmax(likeness))
        return float(likeness[best]), first + best


def _islands(sound: Exact) -> list[tuple[int, int]]:
    """Stretches of sound between digital silences."""
    edges = np.diff(np.concatenate(([False], sound != 0, [False])).astype(np.int8))
    islands: list[tuple[int, int]] = []
    for start, stop in zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True):
        if islands and start - islands[-1][1] < CRACK:
            islands[-1] = islands[-1][0], stop
        else:
            islands.append((start, stop))
    return islands


def _anchor(sound: Exact, start: int, stop: int) -> int | None:
    """Where the first window begins that is loud enough to be looked up. The first, so that stretches come in order."""
    if stop - start < FRAME:
        return None
    width = min(WINDOW, stop - start)
    energy = np.concatenate(([0.0], np.cumsum(sound[start:stop] ** 2)))
    begins = np.arange(0, stop - start - width + 1, FRAME)
    power = (energy[begins + width] - energy[begins]) / width
    loud = np.flatnonzero(power > max(0.05 * power.max(), AUDIBLE**2))
    return start + int(begins[loud[0]]) if loud.size else None


def _look_up(window: Exact, at: int, known: Sequence[_Known], last: Stretch | None) -> tuple[int, int] | None:
    """(line, lag) of the window that begins at loudspeaker sample `at`; None if it is in no line."""
    if last is not None:
        likeness, where = known[last.line].find(window, at - last.lag - FRAME // 2, at - last.lag + FRAME // 2)
        if likeness > LIKELY:
            return last.line, at - where
    due = [(*k.find(window, at - k.due - LATE, at - k.due + EARLY), line) for line, k in enumerate(known)]
    likeness, where, line = max(due, default=(0.0, 0, 0))
    if likeness > LIKELY:
        return line, at - where
    likeness, lag = JUST, 0
    for i in sorted(range(len(known)), key=lambda i: abs(known[i].due - at)):
        alike, where = known[i].find(window)
        if alike > likeness:
            likeness, line, lag = alike, i, at - where
        if alike > SURE:
            break
    return (line, lag) if likeness > JUST else None


def _grow(sound: Exact, start: int, stop: int, anchor: int, place: tuple[int, int], known: _Known) -> Stretch:
    """The longest stretch around `anchor`, within [start, stop), that is the line times a gain in every frame."""
    line, lag = place
    low, high = max(start, lag), min(stop, lag + known.sound.size)
    first = anchor - (anchor - low) // FRAME * FRAME
    last = first + (high - first) // FRAME * FRAME
    played = sound[first:last].reshape(-1, FRAME)
    meant = known.sound[first - lag : last - lag].reshape(-1, FRAME)
    power, wanted, both = (played**2).sum(axis=1), (meant**2).sum(axis=1), (played * meant).sum(axis=1)
    gains = both / np.maximum(wanted, 1e-12)
    rest = power - gains * both
    loud = wanted > FRAME * LOUD**2
    fits = np.where(loud, (gains > 0.02) & (rest < 0.3 * power + 1e-6), power < FRAME * 10 ** (-45 / 10))
    home = (anchor - first) // FRAME
    fits[home] = True
    a, b = _run_around(fits, home)
    begin, end = first + a * FRAME, first + b * FRAME
    begins = low if begin - low < FRAME else begin
    ends = high if high - end < FRAME else end
    return Stretch(line, begins, ends, lag, begin, np.where(loud, gains, np.nan)[a:b])


def _run_around(fits: NDArray[np.bool_], home: int) -> tuple[int, int]:
    """[a, b) of the run of True around `home`, single misfits bridged but not at its ends."""
    bridged = fits.copy()
    bridged[1:-1] |= fits[:-2] & fits[2:]
    breaks = np.flatnonzero(~bridged)
    after = int(np.searchsorted(breaks, home))
    a = int(breaks[after - 1]) + 1 if after else 0
    b = int(breaks[after]) if after < breaks.size else fits.size
    return a, b


def _joined(stretches: Sequence[Stretch], sound: Exact, known: Sequence[_Known]) -> list[Stretch]:
    """Stretches of one line at one lag become one where only cracks, or the line's own silence, lie between them."""
    joined = list(stretches[:1])
    for _, stretch in pairwise(stretches):
        before = joined[-1]
        same = before.line == stretch.line and abs(before.lag - stretch.lag) <= 2
        if not same or not _only_quiet(before, stretch, sound, known[stretch.line].sound):
            joined.append(stretch)
            continue
        missing = round((stretch.frames_from - before.frames_from) / FRAME) - before.gains.size
        before.gains = np.concatenate((before.gains, np.full(max(0, missing), np.nan), stretch.gains))
        before.stop = stretch.stop
    return joined


def _only_quiet(before: Stretch, after: Stretch, sound: Exact, line: Exact) -> bool:
    """Whether the line goes on between the two stretches, as far as one can tell."""
    meant = line[before.reached : max(0, after.first)]
    if meant.size < CRACK:
        return True
    if sound[before.stop : after.start].any() and np.sqrt(np.mean(meant**2)) < LOUD:
        return True
    return bool(np.abs(meant).max() < 2.5 / 32768)
