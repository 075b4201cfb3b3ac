"""Whether something we said or understood is put right, and what replaces what.

Corrections are templates of a language, with gaps. One may be all that was said, or stand behind an objection ("that's
not the cake | i said carrot cake") or before a reason ("it's chapter eight | we did seven yesterday").
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from edgeagent.dialogue.language import Language
from edgeagent.dialogue.parts import KEPT, LONG, aside, bare, content, cuts, ends, leading, ours, seeks
from edgeagent.dialogue.phrases import Words, begins, holds, is_sign, left, written
from edgeagent.dialogue.template import Slots, Template

CORRECTS_MOST = 5
"""Words after "no" that still replace something: "no, on the fifth of May"."""

STATES_MOST = 8
"""Words of a statement that puts something right."""

STRONG = 2
"""Words that a template begins with, "no" not counted, that is sure wherever it stands: "i said {right}"."""


def correction(
    whole: Words, heard: Words, language: Language, *, asked: bool, over: bool, sure: bool = False
) -> tuple[str, str] | None:
    """What is wrong and what is right, "" for not said; None for no correction.

    heard: what we said. asked: they answer us. over: they spoke over us. sure: only what says that it corrects, for
    it may be something else."""
    if len(whole) > LONG:
        return None
    if found := _found(whole, _templates(language, asked=asked, sure=asked or sure), language):
        best = max(found, key=lambda slots: _likely(slots, heard))
        return written(best.get("wrong", ())), _right(best.get("right", ()), language)
    rest, core = left(whole, language.no | language.fillers), left(whole, language.fillers | language.polite)
    if begins(core, language.requests | language.clauses) > begins(core, language.no):  # "no quiero", which is no "no"
        return None
    if not (asked or sure) and over and _says_no(whole, rest, language):
        if len(rest) > CORRECTS_MOST:
            rest = next((head for head, _ in cuts(rest, language) if left(head, language.copulas)), rest)
        core = left(rest, leading(language))
        core = core[begins(core, language.desires) :] or core  # "no, i want the window"
        if core and len(rest) <= CORRECTS_MOST and not seeks(core, language):
            return "", _right(core, language)
    return None


def restates(said: Words, heard: Words, language: Language) -> str:
    """What is right where it is only stated, "" for nothing: "it's chapter eight" has a word of ours, and another in
    place of the next."""
    core = left(said, language.polite | language.fillers)
    if any(map(is_sign, core)):  # one sign of ours is in too much
        return ""
    if len(core) > STATES_MOST or seeks(core, language) or not begins(core, language.clauses | language.copulas):
        return ""
    meant = content(core[begins(core, language.copulas | language.clauses) :], language)
    known = [ours(word, heard) for word in meant]
    return _right(core, language) if any(known) and not all(known) else ""


def _says_no(whole: Words, rest: Words, language: Language) -> bool:
    """Whether it begins with "no" and goes on."""
    begun = whole[: len(whole) - len(rest)]
    return bool(rest) and any(holds(begun, phrase) for phrase in language.no)


@lru_cache(KEPT)
def _strong(language: Language) -> frozenset[Template]:
    """Those that are sure wherever they stand: "the wrong {what}" is not."""
    small = language.no | language.articles
    return frozenset(one for one in language.corrections if len(left(one.lead, small)) >= STRONG)


@lru_cache(KEPT)
def _leads(language: Language) -> frozenset[Words]:
    """What these begin with."""
    return frozenset(one.lead for one in _strong(language))


def _templates(language: Language, *, asked: bool, sure: bool) -> list[Template]:
    """Those that count. "Make it two" answers where we have asked."""
    templates = [one for one in language.corrections if not sure or one in _strong(language)]
    return [one for one in templates if not (asked and begins(one.lead, language.requests))]


def _found(whole: Words, templates: list[Template], language: Language) -> list[Slots]:
    """The first that fits: all of it, what stands behind an objection, what stands before a reason."""
    if ways := _ways(whole, templates, language):
        return ways
    strong = [one for one in templates if one in _strong(language)]
    objections = {one.parts for one in strong if not one.gaps}
    for at in range(1, len(whole)):
        head, tail = whole[:at], whole[at:]
        objects = any(one in objections for one in _variants(head, language))
        if objects and (ways := _ways(tail, templates, language)):
            return ways
        if not begins(tail, _leads(language)) or seeks(head, language):
            continue
        if ways := _ways(tail, strong, language) or _before_reason(tail, strong, language):
            return ways
    return _before_reason(whole, strong, language)


def _before_reason(said: Words, templates: list[Template], language: Language) -> list[Slots]:
    """What is put right, and then more is said: why, or what is right."""
    for head, tail in cuts(said, language):
        for slots in _ways(head, templates, language):
            more = _ways(tail, templates, language)
            known = tail if begins(tail, language.copulas) else ()
            return [{"right": known, **slots, **(more[0] if more else {})}]
    return []


def _variants(said: Words, language: Language) -> Iterable[Words]:
    """The ways to leave out what stands before it."""
    known = left(said, leading(language) - language.no)
    return dict.fromkeys((known, bare(said, language), said, left(said, leading(language))))


def _ways(said: Words, templates: list[Template], language: Language) -> list[Slots]:
    """How templates fit the first of the variants that one fits, by templates with most words of their own."""
    for one in _variants(said, language):
        found = [
            (template.own, slots)
            for template in templates
            if one[: len(template.lead)] == template.lead
            for slots in template.fits(one)
            if _replaces(one, slots, template, language)
        ]
        if found:
            most = max(own for own, _ in found)
            return [slots for own, slots in found if own == most]
    return []


def _replaces(said: Words, slots: Slots, template: Template, language: Language) -> bool:
    """Whether what stands in the gaps was meant to: "i'm not there" puts nothing right, and "that's not | leeds i said
    leith" is two."""
    tails = [gap[at:] for gap in slots.values() for at in range(len(gap))]
    if any(0 < begins(tail, _leads(language)) < len(tail) for tail in tails):
        return False
    if template in _strong(language):
        return True
    right = slots.get("right", ())
    if len(right) > 1 and not template.lead and language.little and not content(right, language):
        return False  # "i did | not | understand"
    if seeks(right, language) or (not template.lead and begins(said, language.requests)):
        return False
    wrong = slots.get("wrong", ())
    if template.parts[0] == "{wrong}" and (begins(wrong, language.clauses) or not left(wrong, aside(language))):
        return False  # "i have no idea", "oh no a fox"
    cut = not template.lead and ends(right, language.unfinished | language.stranding)
    return not cut and not (not template.lead and len(right) < STRONG and begins(right, language.clauses))


def _likely(slots: Slots, heard: Words) -> tuple[bool, bool, int, int]:
    """Without commas "not Bangalore Mangalore" may be cut anywhere: where the wrong words are our own, and otherwise in
    halves."""
    wrong, right = slots.get("wrong", ()), slots.get("right", ())
    known = bool(wrong) and holds(heard, wrong)
    return known, bool(wrong and right), -abs(len(wrong) - len(right)) if wrong else 0, len(wrong) if known else 0


def _right(said: Words, language: Language) -> str:
    """Without what is not part of it: "it's chapter eight" is right about chapter eight."""
    wishes = frozenset(phrase for phrase in language.requests if len(phrase) >= STRONG)
    core = left(said, language.copulas | language.polite | language.fillers | wishes)
    return written(bare(core or said, language))
