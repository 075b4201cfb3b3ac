"""Sentences out of text that comes in pieces, each as soon as it is sure to be one.

A mark ends a sentence when a space or a new line follows, and what stands before it is no abbreviation, initial or
number of a list. Marks of scripts without spaces end at once. Whatever the pieces, the sentences are the same. What has
no letter and no digit (a lone quotation mark) is none: a voice may have no sound for it. Markdown and emojis are taken
off (`dialogue/sayable.py`).
"""

from __future__ import annotations

import re

from edgeagent.dialogue.sayable import sayable

ENDS = ".!?…।॥؟۔᱾᱿꯫"  # noqa: RUF001
"""Marks that end a sentence before a space."""

ENDS_AT_ONCE = "。！？"  # noqa: RUF001
"""Full-width marks, after which no space comes."""

CLOSING = "\"'»”’)]*_`"  # noqa: RUF001
"""May stand between the mark and the space."""

OPENING = "(\"'*_`"
"""May stand before a word."""

ABBREVIATIONS = frozenset(
    (
        *("mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "no", "e.g", "i.e", "approx", "inc", "ltd", "jr", "fig"),
        *("nr", "ca", "bzw", "z.b", "d.h", "u.a", "sr", "sra", "dra", "art", "sig", "p", "vol", "mme", "mlle", "m"),
    )
)
"""In lower case, without their last dot."""

MONTHS = frozenset(
    (
        *("januar", "jänner", "februar", "märz", "april", "mai", "juni"),
        *("juli", "august", "september", "oktober", "november", "dezember"),
    )
)
"""Of German, which writes them large: behind "5." they go on, as any word does that is written small."""

ORDINATING = frozenset(("der", "den", "dem", "die", "im", "vom", "zum", "zur", "beim"))
"""Before "19. Jahrhundert": a number that follows is an ordinal."""

LONGEST = 400
"""Characters after which a sentence is taken to end at a space: lists and endless replies must not wait for a mark."""

AT_ONCE = 4096
"""Characters of a whole text that are looked at together: a book may be one paragraph."""

BOUNDARY = re.compile(
    rf"[{re.escape(ENDS)}]+[{re.escape(CLOSING)}]*(?=\s)|[{ENDS_AT_ONCE}]+[{re.escape(CLOSING)}]*|\n+",
)

NEXT_WORD = re.compile(r"(?:[^\S\n]+|(?=\n))(\w*)(?=\W)")
"""The word behind a mark, whole; "" where none follows on the line."""

EMPTY_LINE = re.compile(r"\n\s*\n")


class Sentences:
    """One thread."""

    def __init__(self) -> None:
        self._text = ""

    def feed(self, piece: str) -> list[str]:
        """The sentences that are complete now."""
        self._text += piece
        found: list[str] = []
        while (end := self._end()) is not None:
            sentence, self._text = sayable(self._text[:end].strip()), self._text[end:].lstrip()
            if _says_something(sentence):
                found.append(sentence)
        return found

    def rest(self) -> list[str]:
        """What is left when no more comes."""
        found = self.feed("\n")  # of which no more comes, whatever it was waiting for
        text, self._text = sayable(self._text.strip()), ""
        return found + ([text] if _says_something(text) else [])

    def _end(self) -> int | None:
        for match in BOUNDARY.finditer(self._text):
            if match.end() > LONGEST:
                break
            if match.end() == len(self._text) and match.group()[0] in ENDS_AT_ONCE:
                return None  # more of it may come
            if match.group()[-1] in CLOSING and self._text[match.end() :].isspace():
                return None  # it may go on
            ordinal = self._ordinal(match)
            if ordinal is None:
                return None
            if not (ordinal or self._goes_on(match) or self._abbreviates(match.start())):
                return match.end()
        if len(self._text) <= LONGEST:
            return None
        space = self._text.rfind(" ", 1, LONGEST)
        return space if space > 0 else LONGEST

    def _goes_on(self, match: re.Match[str]) -> bool:
        """'"Really?" she asked.'"""
        return match.group()[-1] in CLOSING and self._text[match.end() :].lstrip()[:1].islower()

    def _abbreviates(self, mark: int) -> bool:
        if self._text[mark] != ".":
            return False
        word = self._word(mark)
        numbers_a_list = word.isdecimal() and word == self._text[:mark].rpartition("\n")[2].lstrip(f" {OPENING}")
        return word in ABBREVIATIONS or (len(word) == 1 and word.isalpha()) or numbers_a_list

    def _ordinal(self, match: re.Match[str]) -> bool | None:
        """Whether the mark is that of "5. Mai", "5. května", "19. Jahrhundert"; None before the next word is there."""
        mark, word = match.start(), self._word(match.start())
        if match.group() != "." or not word.isdecimal() or len(word) > 2:
            return False
        following = NEXT_WORD.match(self._text, match.end())
        if following is None:
            return None
        before = self._text[:mark].lower().split()[-2:-1]
        return (
            following[1][:1].islower()
            or following[1].lower() in MONTHS
            or bool(following[1] and ORDINATING.intersection(before))
        )

    def _word(self, mark: int) -> str:
        """The one before it, in lower case."""
        return self._text[:mark].rpartition("\n")[2].rpartition(" ")[2].lstrip(OPENING).lower()


def _says_something(text: str) -> bool:
    return any(sign.isalnum() for sign in text)


def sentences(text: str) -> list[str]:
    """Those of a whole text."""
    splitter = Sentences()
    found: list[str] = []
    for start in range(0, len(text), AT_ONCE):  # each sentence takes the rest of what was fed to another place
        found += splitter.feed(text[start : start + AT_ONCE])
    return found + splitter.rest()


def of_paragraphs(text: str) -> tuple[str, ...]:
    """The sentences of a text whose lines are broken anywhere: empty lines part paragraphs, a line's end parts
    nothing."""
    paragraphs = (" ".join(part.split()) for part in EMPTY_LINE.split(text))
    return tuple(sentence for paragraph in paragraphs for sentence in sentences(paragraph))
