"""What kind of interruption it was, from the recogniser's text and from when it came.

Rules on word lists, in the order of how sure they are: what is no speech, then what is wholly one known thing (a
command, a backchannel, a correction, a question about what we just said), then how it begins, and what is left is a new
request. Left out is all meaning: "and in winter?" is a question by its first word only where the list knows it.
Whether "yeah" answers or only accompanies is decided by whether something was asked (Switchboard: 84 % of "yeah" after
a question is an answer).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgeagent.dialogue.language import COMMANDS, Language
from edgeagent.dialogue.phrases import Words, begins, holds, left, words
from edgeagent.dialogue.template import Slots

SHORT = 3
"""Words up to which what follows a command still belongs to it: "stop talking now"."""

CORRECTS_MOST = 5
"""Words after "no" that still replace something: "no, on the fifth of May"."""

GAP_MOST = 3
"""Words that a question about one of our words takes up: "what does {the word platform} mean"."""

FAR = 0.5
"""Probability from which on speech was not for us."""

QUESTION_MARKS = "?？؟"  # noqa: RUF001


class Kind(StrEnum):
    """What somebody wanted who spoke."""

    COMMAND = "command"
    CORRECTION = "correction"
    CLARIFICATION = "clarification"
    REQUEST = "request"
    QUESTION = "question"
    BACKCHANNEL = "backchannel"
    ANSWER = "answer"
    NONVERBAL = "nonverbal"
    FAR = "far"


@dataclass(frozen=True, slots=True)
class Context:
    """When it was said.

    said: what was heard of our last utterance. asked: it was a question, and heard to the end. interrupted: they spoke
    over us. far: probability that it was not said to us."""

    said: str = ""
    asked: bool = False
    interrupted: bool = False
    far: float = 0.0


@dataclass(frozen=True, slots=True)
class Understood:
    """The kind, and what belongs to it: of a command its name, of a correction what replaces what ("" for not said)."""

    kind: Kind
    command: str = ""
    wrong: str = ""
    right: str = ""


def understand(text: str, context: Context, language: Language) -> Understood:
    """The kind of what was said. text: as a recogniser writes it, "" for nothing that it knows."""
    whole = words(text)
    if not whole:
        return Understood(Kind.NONVERBAL)
    said = _bare(whole, language)
    command = _command(said, language)
    if command in ("stop", "hold"):  # also from the next room
        return Understood(Kind.COMMAND, command)
    if context.far > FAR:
        return Understood(Kind.FAR)
    if command:
        return Understood(Kind.COMMAND, command)
    if _asks_back(said, language):
        return Understood(Kind.CLARIFICATION)
    small = language.backchannels | language.yes | language.fillers | language.no
    if any(not left(variant, small) for variant in (whole, said)):
        return _short(whole, context, language)
    if correction := _correction(said, context, language):
        return correction
    return Understood(_kind(said, text, context, language))


def agrees(text: str, language: Language) -> bool | None:
    """Whether it is a yes or a no, to a question of ours; None for neither, or both."""
    said = _bare(words(text), language)
    yes = begins(said, language.yes | language.commands.get("continue", frozenset()) | language.backchannels) > 0
    no = begins(said, language.no) > 0
    return None if yes == no else yes


def _kind(said: Words, text: str, context: Context, language: Language) -> Kind:
    core = left(said, _leading(language))
    asks = bool(left(core, language.questions) != core) or text.rstrip()[-1:] in tuple(QUESTION_MARKS)
    wishes = left(core, language.requests) != core
    if context.asked and not wishes and not asks:
        return Kind.ANSWER
    if asks and not wishes:
        return Kind.QUESTION if context.interrupted else Kind.REQUEST
    return Kind.REQUEST


def _asks_back(said: Words, language: Language) -> bool:
    """About what we have just said."""
    variants = (said, left(said, _leading(language)))
    fits = (template.fits(one, GAP_MOST) for template in language.clarifications for one in variants)
    return any(True for ways in fits for _ in ways)


def _bare(said: Words, language: Language) -> Words:
    """Without what may stand around anything."""
    around = language.polite | language.fillers
    bare = left(said, around) or said
    while (length := _ends(bare, around)) and length < len(bare):
        bare = bare[:-length]
    return bare


def _ends(said: Words, phrases: frozenset[Words]) -> int:
    return max((len(phrase) for phrase in phrases if said[-len(phrase) :] == phrase), default=0)


def _leading(language: Language) -> frozenset[Words]:
    """What people say before they come to it."""
    before = language.polite | language.fillers | language.backchannels | language.yes | language.no
    return before | language.commands.get("hold", frozenset())


def _command(said: Words, language: Language) -> str:
    """The command that `said` is; "" for none. "No, stop" is one, "no" is none."""
    before = _leading(language) - language.commands.get("hold", frozenset())
    said = _without(said, language.polite)
    for variant in (said, left(said, before)):
        for name in COMMANDS:
            phrases = language.commands.get(name, frozenset())
            if variant and not _bare(left(variant, phrases), language):
                return name
    first = left(said, _leading(language))
    stops = language.commands.get("stop", frozenset())
    rest = left(first, stops)
    return "stop" if rest != first and len(rest) <= SHORT and not _says_what(rest, language) else ""


def _without(said: Words, phrases: frozenset[Words]) -> Words:
    """Without any of the phrases, wherever they stand."""
    kept: list[str] = []
    rest = said
    while rest:
        length = begins(rest, phrases)
        kept += () if length else rest[:1]
        rest = rest[length or 1 :]
    return tuple(kept) or said


def _says_what(rest: Words, language: Language) -> bool:
    """Whether something follows that is worth more than to be silent."""
    return left(rest, language.questions | language.requests) != rest


def _short(said: Words, context: Context, language: Language) -> Understood:
    """Nothing but small words."""
    answers = any(holds(said, phrase) for phrase in language.yes | language.no)
    if context.asked and (answers or left(said, language.fillers)):
        return Understood(Kind.ANSWER)
    objects = any(holds(said, phrase) for phrase in language.no) and not left(said, language.no | language.fillers)
    if context.interrupted and objects:  # "no, no, no": something we said is wrong, and we do not know what
        return Understood(Kind.CORRECTION)
    return Understood(Kind.BACKCHANNEL)


def _correction(said: Words, context: Context, language: Language) -> Understood | None:
    ours = words(context.said)
    core = left(said, _leading(language) - language.no)
    found = _ways(core, language) or _ways(said, language)
    if found:
        best = max(found, key=lambda slots: _likely(slots, ours))
        return Understood(Kind.CORRECTION, wrong=_text(best, "wrong"), right=_text(best, "right"))
    rest = left(said, language.no)
    if rest != said and rest and not context.asked and context.interrupted and len(rest) <= CORRECTS_MOST:
        core = left(rest, _leading(language))
        if core and left(core, language.questions | language.requests) == core:
            return Understood(Kind.CORRECTION, right=" ".join(core))
    return None


def _ways(said: Words, language: Language) -> list[Slots]:
    return [slots for template in language.corrections for slots in template.fits(said)]


def _likely(slots: Slots, ours: Words) -> tuple[bool, bool, int, int]:
    """Without commas "not Bangalore Mangalore" may be cut anywhere: where the wrong words are our own, and otherwise in
    halves."""
    wrong, right = slots.get("wrong", ()), slots.get("right", ())
    known = bool(wrong) and holds(ours, wrong)
    return known, bool(wrong and right), -abs(len(wrong) - len(right)) if wrong else 0, len(wrong) if known else 0


def _text(slots: Slots, name: str) -> str:
    return " ".join(slots.get(name, ()))
