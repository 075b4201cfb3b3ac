"""What stands around what somebody wants, and where a new clause may begin.

People seldom say a command or a correction alone: they are polite, they hesitate, they say why. All of that is data of
a language; here is how it is taken off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from edgeagent.dialogue.language import Language
from edgeagent.dialogue.phrases import LONGEST, Words, begins, left

KEPT = 8
"""Languages, or mixtures, of which lists that are put together are kept."""

LONG = 40
"""Words from which on nobody gives a command, corrects or remarks; a bound of the work, too."""

STATEMENT = 3
"""Words of the shortest statement that may begin with anything: "the baby's asleep"."""

LED = 2
"""Words that a wish or a question needs at least to be found behind something else: "what" is in too much."""


def bare(said: Words, language: Language) -> Words:
    """Without what may stand around anything."""
    around = language.polite | language.fillers
    core = left(said, around) or said
    while (length := ends(core, around)) and length < len(core):
        core = core[:-length]
    return core


def longest(said: Words, known: Mapping[Words, str]) -> tuple[str, int]:
    """What the longest known phrase at the beginning stands for, and of how many words it is; "" and 0 for none."""
    length = begins(said, known)
    return (known[said[:length]], length) if length else ("", 0)


def has_word(said: Words, phrases: frozenset[Words]) -> bool:
    """Whether one of its words is one of these."""
    return any((word,) in phrases for word in said)


def ends(said: Words, phrases: frozenset[Words]) -> int:
    """Of how many words the longest phrase is that `said` ends with, up to LONGEST; 0 for none."""
    return next((length for length in range(min(len(said), LONGEST), 0, -1) if said[-length:] in phrases), 0)


@lru_cache(KEPT)
def leading(language: Language) -> frozenset[Words]:
    """What people say before they come to it."""
    return aside(language) | language.commands.get("hold", frozenset())


@lru_cache(KEPT)
def small(language: Language) -> frozenset[Words]:
    """Words that say yes, no, "I listen" or "I think"."""
    return language.backchannels | language.yes | language.fillers | language.no


def before_small(said: Words, language: Language) -> Words:
    """Without small words behind it: "friday, got it"."""
    behind = aside(language)
    while length := ends(said, behind):
        said = said[:-length]
    return said


def without(said: Words, phrases: frozenset[Words]) -> Words:
    """Without any of the phrases, wherever they stand; as it was where nothing else is."""
    kept: list[str] = []
    rest = said
    while rest:
        length = begins(rest, phrases)
        kept += () if length else rest[:1]
        rest = rest[length or 1 :]
    return tuple(kept) or said


def made_of(said: Words, *lists: frozenset[Words]) -> bool:
    """Whether it is phrases of these and nothing else; the longest first."""
    return not left(said, frozenset().union(*lists))


def cuts(said: Words, language: Language, *, any_verb: bool = False) -> Iterator[tuple[Words, Words]]:
    """What stands before and from a place on where a statement may begin: "hold on | i'm not there yet". any_verb: or
    where an article or a verb makes one likely, as in "read louder | grandad can't hear"."""
    for at in range(1, min(len(said), LONG)):
        tail = said[at:]
        likely = any_verb and len(tail) >= STATEMENT and (begins(tail, language.articles) or _has_verb(tail, language))
        if likely or (len(tail) > 1 and begins(tail, language.clauses)):
            yield said[:at], tail


def _has_verb(said: Words, language: Language) -> bool:
    """Whether a verb stands second or third, one that questions begin with or a denial, or ends the first word."""
    return "'" in said[0] or has_word(said[1:STATEMENT], language.questions | language.against)


@lru_cache(KEPT)
def wants(language: Language) -> frozenset[Words]:
    """What wishes and questions begin with."""
    return language.requests | language.questions


@lru_cache(KEPT)
def aside(language: Language) -> frozenset[Words]:
    """Small words, and politeness."""
    return small(language) | language.polite


def seeks(said: Words, language: Language) -> bool:
    """Whether it has a wish or a question, at its beginning or behind something else. "I need to find my glasses" is a
    statement where the language says so."""
    if asks_anywhere(said, language):
        return True
    wanted = wants(language)
    for at in range(len(said)):
        length = begins(said[at:], wanted)
        if length >= (LED if at else 1) and length >= begins(said[at:], language.clauses):
            return True
    return False


def asks_anywhere(said: Words, language: Language) -> bool:
    """Whether a question word stands anywhere, where the language says that it may: "ट्रेन कब आएगी"."""
    return bool(language.asking) and any(begins(said[at:], language.asking) for at in range(min(len(said), LONG)))


def states(said: Words, language: Language) -> bool:
    """Whether it is a statement that wants nothing."""
    core = left(said, aside(language))
    return bool(core) and bool(begins(core, language.clauses | language.remarks)) and not seeks(core, language)


def common(one: str, other: str) -> bool:
    """Whether two words may be forms of one: they begin alike for all but their last letters."""
    if one == other:
        return True
    least = max(ALIKE, max(len(one), len(other)) - ENDING)
    return min(len(one), len(other)) >= least and one[:least] == other[:least]


ALIKE, ENDING = 4, 3
"""Letters that forms of a word share at least, and that an ending has at most: story, stories."""


def ours(word: str, heard: Words) -> bool:
    """Whether we have just used the word, in whatever form."""
    return all(any(common(part, one) for one in heard) for part in word.split("-"))


def content(said: Words, language: Language) -> Words:
    """The words that mean something by themselves."""
    return tuple(word for word in said if (word,) not in language.little)
