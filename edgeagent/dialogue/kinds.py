"""What kind of interruption it was, from the recogniser's text and from when it came.

Rules on word lists, in the order of how sure they are: what is no speech, then what is wholly one known thing or has a
reason beside it (`commands`, `corrections`, a question about what we just said in `asking`), then what only remarks,
then how it begins, and what is left is a new request. Left out is all meaning: "and in winter?" is a question by its
first word only where the list knows it.
Whether "yeah" answers or only accompanies is decided by whether something was asked (Switchboard: 84 % of "yeah" after
a question is an answer).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgeagent.dialogue.asking import asks, asks_back, marked, wishes
from edgeagent.dialogue.commands import beside, command
from edgeagent.dialogue.corrections import correction, restates
from edgeagent.dialogue.language import Language
from edgeagent.dialogue.manner import MANNER
from edgeagent.dialogue.parts import aside, bare, content, ends, leading, ours, seeks, small, without
from edgeagent.dialogue.phrases import Words, begins, holds, left, words
from edgeagent.dialogue.remarks import evaluates, exclaims, recalls, remarks

FAR = 0.5
"""Probability from which on speech was not for us."""

LOUD = ("stop", "hold")
"""Commands that count from the next room, too."""

MORE = ("correction", "clarification", "request", "question")
"""Kinds that want more than a yes or a no says."""

DESIRE = 6
"""Words up to which "i'd like four" says no more than the answer."""

UNSURE = 4
"""Words up to which an answer may sound like a question: "four?"."""


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
    said, heard = bare(whole, language), _heard(context)
    ordered = command(whole, language) or command(said, language)
    if ordered in LOUD:
        return Understood(Kind.COMMAND, ordered)
    if context.far > FAR:
        return Understood(Kind.FAR)
    if context.asked and _picks(said, heard, ordered, language):
        return Understood(Kind.ANSWER)
    if ordered:
        return Understood(Kind.COMMAND, ordered)
    if not left(whole, small(language)) and not _set_phrase(whole, language):
        return _short(whole, context, language)
    ordered = beside(whole, language)
    if ordered in ("", *LOUD) and asks_back(said, text, heard, language, asked=context.asked):
        return Understood(Kind.CLARIFICATION)
    plain = without(said, language.polite) if language.little else said
    if not left(plain, small(language)) and not _set_phrase(plain, language):
        return _short(plain, context, language)
    put = correction(whole, heard, language, asked=context.asked, over=context.interrupted, sure=bool(ordered))
    if put is not None and not evaluates(said, language):
        return Understood(Kind.CORRECTION, wrong=put[0], right=put[1])
    if ordered:
        return Understood(Kind.COMMAND, ordered)
    core = left(said, leading(language))
    if context.asked:
        return Understood(_to_our_question(core, text, context, language))
    kind = _kind(core, said, text, context, language)
    if kind is Kind.REQUEST and context.interrupted and (right := restates(said, heard, language)):
        return Understood(Kind.CORRECTION, right=right)
    return Understood(kind)


def agrees(text: str, language: Language) -> bool | None:
    """Whether it is a yes or a no, to a question of ours whether to go on; None for neither, or for more than that:
    "okay, but first tell me the time"."""
    said = words(text)
    if ordered := command(said, language) or beside(said, language):
        return True if ordered == "continue" else None
    rest = left(said, aside(language))
    wanted = rest[begins(rest, language.desires) :]  # "yes, i'd like that" is no more than yes
    more = seeks(rest, language) and (wanted == rest or content(wanted, language))
    if more or understand(text, Context(asked=True), language).kind in MORE:
        return None
    agreed = _verdict(said[: len(said) - len(rest)], language)
    denied = begins(rest, language.against) or ends(rest, language.no)  # "of course not", "bien sûr que non"
    return None if agreed and denied else agreed


def granted(text: str, language: Language) -> str:
    """How we are to speak when we go on, by somebody who agrees to that: "yes, but slower". "" for nothing."""
    said = words(text)
    rest = left(said, language.yes | language.polite | language.fillers)
    agreed = begins(left(said, language.polite | language.fillers), language.yes) > 0
    name = command(left(rest, language.unfinished), language) if agreed else ""
    return name if name in MANNER else ""


def _heard(context: Context) -> Words:
    """What was heard of us: "forty-five" is two words, as others say it."""
    return words(context.said.replace("-", " "))


def _verdict(short: Words, language: Language) -> bool | None:
    """Of small words: a no among them is one, also in "yeah, no" and in "oh no"."""
    agreed: bool | None = None
    while short:
        length = begins(short, aside(language))
        phrase, short = short[:length], short[length:]
        if phrase not in language.yes and any(holds(phrase, no) for no in language.no):
            return False
        if phrase in language.yes | language.backchannels:
            agreed = True
    return agreed


def _kind(core: Words, said: Words, text: str, context: Context, language: Language) -> Kind:
    """Of what is no answer."""
    if wishes(core, language):
        return Kind.REQUEST
    judges = evaluates(said, language) or exclaims(said, language)  # "how lovely", "what a world"
    if not marked(text) and (judges or recalls(said, language)):
        return Kind.BACKCHANNEL
    if asks(core, text, language):
        return Kind.QUESTION if context.interrupted else Kind.REQUEST
    return Kind.BACKCHANNEL if remarks(said, _heard(context), language) else Kind.REQUEST


def _to_our_question(core: Words, text: str, context: Context, language: Language) -> Kind:
    """A wish that has one of our words, or a word for one, answers: "i'd like the return". So does one that is short
    and says only what they want."""
    if wishes(core, language):
        meant = content(core[begins(core, language.requests) :], language)
        named = bool(language.little) and any(ours(word, _heard(context)) for word in meant)
        own = begins(core, language.desires) > 0 and len(core) <= DESIRE
        return Kind.ANSWER if named or own or _pointing_at(core, language) else Kind.REQUEST
    asked = begins(core, language.questions) and len(core) > 1  # "any"
    if asked or (asks(core, text, language) and len(core) > UNSURE):
        return Kind.QUESTION if context.interrupted else Kind.REQUEST
    return Kind.ANSWER


def _pointing_at(core: Words, language: Language) -> bool:
    """ "Set it for seven", "do that"."""
    wish = begins(core, language.requests)
    return begins(core[wish:], language.references) > 0 or ends(core[:wish], language.references) > 0


def _picks(said: Words, heard: Words, ordered: str, language: Language) -> bool:
    """Whether it is nothing but yes or no, or what we have asked about, though it might be a command elsewhere: "go
    ahead", "not too fast"; or a word that says of anything how it should be: "soft"."""
    if not left(said, language.yes | language.no) or (bool(ordered) and holds(heard, said)):
        return True
    if ordered == "continue" and begins(said, language.yes):  # "yeah, go on"
        return True
    if ordered not in MANNER:
        return False
    meant, sure = content(said, language), language.commands.get(ordered, frozenset())
    named = bool(meant) and all(ours(word, heard) for word in meant)
    return named or (len(said) < UNSURE and not any(begins(said[at:], sure) for at in range(len(said))))


def _set_phrase(said: Words, language: Language) -> bool:
    """Whether small words together say more: "no entiendo"."""
    return any(said == one.parts for one in (*language.corrections, *language.clarifications))


def _short(said: Words, context: Context, language: Language) -> Understood:
    """Nothing but small words."""
    answers = any(holds(said, phrase) for phrase in language.yes | language.no)
    if context.asked and (answers or left(said, language.fillers)):
        return Understood(Kind.ANSWER)
    denials = language.no - language.backchannels  # "no way" is said in surprise, too
    objects = any(holds(said, phrase) for phrase in denials) and not left(said, denials | language.fillers)
    if context.interrupted and objects:  # "no, no, no": something we said is wrong, and we do not know what
        return Understood(Kind.CORRECTION)
    return Understood(Kind.BACKCHANNEL)
