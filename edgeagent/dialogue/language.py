"""A language as data: the words by which people take the floor, give it, correct and ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from edgeagent.dialogue.phrases import Words
from edgeagent.dialogue.template import Template

COMMANDS = ("stop", "hold", "continue", "repeat", "slower", "faster", "normal", "louder", "softer")
"""What a device can be told about its own speech. hold: wait, I have something to say. normal: as fast as ever."""


@dataclass(frozen=True, slots=True)
class Language:
    """The lists of one language, or of several that are spoken in turn. All phrases as `phrases.words` has them."""

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
    """About what we just said; a slot `what` takes any words."""

    questions: frozenset[Words] = frozenset()
    """What questions begin with."""

    requests: frozenset[Words] = frozenset()
    """What a wish for something begins with."""

    repair: str = ""
    """What we say when we have been corrected; "" for nothing."""

    offer: str = ""
    """What we say to ask whether to go on; "" for nothing."""


def mixed(languages: Iterable[Language]) -> Language:
    """Several at once, as people speak who have more than one."""
    several = tuple(languages)
    commands = {name: frozenset().union(*(one.commands.get(name, frozenset()) for one in several)) for name in COMMANDS}
    sets = {
        name: frozenset().union(*(getattr(one, name) for one in several))
        for name in ("yes", "no", "backchannels", "fillers", "polite", "questions", "requests")
    }
    corrections = tuple(template for one in several for template in one.corrections)
    clarifications = tuple(template for one in several for template in one.clarifications)
    repair = next((one.repair for one in several if one.repair), "")
    offer = next((one.offer for one in several if one.offer), "")
    return Language(
        commands=commands, corrections=corrections, clarifications=clarifications, repair=repair, offer=offer, **sets
    )
