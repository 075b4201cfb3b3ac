"""Whether somebody asks about what we have just said, asks something else, or wishes for something.

About what we said: by a phrase that says so ("what do you mean"), or by a question whose words are our own ("what's a
guild hall", "who hadn't spoken to anyone"), for a new question needs a new word.
"""

from __future__ import annotations

from edgeagent.dialogue.language import Language
from edgeagent.dialogue.parts import LED, LONG, asks_anywhere, bare, content, ends, leading, ours, seeks, small
from edgeagent.dialogue.phrases import Words, begins, left
from edgeagent.dialogue.template import Slots, Template

GAP_MOST = 3
"""Words that a question about one of our words takes up: "what does {the word platform} mean"."""

LOOSE_GAP_MOST = 5
"""Likewise where only our own words make it one: "{twenty past} or {twenty to nine}"."""

RECENT = 40
"""Of our words that a question may be about."""

ECHO_MOST = 8
"""Words of a question that has no question word: "nine or five minutes"."""

BARE_MOST = 3
"""Words of one that has no other: "a what"."""

BEGUN = 3
"""Letters of a word that was not heard to its end."""

MARKS = "?？؟"  # noqa: RUF001


def asks_back(said: Words, text: str, heard: Words, language: Language, *, asked: bool) -> bool:
    """About what we have just said. heard: what we said. asked: they answer us, so their own "six or seven" is none."""
    if len(said) > LONG:
        return False
    heard = heard[-RECENT:]
    core = left(said, leading(language))
    variants = dict.fromkeys((said, core, _started(said, language)))
    if any(_fits(one, heard, language, asked=asked) for one in variants):
        return True
    return _points(core, heard, language) or _asks_inside(core, heard, language) or _echoes(core, text, heard, language)


def not_understood(said: Words, language: Language) -> bool:
    """Whether it says, in a phrase without gaps, that it has not understood: "sorry what"."""
    variants = (said, left(said, leading(language)))
    return any(one.parts in variants for one in language.clarifications)


def asks(core: Words, text: str, language: Language) -> bool:
    """Whether it is a question, about whatever. core: without what leads up to it."""
    if marked(text) or begins(core, language.questions) or ends(core, language.questions) >= LED:
        return True
    if asks_anywhere(core, language):
        return True
    if (inquiry := begins(core, language.inquiries)) and begins(core[inquiry:], language.questions):
        return True
    if not begins(core, language.clauses | language.remarks | language.articles):
        return False
    return any(begins(core[at:], language.questions) >= LED for at in range(1, min(len(core), LONG)))


def marked(text: str) -> bool:
    """Whether the recogniser heard a question."""
    return text.rstrip()[-1:] in tuple(MARKS)


def wishes(core: Words, language: Language) -> bool:
    """Whether it is a wish, and none for an answer."""
    if any(True for template in language.proposals for _ in template.fits(core)):
        return True
    length = begins(core, language.requests)
    inquiry = begins(core, language.inquiries)
    asked = inquiry >= length and begins(core[inquiry:], language.questions)
    return length > 0 and length >= begins(core, language.questions) and not asked


def _started(said: Words, language: Language) -> Words:
    """Without "stop" before it, too."""
    return left(said, leading(language) | language.commands.get("stop", frozenset()))


def _fits(said: Words, heard: Words, language: Language, *, asked: bool) -> bool:
    for template in language.clarifications:
        for slots in template.fits(said, GAP_MOST if template.own > 1 else LOOSE_GAP_MOST):
            if _is_sure(template, slots, language) or _names_ours(slots, heard, language):
                return template.own > 1 or bool(template.lead) or not asked
    return False


def _is_sure(template: Template, slots: Slots, language: Language) -> bool:
    """ "{what} or {other}" and "which {what}" may be about anything; but "which bus" and "am or pm" have no verb."""
    if template.own > 1 or not language.little:
        return True
    if template.lead:
        return sum(map(len, slots.values())) <= 1
    return all(len(gap) < LED and not seeks(gap, language) for gap in slots.values())


def _names_ours(slots: Slots, heard: Words, language: Language) -> bool:
    return any(ours(word, heard) for words in slots.values() for word in content(words, language))


def _points(core: Words, heard: Words, language: Language) -> bool:
    """A question whose words we have all used."""
    length = begins(core, language.pointing)
    if not length or length < begins(core, language.questions - language.pointing):
        return False
    return _ours_only(left(bare(core[length:], language), language.articles), heard, language)


def _ours_only(said: Words, heard: Words, language: Language) -> bool:
    """Whether it has a word of ours, or a word for one, and none that is new."""
    meant = content(said, language)
    return bool(meant) and all((word,) in language.references or ours(word, heard) for word in meant)


def _asks_inside(core: Words, heard: Words, language: Language) -> bool:
    """The question word stands where the answer would: "add the what", "delivered to who"."""
    single = {one.parts for one in language.clarifications if not one.gaps} & language.questions  # where, when
    for at in range(1, len(core)):
        if length := begins(core[at:], language.pointing | single):
            rest = core[:at] + core[at + length :]
            if _ours_only(rest, heard, language) or (len(rest) == 1 and _begun(rest[0], heard)):
                return True
            return len(core) <= BARE_MOST and not content(rest, language)
    return False


def _begun(word: str, heard: Words) -> bool:
    """Whether it is the beginning of a word of ours: "pro what"."""
    return len(word) >= BEGUN and any(one.startswith(word) for one in heard)


def _echoes(core: Words, text: str, heard: Words, language: Language) -> bool:
    """Our own words with a question mark."""
    if not marked(text) or len(core) > ECHO_MOST or begins(core, language.questions):
        return False
    return _ours_only(left(core, small(language)), heard, language)
