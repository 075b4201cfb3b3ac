"""Whether somebody only remarks on what we say and wants nothing: "oh how lovely", "yeah i heard about that"."""

from __future__ import annotations

from edgeagent.dialogue.language import Language
from edgeagent.dialogue.parts import aside, before_small, content, has_word, made_of, ours, seeks
from edgeagent.dialogue.phrases import Words, begins, left

MOST = 8
"""Words of a remark; who says more wants more."""

EXCLAIMED = 4
"""Words behind an exclamation that need not be known."""


def remarks(said: Words, heard: Words, language: Language) -> bool:
    """Whether it judges, recalls, agrees with a statement, or says again what we said. heard: what we said."""
    if evaluates(said, language) or exclaims(said, language) or recalls(said, language):
        return True
    core = _remark(said, language)
    if not _wants_nothing(core, core, language) or _denies(said, language):
        return False
    if len(core) < len(said) and begins(core, language.copulas):  # "yeah, it is in the paper"
        return True
    meant = content(before_small(core, language), language)
    if len(core) < len(said):  # "oh, that one, yes"
        meant = tuple(word for word in meant if (word,) not in language.references) or heard[:1]
    return bool(meant) and bool(language.little) and all(ours(word, heard) for word in meant)


def evaluates(said: Words, language: Language) -> bool:
    """Whether it is a judgement and nothing else: "how lovely"."""
    if len(said) > 2 * MOST or not any(begins(said[at:], language.evaluations) for at in range(len(said))):
        return False
    return made_of(said, aside(language), language.evaluating, language.copulas, language.evaluations)


def exclaims(said: Words, language: Language) -> bool:
    """Whether a few words stand behind an exclamation: "what a world"."""
    core = left(said, language.backchannels - language.exclamations)
    rest = left(core, language.exclamations | language.backchannels)
    opened = begins(core, language.exclamations) > begins(core, language.questions)
    return opened and len(rest) <= EXCLAIMED and not (begins(rest, language.clauses) or seeks(rest, language))


def recalls(said: Words, language: Language) -> bool:
    """Whether it begins as a remark does: "yeah i heard about that"."""
    core = _remark(said, language)
    length = begins(core, language.remarks)
    return length > 0 and _wants_nothing(core, core[length:], language) and not _denies(said, language)


def _denies(said: Words, language: Language) -> bool:
    """ "No me gusta" ends as a remark does, and is none; "no sabía" is one."""
    core = left(said, language.fillers | language.polite)
    return begins(core, language.no - language.backchannels) > begins(core, language.remarks)


def _wants_nothing(core: Words, rest: Words, language: Language) -> bool:
    """Whether it is short, without a wish or a question, and `rest` of it without a denial."""
    return len(core) <= MOST and not seeks(core, language) and not has_word(rest, language.against)


def _remark(said: Words, language: Language) -> Words:
    """Without small words before it, up to a remark: "i know" is a small word, "i know that one" is none."""
    before = aside(language)
    while (length := begins(said, before)) and begins(said, language.remarks) < length:
        said = said[length:]
    return said
