"""What was heard: samples that left the DAC, times word times.

The ledger counts what was played, not what was generated. A half-played word is not heard. When a stop turns out to be
a false alarm it says where to go on, so that no word is lost and at most one phrase is repeated.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from edgeagent.turn import estimate
from edgeagent.turn.events import Ceased, Playing, Scripted, Word
from edgeagent.units import samples

PHRASE_PAUSE = samples(200)
"""A silence of this length ends a phrase, as punctuation does."""

BREATH = samples(60)
"""Without word times, a silence of this length is a place to go on from."""

LOOK_BACK = samples(1500)
"""How much may be said twice. A phrase that began longer ago is resumed at the word instead."""

PUNCTUATION = ".,;:!?…。，、；：！？।"  # noqa: RUF001 (full-width marks end a phrase too)

QUESTION = ("?", "？", "؟")  # noqa: RUF001 (full-width, Arabic)

CLOSING = "\"'»”’)"  # noqa: RUF001 (quotes may follow the mark)

ANSWERABLE = samples(700)
"""A question may be answered from so long before its end on: by then it is clear what is asked."""

ENDING = samples(500)
"""With so little left a stop saves nobody any time, and costs the last word."""

UNKNOWN = 1 << 40
"""Samples left of what is still being made."""

UTTERANCES_KEPT = 64
"""Older utterances are forgotten; resuming and reporting need only the last few."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What of an utterance the person heard. `of`: its words; `samples` counts what left the DAC. estimated: the voice
    tells no word times, so the words are right to within one or so."""

    utterance: int
    samples: int
    words: int
    of: int
    text_heard: str
    text_unheard: str
    estimated: bool = False


@dataclass(slots=True)
class _Entry:
    text: str = ""
    words: tuple[Word, ...] = ()
    pauses: tuple[tuple[int, int], ...] = ()
    before: int = 0
    """Own sample, exclusive, that earlier stretches of playing reached."""
    position: int = 0
    """Own sample at which it last began or ceased. The last report holds: an abort takes frames back."""
    length: int = 0
    protected: bool = False
    playing_since: int | None = None
    """The engine's sample at which `position` sounded, while it is playing. Not the player's own count, which stands
    still in a stop and while there is no card."""

    @property
    def reached(self) -> int:
        """Furthest own sample that left the DAC, exclusive."""
        return max(self.before, self.position)

    @property
    def timed(self) -> tuple[Word, ...]:
        """Its words, estimated where the voice tells none."""
        return self.words or estimate.words(self.text, self.length, self.pauses)


@dataclass(slots=True)
class Ledger:
    """Words and positions of the last utterances. Engine thread only."""

    entries: dict[int, _Entry] = field(default_factory=dict)

    def note(self, fact: Scripted | Playing | Ceased) -> None:
        """Take in what the player or the talker reports."""
        entry = self.entries.setdefault(fact.utterance, _Entry())
        match fact:
            case Scripted():
                entry.text, entry.words, entry.pauses, entry.length = fact.text, fact.words, fact.pauses, fact.length
                entry.protected = fact.protected
            case Playing():
                entry.before, entry.position, entry.playing_since = entry.reached, fact.offset, fact.at
            case Ceased():
                entry.position, entry.playing_since = fact.offset, None
        while len(self.entries) > UTTERANCES_KEPT:
            del self.entries[next(iter(self.entries))]

    def heard(self, utterance: int) -> Heard:
        """What of `utterance` has been heard up to the last time it ceased."""
        entry = self.entries.get(utterance, _Entry())
        timed = entry.timed
        count = sum(word.end <= entry.reached for word in timed)
        texts = _split(entry.text, timed, count)
        return Heard(
            utterance, entry.reached, count, len(timed), *texts, estimated=not entry.words and count < len(timed)
        )

    def left(self, utterance: int) -> str:
        """The words that `utterance` would go on with, from a phrase or word start; "" for none."""
        entry = self.entries.get(utterance, _Entry())
        timed = entry.timed
        if not timed:
            return ""
        start = _in_words(entry, timed)
        return _split(entry.text, timed, sum(word.start < start for word in timed))[1]

    def asked(self, utterance: int, at: int) -> bool:
        """Whether `utterance` is a question that is as good as asked at sample `at`."""
        entry = self.entries.get(utterance, _Entry())
        if entry.text.rstrip().rstrip(CLOSING)[-1:] not in QUESTION:
            return False
        return _left(entry, at) <= ANSWERABLE

    def may_stop(self, utterance: int, at: int) -> bool:
        """Whether a voice may stop `utterance` at sample `at`: it is not protected, and not as good as over."""
        entry = self.entries.get(utterance, _Entry())
        return not entry.protected and _left(entry, at) > ENDING

    def protected(self, utterance: int) -> bool:
        """Whether voices may lower it and no more."""
        return self.entries.get(utterance, _Entry()).protected

    def resume_point(self, utterance: int) -> int:
        """The own sample from which to go on after a false alarm."""
        entry = self.entries.get(utterance, _Entry())
        if entry.words:
            return _in_words(entry, entry.words)
        ends = [end for start, end in entry.pauses if end - start >= BREATH and end <= entry.position]
        return ends[-1] if ends and ends[-1] >= entry.position - LOOK_BACK else entry.position


def _left(entry: _Entry, at: int) -> int:
    """Samples that are still to be played at sample `at`; very many while nobody knows."""
    if not entry.length:
        return UNKNOWN
    passed = 0 if entry.playing_since is None else max(0, at - entry.playing_since)
    return entry.length - entry.position - passed


def _split(text: str, words: tuple[Word, ...], count: int) -> tuple[str, str]:
    """`text` up to and after the first `count` words. Words not yet made have no times, but they are in the text."""
    cut = 0
    for word in words[:count]:
        found = text.find(word.text, cut)
        if found < 0:  # the talker spells it in its own way
            return " ".join(w.text for w in words[:count]), " ".join(w.text for w in words[count:])
        cut = found + len(word.text)
    return text[:cut].strip(), text[cut:].strip()


def _in_words(entry: _Entry, words: tuple[Word, ...]) -> int:
    """Start of the phrase that was broken off, or of the word when the phrase began too long ago."""
    position = entry.position
    index = max(0, bisect_right(words, position, key=lambda word: word.start) - 1)
    if words[index].end <= position:  # between two words, or behind the last: nothing was broken
        index += 1
        if index == len(words):
            return position
    first = index
    while first > 0 and not _phrase_ends(entry, words, first - 1):
        first -= 1
    start = words[first].start
    return min(start if start >= position - LOOK_BACK else words[index].start, position)


def _phrase_ends(entry: _Entry, words: tuple[Word, ...], index: int) -> bool:
    """Whether a phrase ends with word `index`."""
    word, following = words[index], words[index + 1]
    return (
        word.text.rstrip(CLOSING)[-1:] in PUNCTUATION
        or following.start - word.end >= PHRASE_PAUSE
        or any(
            end - start >= PHRASE_PAUSE and word.start < start and end <= following.end for start, end in entry.pauses
        )
    )
