"""Whether what was said is a command, alone or with a reason beside it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from edgeagent.dialogue.adjustments import adjustment
from edgeagent.dialogue.asking import not_understood
from edgeagent.dialogue.language import COMMANDS, Language
from edgeagent.dialogue.manner import MANNER
from edgeagent.dialogue.parts import (
    KEPT,
    LONG,
    STATEMENT,
    aside,
    cuts,
    ends,
    has_word,
    leading,
    longest,
    made_of,
    seeks,
    states,
    without,
)
from edgeagent.dialogue.phrases import Words, begins, is_sign, left

SHORT = 3
"""Words up to which what follows "stop" still belongs to it: "stop talking now"."""

CLEAR = 3
"""Words of a phrase that is a command behind anything: "say it again"."""

NAMED = 2
"""Words of what is to be repeated: "the second one"."""

STRONG = 2
"""Words that a command needs at least behind a statement: "i can't wait" is none."""


def command(said: Words, language: Language) -> str:
    """The command that `said` is; "" for none. "No, stop" is one, "no" is none."""
    joined = without(said, language.polite)  # "hör bitte auf"
    if name := whole(said, language) or whole(joined, language):
        return name
    first = left(said, leading(language))
    length = begins(first, language.commands.get("stop", frozenset()))
    rest = left(first[length:], language.commands.get("stop", frozenset()))
    if not length or len(rest) > SHORT or _says_what(rest, language) or begins(first, language.requests) > length:
        return ""
    if rest and first[:length] in language.little:  # "para dos", which is for two, and "बस आ गई", a bus
        return ""
    if any(map(is_sign, rest)):  # a word may go on: "停电了" is a power cut
        return ""
    return "" if _has_object(first[:length], rest, language) else "stop"


def whole(said: Words, language: Language) -> str:
    """The command that every word belongs to."""
    if len(said) > LONG:
        return ""
    return _plain(said, language) or adjustment(said, language) or _repeats(said, language)


def beside(said: Words, language: Language) -> str:
    """The command before or behind a statement: "hold on i'm not there yet", "i missed that say it again"."""
    first, openers = left(said, aside(language)), _openers(language)
    if len(said) > LONG or begins(first, language.requests) > begins(first, openers):
        return ""
    for head, tail in cuts(said, language, any_verb=True):
        if not left(head, language.polite) or not (name := whole(head, language)) or seeks(tail, language):
            continue
        if left(head, leading(language)) in language.little and tail[:1] in language.little:  # "para | él y para ti"
            continue
        if not _has_object(left(head, leading(language)), tail, language):
            return name
    held = begins(first, language.commands.get("hold", frozenset()))  # "hold on teddy fell down"
    if held >= STRONG and len(first) >= held + STATEMENT and not seeks(first[held:], language):
        return "hold"
    for at in range(1, len(said)):  # the longest: "you're too | fast" would mean its opposite
        if name := _behind(said[:at], said[at:], openers, language):
            return name
    return ""


def _behind(head: Words, tail: Words, openers: frozenset[Words], language: Language) -> str:
    """The command that `tail` is, behind a statement that does not lead on to it. One word is enough for some."""
    if not begins(tail, openers) or not (name := whole(tail, language)):
        return ""
    if len(tail) < STRONG and (name not in ("continue", "repeat") or tail in language.little):
        return ""
    denied = _denies(head, language)
    if name == "repeat" and begins(tail, language.commands["repeat"]) >= CLEAR and not denied:
        return name
    if not_understood(head, language) and (name == "repeat" or not begins(head, language.questions)):  # "how loud"
        return name
    going_on = language.unfinished | language.stranding | language.against
    apart = len(head) > 1 and not denied and not ends(head, going_on)
    return name if apart and states(head, language) else ""


def _denies(head: Words, language: Language) -> bool:
    """Whether what follows is what we must not do: "don't | say that again", "don't turn | it up"."""
    core = left(head, aside(language))
    length = begins(core, language.reversing)
    denial = has_word(core[:length], language.against)
    return ends(head, language.against - language.unfinished) > 0 or (denial and len(core) == length + 1)


@lru_cache(KEPT)
def _openers(language: Language) -> frozenset[Words]:
    """What a command behind something else begins with."""
    phrases = frozenset().union(*language.commands.values(), *language.adjustments.values())
    return phrases | language.carriers | language.degrees | language.polite | language.reversing


def _plain(said: Words, language: Language) -> str:
    """The command that is nothing but its own phrases, carriers, and small words before it."""
    rest = _come_to_it(said, language)
    around = _around(language)
    found: list[str] = []
    while rest:
        name, length = longest(rest, _known(language))
        carried = begins(rest, around)
        if length >= carried and length:
            found.append(name)
        length = max(length, carried)
        if not length or begins(rest, language.requests) > length:
            return ""
        rest = rest[length:]
    return _weightiest(found)


def _repeats(said: Words, language: Language) -> str:
    """ "Say the time again": what is to be repeated may have a name of few words, behind an article."""
    rest, again = _come_to_it(said, language), language.commands.get("repeat", frozenset())
    known = again | _around(language) | language.articles
    asked, free = False, 0
    while rest:
        repeats, length = begins(rest, again), begins(rest, known)
        if begins(rest, language.requests) > length or not (length or free):
            return ""
        asked = asked or repeats == length > 0
        named = length > 0 and rest[length - 1 : length] in language.articles
        free = NAMED if named else free - (not length)
        rest = rest[length or 1 :]
    return "repeat" if asked else ""


def _weightiest(found: list[str]) -> str:
    """Of several: "wait, stop" is to stop, "wait, say that again" to repeat, "never mind, go on" to go on."""
    if "stop" in found:
        behind = found[len(found) - found[::-1].index("stop") :]
        return "continue" if "continue" in behind else "stop"
    more = [name for name in found if name != "hold"]
    return next((name for name in more if name in MANNER), next(iter(more or found), ""))


def _come_to_it(said: Words, language: Language) -> Words:
    """Without small words before it; "go ahead" is yes, too, and stays, and so does "du" of "du kannst"."""
    before = aside(language)
    while (length := begins(said, before)) > longest(said, _known(language))[1]:
        if length < begins(said, language.carriers):
            break
        said = said[length:]
    return said


@lru_cache(KEPT)
def _around(language: Language) -> frozenset[Words]:
    """What may stand around a command."""
    return language.carriers | language.polite | language.fillers


@lru_cache(KEPT)
def _known(language: Language) -> Mapping[Words, str]:
    """All phrases that are commands; of those that are in two lists the first counts."""
    return {phrase: name for name in reversed(COMMANDS) for phrase in language.commands.get(name, frozenset())}


def _says_what(rest: Words, language: Language) -> bool:
    """Whether something follows that is worth more than to be silent."""
    return begins(rest, language.questions | language.requests) > 0


def _has_object(phrase: Words, rest: Words, language: Language) -> bool:
    """ "Cancel the alarm" is not about what we say; "stop, my phone is ringing" has a verb, one that questions begin
    with."""
    takes = any(phrase[-len(one) :] == one for one in language.transitive)
    begun = begins(rest, language.articles) or (rest and phrase[-1:] in language.articles)  # "cancel | that alarm"
    begun = begun or ("'" in "".join(rest[:1]) and not begins(rest, language.clauses))  # "annule l'alarme"
    named = bool(begun) and not made_of(rest, language.carriers, language.polite)
    return takes and named and not has_word(rest, language.questions)
