"""Word times for voices that tell none: words share the sound of a phrase by their length in letters.

Letters are a fair measure of duration over a phrase (speech rates are given in characters for that reason), and what
stands before a mark is drawn out (phrase-final lengthening: Klatt, 1976). Pauses are measured, and nearly always stand
between two words, mostly behind a mark. Which pause stands behind which word is found by dynamic programming: phrases
should be spoken at one pace. So an error does not outlive its phrase.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, chain, pairwise
from operator import itemgetter
from typing import NamedTuple

from edgeagent.turn.events import Word
from edgeagent.turn.writing import signs, written_words
from edgeagent.units import RATE, samples

PER_LETTER = RATE // 14
"""Samples of a letter where the length is not known yet: 14 letters a second, with spaces, is ordinary speech."""

MARKS = ".,;:!?…\"'»”’()[]-–—。，、；：！？।"  # noqa: RUF001 (full-width marks and dashes, too)
"""What around a word is not spoken."""

JOINT = 0.5
"""Letters that any word is worth beside its own."""

SIGN = 1.5
"""Letters that a Chinese or Japanese sign is worth beside being one: it is a syllable."""

DRAWN_OUT = 2.0
"""Letters that a word before a mark is longer by."""

REACH = 4
"""Words on either side of where a pause should be that it may stand behind."""

SKIPPED = 3
"""Pauses in a row that may stand within words: stop gaps, soft sounds."""

GRAIN = samples(100)
"""Phrases are off their pace by so much as a matter of course."""

NO_PAUSE = 0.3
"""What it costs that no pause stands behind a mark, where a pause as long as GRAIN behind none costs 1."""

Pauses = Sequence[tuple[int, int]]


class _Anchor(NamedTuple):
    """The best way to have the first `words` words in the first `spans` stretches of sound."""

    words: int
    spans: int
    cost: float
    before: _Anchor | None


def words(text: str, length: int, pauses: Pauses) -> tuple[Word, ...]:
    """Estimated words of `text` spoken in [0, length) samples with silence in `pauses`. length: 0 while unknown."""
    return _words(text, length, tuple(pauses))


@lru_cache(4)  # it is asked for several times at a stop
def _words(text: str, length: int, pauses: tuple[tuple[int, int], ...]) -> tuple[Word, ...]:
    parts = [text[start:stop] for start, stop in written_words(text)]
    weights = [_weight(part) for part in parts]
    spans = list(_sounding(length or round(sum(weights) * PER_LETTER), pauses))
    made: list[Word] = []
    anchors = _Phrases(parts, weights, spans).anchors() if parts and spans else []
    for before, anchor in pairwise(anchors):
        one = slice(before.words, anchor.words)
        made += _shared(parts[one], weights[one], spans[before.spans : anchor.spans])
    return tuple(made) or tuple(Word(0, 0, part) for part in parts)


def _weight(part: str) -> float:
    spoken = part.strip(MARKS)
    return JOINT + len(spoken) + SIGN * signs(spoken) + DRAWN_OUT * (part[-1] in MARKS)


class _Phrases:
    """Where the phrases of one utterance lie."""

    def __init__(self, parts: Sequence[str], weights: Sequence[float], spans: Sequence[tuple[int, int]]) -> None:
        self._sounded = list(accumulate((end - start for start, end in spans), initial=0))
        silent = (after[0] - before[1] for before, after in pairwise(spans))
        self._silent = list(accumulate(silent, initial=0))
        pace = self._sounded[-1] / sum(weights)
        self._ideal = [pace * weight for weight in accumulate(weights, initial=0.0)]
        self._marked = [part[-1] in MARKS for part in parts]
        self._marks = list(accumulate(self._marked, initial=0))

    def anchors(self) -> list[_Anchor]:
        """From the beginning to the end; between two of them lies a phrase."""
        last = len(self._sounded) - 1
        reached = [[_Anchor(0, 0, 0.0, None)]]
        for spans in range(1, last):
            begun = list(chain.from_iterable(reached[-1 - SKIPPED :]))
            reached.append([best for words in self._near(spans) if (best := self._best(words, spans, begun))])
        anchor = self._best(len(self._marked), last, list(chain.from_iterable(reached)))
        path = []
        while anchor is not None:
            path.append(anchor)
            anchor = anchor.before
        return path[::-1]

    def _near(self, spans: int) -> range:
        """Words behind which the pause may stand that ends so many stretches."""
        at = bisect_left(self._ideal, self._sounded[spans])
        return range(max(1, at - REACH), min(len(self._marked), at + REACH))

    def _best(self, words: int, spans: int, begun: list[_Anchor]) -> _Anchor | None:
        possible = [
            (before.cost + self._cost(before, words, spans), before) for before in begun if before.words < words
        ]
        if not possible:
            return None
        cost, before = min(possible, key=itemgetter(0))
        return _Anchor(words, spans, cost, before)

    def _cost(self, before: _Anchor, words: int, spans: int) -> float:
        """Of a phrase: how far it is off the pace, pauses that are behind no mark, marks that are before no pause."""
        ideal = self._ideal[words] - self._ideal[before.words]
        off = self._sounded[spans] - self._sounded[before.spans] - ideal
        end = spans - 1 if words == len(self._marked) or self._marked[words - 1] else spans
        odd = self._silent[end] - self._silent[before.spans]
        marks = self._marks[words - 1] - self._marks[before.words]
        return off * off / (GRAIN * (ideal + GRAIN)) + odd / GRAIN + NO_PAUSE * marks


def _shared(parts: Sequence[str], weights: Sequence[float], spans: Sequence[tuple[int, int]]) -> Iterator[Word]:
    """The words of a phrase."""
    share = sum(end - start for start, end in spans) / sum(weights)
    done = 0.0
    for part, weight in zip(parts, weights, strict=True):
        start, end = _place(spans, done * share), _place(spans, (done + weight) * share)
        yield Word(start, max(start, end), part)
        done += weight


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
