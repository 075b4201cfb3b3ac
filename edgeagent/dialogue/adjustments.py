"""How we are to speak, said in any order: "could you go a bit slower", "not so quick", "it's way too loud for me".

A small grammar: a word that adjusts, words that carry it, and nothing else. "Too fast" and "not so fast" mean the
opposite of "fast".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from edgeagent.dialogue.language import Language
from edgeagent.dialogue.manner import MANNER, OPPOSITE
from edgeagent.dialogue.parts import KEPT, aside, has_word, longest
from edgeagent.dialogue.phrases import Words, begins

ALONG = ("hold", "continue", "repeat")
"""Commands that an adjustment may come with: "wait, not so fast", "once more, slowly"."""


def adjustment(said: Words, language: Language) -> str:
    """The name of the command that all of `said` is; "" for none. The first word that adjusts decides."""
    around = _around(language)
    rest = _come_to_it(said, language)
    found, turned, denied, close = "", False, False, False
    if begins(rest, language.questions) > begins(rest, around):  # "is it quiet there"
        return ""
    while rest:
        found_here, length = longest(rest, _known(language))
        turns = begins(rest, language.reversing)
        if length and length >= turns:
            whole = rest[:length] in language.commands.get(found_here, frozenset())  # "too fast" is turned already
            if close and rest[:length] in language.adjustments.get(found_here, frozenset()):  # "so | langsam" is not
                whole = False
            if denied and whole and not begins(rest, language.reversing):  # "don't turn it up" is none
                return ""
            found = found or (OPPOSITE[found_here] if turned and not whole else found_here)
        elif turns:
            if found and not turned and has_word(rest[:turns], language.against):  # "आवाज़ कम मत करो"
                return ""
            denied = denied or has_word(rest[:turns], language.against)
            turned, length = True, turns
        else:
            length = begins(rest, around)
        if not length:
            return ""
        close = rest[:length] in language.reversing
        rest = rest[length:]
    return found


def _come_to_it(said: Words, language: Language) -> Words:
    """Without small words before it; "du" of "du bist zu laut" stays."""
    before, around = aside(language), _around(language) | language.reversing
    while (length := begins(said, before)) and length >= begins(said, around):
        said = said[length:]
    return said


@lru_cache(KEPT)
def _around(language: Language) -> frozenset[Words]:
    """What may stand around a word that adjusts."""
    along = frozenset().union(*(language.commands.get(name, frozenset()) for name in ALONG))
    return along | language.carriers | language.degrees | language.polite | language.fillers


@lru_cache(KEPT)
def _known(language: Language) -> Mapping[Words, str]:
    """All phrases that adjust; of those that are in two lists the first counts."""
    lists = [
        (name, told.get(name, frozenset())) for name in MANNER for told in (language.commands, language.adjustments)
    ]
    return {phrase: name for name, phrases in reversed(lists) for phrase in phrases}
