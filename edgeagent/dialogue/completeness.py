"""Whether what somebody has said so far may be all of it, from a recogniser's unfinished text.

Rules on the last words, as data of each language. Who ends on "and", "the" or "to" goes on; so does who is dictating a
number, and who says "um". Of all else nothing is known: most phrases that could be over are not, and the silence
decides. Only a whole command is likely to be all.
"""

from __future__ import annotations

import re

from edgeagent.dialogue.language import Language
from edgeagent.dialogue.phrases import Words, begins, left, words

NO_IDEA = 0.5

UNFINISHED, HESITATES, DICTATES, TRAILS = 0.1, 0.05, 0.15, 0.15
"""Probability that somebody has finished who ends on a word that leads on, on "um", in a number, or whose recogniser
writes dots. Judgements, not measured; the patience that they lead to is bounded."""

COMMANDED = 0.75
"""Likewise after a whole command: "stop the music" begins like "stop"."""

DIGITS_LEAST = 2
"""Digits in a row, each said by itself, from which on somebody dictates: "at nine" does not."""

DIGITS_MOST = 10
"""A number that has so many may well be whole: telephone numbers have 9 to 11."""

LONG_DIGITS = 5
"""Digits that are written as one and are no price, year or time."""

TRAILING = ("...", "…", "-", "–", "—")  # noqa: RUF001

AMOUNT = re.compile(r"\d+(?:[:.,/]\d+)+")
"""Times, prices, dates: numbers that nobody dictates digit by digit."""


def complete(text: str, language: Language) -> float:
    """Probability that nothing follows `text`, NO_IDEA for no idea. text: what a recogniser made of the turn so far."""
    said = words(AMOUNT.sub("x", text))
    if not said:
        return NO_IDEA
    if _ends(said, language.hesitations):
        return HESITATES
    if any(said in phrases for name, phrases in language.commands.items() if name != "hold"):  # which announces more
        return COMMANDED
    if not left(said, language.yes | language.no | language.backchannels) or _answers(said, language):
        return NO_IDEA
    if _ends(said, language.unfinished) or (_ends(said, language.stranding) and not _asks(said, language)):
        return UNFINISHED
    if _dictates(said, language):
        return DICTATES
    return TRAILS if text.rstrip().endswith(TRAILING) else NO_IDEA


def _ends(said: Words, phrases: frozenset[Words]) -> bool:
    return any(said[-len(phrase) :] == phrase for phrase in phrases)


def _answers(said: Words, language: Language) -> bool:
    """ "Yes, it is", "no, I am": words that lead on elsewhere."""
    rest = left(said, language.yes | language.no)
    leads_on = rest[1:] in language.stranding or rest in language.unfinished & language.clauses
    return len(rest) == 2 and rest != said and rest[:1] in language.clauses and leads_on


def _asks(said: Words, language: Language) -> bool:
    """ "Where are you from" is whole, "a ticket from" is not."""
    return bool(begins(left(said, language.fillers | language.hesitations | language.polite), language.questions))


def _dictates(said: Words, language: Language) -> bool:
    digits = tokens = 0
    longest = ""
    for word in reversed(said):
        if not (word.isdecimal() or (word,) in language.digits):
            break
        tokens += 1
        digits += len(word) if word.isdecimal() else 1
        longest = max(longest, word if word.isdecimal() else "", key=len)
    written = len(longest) >= LONG_DIGITS or (longest.startswith("0") and len(longest) > DIGITS_LEAST)
    return digits < DIGITS_MOST and (tokens >= DIGITS_LEAST or written)
