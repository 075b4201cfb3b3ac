"""A language as data: the words by which people take the floor, give it, correct and ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from edgeagent.dialogue.manner import MANNER
from edgeagent.dialogue.phrases import Words
from edgeagent.dialogue.template import Template

COMMANDS = ("stop", "hold", "continue", "repeat", "slower", "faster", "normal", "louder", "softer")
"""What a device can be told about its own speech. hold: wait, I have something to say. normal: as fast as ever."""


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """The lists of one language, or of several that are spoken in turn. All phrases as `phrases.words` has them.

    Equal to itself only, so that what is put together of it can be kept."""

    yes: frozenset[Words] = frozenset()
    no: frozenset[Words] = frozenset()
    backchannels: frozenset[Words] = frozenset()
    """Said to show that one listens."""

    fillers: frozenset[Words] = frozenset()
    """Said while one thinks."""

    polite: frozenset[Words] = frozenset()
    """May stand around anything and changes nothing: please, thanks, hey."""

    commands: Mapping[str, frozenset[Words]] = field(default_factory=dict)
    """By the names in COMMANDS."""

    corrections: tuple[Template, ...] = ()
    """With the slots `wrong` and `right`."""

    clarifications: tuple[Template, ...] = ()
    """About what we just said; `what` and `other` take any words, `more` many."""

    proposals: tuple[Template, ...] = ()
    """Wishes that look like questions: can we {more} instead."""

    questions: frozenset[Words] = frozenset()
    """What questions begin with."""

    asking: frozenset[Words] = frozenset()
    """Words that make a question wherever they stand, in languages where they need not begin it: कब, 几点."""

    requests: frozenset[Words] = frozenset()
    """What a wish for something begins with."""

    clauses: frozenset[Words] = frozenset()
    """What a statement begins with: i'm, my, because."""

    carriers: frozenset[Words] = frozenset()
    """May stand around any command: can you, for a moment, it."""

    adjustments: Mapping[str, frozenset[Words]] = field(default_factory=dict)
    """Words that adjust how we speak, by the names in MANNER: fast, quicker."""

    degrees: frozenset[Words] = frozenset()
    """May stand around these: a bit, more, you speak."""

    reversing: frozenset[Words] = frozenset()
    """Turn these into their opposite: too, not so."""

    transitive: frozenset[Words] = frozenset()
    """Commands that are ours only without an object: cancel."""

    articles: frozenset[Words] = frozenset()
    """What an object or a name begins with: the, my."""

    against: frozenset[Words] = frozenset()
    """Words that deny or object: don't, but."""

    little: frozenset[Words] = frozenset()
    """Single words without a meaning of their own; it says nothing that we have used one. A command
    that is such a word is one only where it stands alone."""

    pointing: frozenset[Words] = frozenset()
    """What a question begins with that may be about what we just said: who, which, what time."""

    references: frozenset[Words] = frozenset()
    """Words for what we said: one, part, second."""

    evaluations: frozenset[Words] = frozenset()
    """Lovely, poor, a shame."""

    evaluating: frozenset[Words] = frozenset()
    """May stand around these: how, that sounds."""

    remarks: frozenset[Words] = frozenset()
    """What a remark begins with that wants nothing: i heard, i remember."""

    exclamations: frozenset[Words] = frozenset()
    """Backchannels after which a few words want nothing: wow, goodness."""

    desires: frozenset[Words] = frozenset()
    """Wishes that answer a question: i'd like, can i have."""

    copulas: frozenset[Words] = frozenset()
    """Stand before what is right: it's, that is."""

    inquiries: frozenset[Words] = frozenset()
    """Wishes that are questions where a question word follows: can you tell me."""

    hesitations: frozenset[Words] = frozenset()
    """Said by somebody who goes on: um."""

    unfinished: frozenset[Words] = frozenset()
    """What no phrase ends with: and, the, because."""

    stranding: frozenset[Words] = frozenset()
    """What no phrase but a question ends with: from, with."""

    digits: frozenset[Words] = frozenset()
    """The words of a number that is dictated."""

    repair: str = ""
    """What we say when we have been corrected; "" for nothing."""

    offer: str = ""
    """What we say to ask whether to go on; "" for nothing."""

    okay: str = ""
    """What we say when we have been told to stop; "" for nothing."""


SETS = (
    *("yes", "no", "backchannels", "fillers", "polite", "questions", "asking", "requests"),
    *("clauses", "carriers", "degrees", "reversing", "transitive", "articles", "against", "little", "pointing"),
    *("references", "evaluations", "evaluating", "remarks", "exclamations", "copulas", "desires", "inquiries"),
    *("hesitations", "unfinished", "stranding", "digits"),
)
"""The lists without order or gaps."""


def mixed(languages: Iterable[Language]) -> Language:
    """Several at once, as people speak who have more than one."""
    several = tuple(languages)
    commands = _merged(COMMANDS, [one.commands for one in several])
    adjustments = _merged(MANNER, [one.adjustments for one in several])
    sets = {name: frozenset().union(*(getattr(one, name) for one in several)) for name in SETS}
    corrections = tuple(template for one in several for template in one.corrections)
    clarifications = tuple(template for one in several for template in one.clarifications)
    proposals = tuple(template for one in several for template in one.proposals)
    repair = next((one.repair for one in several if one.repair), "")
    offer = next((one.offer for one in several if one.offer), "")
    okay = next((one.okay for one in several if one.okay), "")
    return Language(
        commands=commands,
        adjustments=adjustments,
        corrections=corrections,
        clarifications=clarifications,
        proposals=proposals,
        repair=repair,
        offer=offer,
        okay=okay,
        **sets,
    )


def _merged(names: Iterable[str], lists: Sequence[Mapping[str, frozenset[Words]]]) -> Mapping[str, frozenset[Words]]:
    return {name: frozenset().union(*(one.get(name, frozenset()) for one in lists)) for name in names}
