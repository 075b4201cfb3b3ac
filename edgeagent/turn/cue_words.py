"""What a word is worth as a hint: does who says it take the floor, or listen aloud?

From a recogniser's text, however unsure or unfinished, to nats for `events.Hint`. Only a few words count, those with
which people take the floor of a device or tell it to go on (Switchboard: 94 % of backchannels are a single word, and
eleven words are nearly all of them); each language has its own, and they are handed in. Whatever else is said counts
for nothing, unless there is much of it: nobody listens aloud in whole sentences. "Yeah" alone is a backchannel; "yeah,
but" is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Cue(StrEnum):
    """What a text says about the floor."""

    NOTHING = "nothing"
    TAKES = "takes"
    LISTENS = "listens"


@dataclass(frozen=True, slots=True)
class Worth:
    """Log-likelihood ratios in nats: for a person who addresses us, and for their taking the floor."""

    person: float
    floor: float


@dataclass(frozen=True, slots=True)
class CueWords:
    """A language's words, and phrases of two, in lower case, without punctuation: the list `floor` of its file."""

    takes: frozenset[str]
    listens: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """What a recogniser with a closed grammar should know."""
        return self.takes | self.listens


WORTH: Mapping[Cue, Worth] = {
    Cue.NOTHING: Worth(0.0, 0.0),
    Cue.TAKES: Worth(0.5, 0.7),
    Cue.LISTENS: Worth(0.3, -0.3),
}
"""Of what pocketsphinx understands through our own voice; docs/words.md has the counts. Over the development scenes a
word that takes the floor brings 0.8 nats for it, and 0.8 for a person; one of listening aloud brings next to nothing.
On recordings without an echo it is +1.4 and -1.0 for the floor, and 1.4 and 0.6 for a person. That nothing was
understood is worth nothing here: it is so of most sounds, and at first of all."""

LISTENED_MOST = 2
"""Different words of listening aloud in a row ("oh, right") that are still one backchannel."""

MANY = 3
"""Words, known or not, from which on somebody says something and does not only listen."""

WORD = re.compile(r"[\w'-]+")


def cue(text: str, language: CueWords) -> Cue:
    """What `text`, as any recogniser writes it, says about the floor."""
    found = list(_phrases(WORD.findall(text.lower()), language))
    known = [kind for _, kind in found if kind is not Cue.NOTHING]
    if Cue.TAKES in known:
        return Cue.TAKES
    listened = {phrase for phrase, kind in found if kind is Cue.LISTENS}
    if len(found) == len(known):  # "yeah yeah yeah" is one word
        if not known:
            return Cue.NOTHING
        return Cue.LISTENS if len(listened) <= LISTENED_MOST else Cue.TAKES
    return Cue.TAKES if len(found) >= MANY else Cue.NOTHING


def worth(text: str, language: CueWords) -> Worth:
    """The nats of `text`."""
    return WORTH[cue(text, language)]


def _phrases(words: list[str], language: CueWords) -> Iterator[tuple[str, Cue]]:
    """The words in order, two of them taken together where the language knows them so."""
    at = 0
    while at < len(words):
        for length in (2, 1):
            phrase = " ".join(words[at : at + length])
            kind = _kind(phrase, language)
            if kind is not Cue.NOTHING or length == 1:
                yield phrase, kind
                at += length
                break


def _kind(phrase: str, language: CueWords) -> Cue:
    if phrase in language.takes:
        return Cue.TAKES
    return Cue.LISTENS if phrase in language.listens else Cue.NOTHING
