"""Words of any script, and phrases found in them.

Recognisers differ in case, apostrophes and punctuation; none of it counts. Marks that belong to a letter do (Devanagari
vowels are no letters to `re`). Scripts without spaces are taken sign by sign.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

Words = tuple[str, ...]

INSIDE = "'-_"
"""Belong to a word where letters stand on both sides: "don't", "uh-huh"."""

LONGEST = 16
"""Words of a phrase at most; in scripts without spaces, signs."""

SAME = str.maketrans({"’": "'", "ʼ": "'", "‘": "'", "‐": "-", "‑": "-", "–": "-", "—": " "})  # noqa: RUF001

SAME |= dict.fromkeys((0x0640, 0x0670, *range(0x064B, 0x0653)), "")
"""Arabic: short vowels, which few write, and what draws a word out."""

SIGNS = ("CJK UNIFIED", "HIRAGANA", "KATAKANA")
"""Beginnings of the Unicode names of signs that are words by themselves here."""

BRACKETS = re.compile(r"\[[^\]]*\]|\([^)]*\)|<[^>]*>|\*[^*]*\*")
"""What recognisers put sounds into that are no words."""

SAME_MARK = str.maketrans({"\u0901": "\u0902", "\u093c": ""} | dict.fromkeys("\u0622\u0623\u0625", "\u0627"))
"""Devanagari: recognisers write candrabindu and anusvara, and leave the nukta out, as they like. Arabic: so they do
what stands above and below an alef."""


def words(text: str) -> Words:
    """The words of `text` in one form: no case, no punctuation. What stands in brackets ("[laughter]") is no word."""
    plain = unicodedata.normalize("NFC", BRACKETS.sub(" ", text).translate(SAME).casefold()).translate(SAME_MARK)
    found, word = [], ""
    for index, sign in enumerate(plain):
        if is_sign(sign):
            found += [word, sign]
            word = ""
        elif _letter(sign) or (sign in INSIDE and word and _letter(plain[index + 1 : index + 2])):
            word += sign
        else:
            found.append(word)
            word = ""
    return tuple(filter(None, [*found, word]))


def written(said: Words) -> str:
    """`said` as text, without spaces where its script has none."""
    text = ""
    for word in said:
        apart = text and not (is_sign(word) and is_sign(text[-1]))
        text += f" {word}" if apart else word
    return text


def begins(said: Words, phrases: Collection[Words]) -> int:
    """Of how many words the longest phrase is that `said` begins with, up to LONGEST; 0 for none."""
    for length in range(min(len(said), LONGEST), 0, -1):  # a generator takes half as long again, and all hangs on this
        if said[:length] in phrases:
            return length
    return 0


def left(said: Words, phrases: Collection[Words]) -> Words:
    """`said` without the phrases that it begins with, one after the other."""
    while length := begins(said, phrases):
        said = said[length:]
    return said


def holds(said: Words, phrase: Sequence[str]) -> bool:
    """Whether `phrase` is in `said`, word for word and in order."""
    count = len(phrase)
    return any(said[at : at + count] == tuple(phrase) for at in range(len(said) - count + 1))


def _letter(sign: str) -> bool:
    return bool(sign) and (sign.isalnum() or unicodedata.category(sign).startswith("M") or sign in "\u200c\u200d")


def is_sign(word: str) -> bool:
    """Whether it is a sign that is a word by itself here, as in Chinese."""
    return len(word) == 1 and word > "\u2e7f" and unicodedata.name(word, "").startswith(SIGNS)
