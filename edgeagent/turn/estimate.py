"""Word times for voices that tell none: the words share the sound between its pauses by their length in letters.

Letters are a fair measure of duration over a phrase (speech rates are given in characters for that reason), and pauses
are measured. Without the pauses a comma in the middle would shift everything behind it by half a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeagent.turn.events import Word
from edgeagent.units import RATE

PER_LETTER = RATE // 14
"""Samples of a letter where the length is not known yet: 14 letters a second, with spaces, is ordinary speech."""

JOINT = 1
"""Letters that the space between two words is worth."""

Pauses = Sequence[tuple[int, int]]


def words(text: str, length: int, pauses: Pauses) -> tuple[Word, ...]:
    """Estimated words of `text` spoken in [0, length) samples with silence in `pauses`. length: 0 while unknown."""
    parts = text.split()
    weights = [len(part) + JOINT for part in parts]
    spans = list(_sounding(length or sum(weights) * PER_LETTER, pauses))
    share = sum(end - start for start, end in spans) / max(1, sum(weights))
    made, done = [], 0
    for part, weight in zip(parts, weights, strict=True):
        start, end = _place(spans, done * share), _place(spans, (done + weight) * share)
        made.append(Word(start, max(start, end), part))
        done += weight
    return tuple(made)


def _sounding(length: int, pauses: Pauses) -> Iterator[tuple[int, int]]:
    """What lies between the pauses."""
    at = 0
    for start, end in pauses:
        if at < start < length:
            yield at, start
        at = max(at, end)
    if at < length:
        yield at, length


def _place(spans: Sequence[tuple[int, int]], sounded: float) -> int:
    """Where so much has sounded."""
    for start, end in spans:
        if sounded <= end - start:
            return round(start + sounded)
        sounded -= end - start
    return spans[-1][1] if spans else 0
