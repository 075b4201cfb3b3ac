"""How far the recording of a room is behind the recording of what was played in it, whenever the two began.

Generalised cross-correlation with partial phase transform (Knapp & Carter, "The generalized correlation method for
estimation of time delay", IEEE Trans. ASSP 24, 1976) of pieces of the microphone with the whole reference. Only the
magnitudes are added up over the pieces, which bears clocks that drift apart, and only what lies below 2 kHz counts,
where rooms and drift do least to the phase. Left out: accuracy below 8 ms (the canceller measures its own delay), and
recordings that were cut in the middle by more than 4 s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeagent.signal import Sound
from edgeagent.signal.fourier import forward, inverse, power
from edgeagent.signal.resample import resample
from edgeagent.units import RATE

LOW_RATE = 4_000
"""Hz at which is searched: a quarter of the samples and of the lags."""

SLOW = RATE // LOW_RATE

PIECE = 1 << 14
"""Samples at LOW_RATE (4.1 s) of microphone in one correlation: a drift of 200 ppm is three of them."""

BIN = 32
"""Samples at LOW_RATE (8 ms) of lag that count as one, so that drift does not scatter the pieces of a stretch."""

BINS = PIECE // BIN

STRETCH = 5 * PIECE * SLOW
"""Samples at RATE (20 s) whose pieces are added up. Without near-end speech one piece would do."""

SHORTEST = LOW_RATE // 4
"""Samples at LOW_RATE below which a piece, the last one, says nothing."""

TRIES = 8
"""Stretches of the reference that are looked for in the whole microphone before there is said to be no echo."""

WHITENING = np.float32(-0.4)
"""Exponent on the power of the cross-spectrum: -0.5 would lift the empty bins of speech."""

EMPTY = np.float32(1e-20)
"""Keeps the whitening finite where one of the two is silent."""

CLEAR = 1.4
"""The highest bin over the highest elsewhere from which it is an echo: 1.5 and more in 12 scenes and a real recording;
with another scene's reference at most 1.38, but for two of 36 that hold the same sentences (1.6, 1.7)."""

ROOM = 8
"""Bins (64 ms) on either side in which an echo has its reverberation, and no other echo is looked for."""


LOPSIDED, LOPSIDED_EARLY = 0.75, 1.0
"""Tail below which reference and microphone have changed places; and where the microphone is ahead of the reference, as
it never is when both began together. Of these 13 pairs none lies below, of the same swapped 12."""

EARLY = RATE // 2
"""Samples by which one may be ahead of the other then: the longest way from a program to the air, with Bluetooth."""


class Offset(NamedTuple):
    """lag: samples at RATE by which the microphone is behind the reference, within 8 ms; negative if it is ahead.
    tail: correlation just behind the strongest arrival over that just before it: a room answers afterwards."""

    lag: int
    tail: float


def swapped(found: Sequence[Offset]) -> bool:
    """Whether what was taken for the microphone is rather the reference of the other."""
    if not found:
        return False
    lag, tail = median(offset.lag for offset in found), median(offset.tail for offset in found)
    if 0 <= lag < EARLY:
        return False  # an echo comes after its cause, whatever its room
    return tail < (LOPSIDED_EARLY if -EARLY < lag < 0 else LOPSIDED)


def offsets(microphone: Sound, reference: Sound) -> Iterator[Offset | None]:
    """The echo in each STRETCH of `microphone` (n,) float32, n > 0, None where it does not stand out; nowhere unless a
    loud stretch of `reference` (m,) float32 can be found in the microphone. Lazy: the work is in the iteration."""
    near = _anywhere(microphone, reference)
    search = OffsetSearch(reference)
    for start in range(0, len(microphone), STRETCH):
        offset = None if near is None else search.find(microphone[start : start + STRETCH], start, near)
        near = near if offset is None else offset.lag
        yield offset


def _anywhere(microphone: Sound, reference: Sound) -> int | None:
    """The lag of the loudest stretch of the reference that can be found in the microphone: it was audible if any was,
    while the microphone may be loud with anything."""
    search = OffsetSearch(microphone)
    energies = np.add.reduceat(np.square(reference), range(0, len(reference), STRETCH))
    for number in np.argsort(energies)[::-1][:TRIES].tolist():
        start = number * STRETCH
        offset = search.find(reference[start : start + STRETCH], start)
        if offset is not None:
            return -offset.lag
    return None


class OffsetSearch:
    """Looks for parts of one recording in the whole of another."""

    def __init__(self, whole: Sound) -> None:
        """`whole`: (n,) float32, n > 0."""
        low = resample(whole, RATE, LOW_RATE)
        self._blocks = -(-len(low) // PIECE) + 1
        self._whole = np.zeros((self._blocks + 1) * PIECE, np.float32)
        self._whole[PIECE : PIECE + len(low)] = low  # a piece may have begun before it

    def find(self, part: Sound, start: int, near: int | None = None) -> Offset | None:
        """Where `part` (n,), n <= STRETCH, that begins at sample `start`, a multiple of STRETCH, lies in the whole; as
        if the part were a microphone and the whole its reference. `near`: search only some 4 s around this lag."""
        first = start // SLOW // PIECE
        low = resample(part, RATE, LOW_RATE)
        pieces = np.array_split(low, range(PIECE, len(low), PIECE))
        if near is None:
            rows = range(first - self._blocks + 1, first + len(pieces))
        else:
            rows = range(near // SLOW // PIECE - 1, near // SLOW // PIECE + 2)
        heights = np.zeros((len(rows), BINS), np.float32)
        for number, piece in enumerate(pieces, start=first):
            if len(piece) >= SHORTEST:
                heights += self._heights(piece, number, rows)
        return _peak(heights.ravel(), rows.start * PIECE)

    def _heights(self, piece: Sound, number: int, rows: range) -> NDArray[np.float32]:
        """(rows, BINS) for one piece: row r holds the lags from r to r + 1 PIECE upwards. The mean is one; zero where
        the whole does not reach."""
        heights = np.zeros((len(rows), BINS), np.float32)
        spectrum = np.conj(forward(piece, 2 * PIECE))
        for line, row in zip(heights, rows, strict=True):
            block = number - row
            if 0 <= block < self._blocks:
                cross = forward(self._whole[block * PIECE : (block + 2) * PIECE]) * spectrum
                cross *= (power(cross) + EMPTY) ** WHITENING
                line[:] = np.abs(inverse(cross)[:PIECE]).reshape(BINS, BIN).max(axis=1)[::-1]
        reached = np.count_nonzero(heights)
        return heights * np.float32(reached / heights.sum()) if reached else heights


def _peak(heights: NDArray[np.float32], lowest: int) -> Offset | None:
    """The echo where one stands out of (n,) heights, a BIN each from the lag `lowest` at LOW_RATE on."""
    at = int(np.argmax(heights))
    elsewhere = np.concatenate((heights[: max(at - ROOM, 0)], heights[at + ROOM + 1 :]))
    if heights[at] <= CLEAR * elsewhere.max():
        return None
    before, behind = heights[max(at - ROOM, 0) : at], heights[at + 1 : at + 1 + ROOM]
    tail = float(behind.sum() / max(before.sum(), 1e-9))
    return Offset(SLOW * (lowest + at * BIN + BIN // 2), tail)
