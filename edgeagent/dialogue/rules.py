"""Rules of a script: what is answered to which words, to which kind of interruption, with what was said filled in.

Of all rules that fit the one with the most words of its own wins, so that "is the room with the lions open" goes before
"open"; among equals the first. A rule for a kind alone goes behind all that name words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.dialogue.phrases import Words, words, written
from edgeagent.dialogue.template import Template

GAP = re.compile(r"\{([^{}]*)\}")

OURS = ("right", "wrong")
"""Gaps that every rule for a correction may fill in: what replaces what."""

MOST_WORDS = 60
"""Of a turn that are looked at: a rule is found in them in milliseconds."""


@dataclass(frozen=True, slots=True)
class Rule:
    """when: phrases, any of which may stand anywhere in what was said; none: any words. kinds: of which it must be one;
    none: any. say: the replies, in turn."""

    when: tuple[Template, ...]
    kinds: frozenset[Kind]
    say: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """slots: what a gap of that name may be, each with what `{name.is}` says; a gap without a list takes any words."""

    rules: tuple[Rule, ...] = ()
    slots: Mapping[str, Mapping[Words, str]] = field(default_factory=dict)
    fallback: tuple[str, ...] = ()

    def find(self, text: str, understood: Understood) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """The replies of the rule that fits, and what their gaps are filled with; the fallback where none does."""
        said = words(text)[:MOST_WORDS]
        best: tuple[int, Rule, Mapping[str, str]] | None = None
        for rule in self.rules:
            if rule.kinds and understood.kind not in rule.kinds:
                continue
            for weight, filled in self._fits(rule, said):
                if best is None or weight > best[0]:
                    best = weight, rule, filled
        ours = {"wrong": understood.wrong, "right": understood.right}
        if best is None:
            return self.fallback, ours
        return best[1].say, {**ours, **best[2]}

    def _fits(self, rule: Rule, said: Words) -> Iterable[tuple[int, Mapping[str, str]]]:
        """How well, and with what in the gaps."""
        if not rule.when:
            yield 0, {}
        for template in rule.when:
            own = len(template.parts) - len(template.gaps)
            for start in range(len(said)):
                for end in range(start + len(template.parts), len(said) + 1):
                    for found in template.fits(said[start:end]):
                        if (filled := self._filled(found)) is not None:
                            listed = sum(name in self.slots for name in found)
                            yield 4 * own + 2 * listed + 1, filled

    def _filled(self, found: Mapping[str, Words]) -> Mapping[str, str] | None:
        """The gaps as text; None where one holds what its list has not."""
        filled: dict[str, str] = {}
        for name, value in found.items():
            filled[name] = written(value)
            if name in self.slots:
                if value not in self.slots[name]:
                    return None
                filled[f"{name}.is"] = self.slots[name][value]
        return filled


def filled_in(reply: str, values: Mapping[str, str]) -> str:
    """The reply with its gaps filled; what nobody said leaves no gap behind."""
    return " ".join(GAP.sub(lambda gap: values.get(gap[1], ""), reply).split())


def gaps(reply: str) -> Sequence[str]:
    """The names of its gaps."""
    return [match[1] for match in GAP.finditer(reply)]
