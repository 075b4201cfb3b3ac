"""Whether somebody only remarks on what we say and wants nothing: "oh how lovely", "yeah i heard about that"."""

from __future__ import annotations

from edgeagent.dialogue.language import Language
from edgeagent.dialogue.parts import aside, before_small, content, made_of, ours, seeks
from edgeagent.dialogue.phrases import Words, begins, left

MOST = 8
"""Words of a remark; who says more wants more."""

EXCLAIMED = 4
"""Words behind an exclamation that need not be known."""


def remarks(said: Words, heard: Words, language: Language) -> bool:
    """heard: what we said."""
    core = _remark(said, language)
    if len(core) > MOST:
        return False
    if evaluates(said, language):
        return True
    if seeks(core, language) or any((word,) in language.against for word in left(core, language.remarks)):
        return False
    agreed = len(core) < len(said)
    if begins(core, language.remarks) or (agreed and begins(core, language.copulas)):
        return True
    if exclaims(said, language):
        return True
    meant = content(before_small(core, language), language)  # they say again what we said
    return bool(meant) and bool(language.little) and all(ours(word, heard) for word in meant)


def exclaims(said: Words, language: Language) -> bool:
    """Whether a few words stand behind an exclamation: "what a world"."""
    core = left(said, language.backchannels - language.exclamations)
    rest = left(core, language.exclamations | language.backchannels)
    opened = begins(core, language.exclamations) > begins(core, language.questions)
    return opened and len(rest) <= EXCLAIMED and not (begins(rest, language.clauses) or seeks(rest, language))


def _remark(said: Words, language: Language) -> Words:
    """Without small words before it, up to a remark: "i know" is a small word, "i know that one" is none."""
    before = aside(language)
    while (length := begins(said, before)) and begins(said, language.remarks) < length:
        said = said[length:]
    return said


def evaluates(said: Words, language: Language) -> bool:
    """Whether it is a judgement and nothing else."""
    around = aside(language) | language.evaluating | language.copulas
    judged = any(begins(said[at:], language.evaluations) for at in range(len(said)))
    return judged and made_of(said, around, language.evaluations)
