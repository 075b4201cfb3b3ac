"""A phrase with gaps, such as `no not {wrong} {right}`, and the ways in which it fits what was said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from edgeagent.dialogue.phrases import Words, words

SLOT_MOST = 6
"""Words that a gap takes at most: names, places, numbers, times."""

MORE, MORE_MOST = "{more}", 12
"""A gap for all that follows, and its words at most: "did you say {more}"."""

Slots = Mapping[str, Words]


@dataclass(frozen=True, slots=True)
class Template:
    """parts: words as they are said, and names of gaps in braces. lead: the words before the first gap. own: how many
    words of its own it has."""

    parts: tuple[str, ...]
    lead: Words = field(init=False, compare=False)
    own: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        gaps = [at for at, part in enumerate(self.parts) if part.startswith("{")]
        object.__setattr__(self, "lead", self.parts[: gaps[0] if gaps else None])
        object.__setattr__(self, "own", len(self.parts) - len(gaps))

    @classmethod
    def read(cls, text: str) -> Template:
        """From `no not {wrong} {right}`. Raises ValueError for a gap without a name."""
        parts: list[str] = []
        for piece in text.replace("}", "} ").replace("{", " {").split():
            if piece.startswith("{"):
                if not (piece.endswith("}") and piece[1:-1].isalpha()):
                    raise ValueError(f"'{piece}' is no gap: write {{name}}")
                parts.append(piece)
            else:
                parts += words(piece)
        if not any(not part.startswith("{") for part in parts):
            raise ValueError(f"'{text}' has no word of its own")
        return cls(tuple(parts))

    @property
    def gaps(self) -> tuple[str, ...]:
        """The names of its gaps, in order."""
        return tuple(part[1:-1] for part in self.parts if part.startswith("{"))

    def fits(self, said: Words, most: int = SLOT_MOST) -> Iterator[Slots]:
        """Every way in which the whole of `said` is this phrase; gaps hold one to `most` words, `{more}` to twelve."""
        return _fits(self.parts, said, most)


def _fits(parts: tuple[str, ...], said: Words, most: int) -> Iterator[Slots]:
    if not parts:
        if not said:
            yield {}
        return
    first, rest = parts[0], parts[1:]
    if not first.startswith("{"):
        if said[:1] == (first,):
            yield from _fits(rest, said[1:], most)
        return
    for count in range(1, min(MORE_MOST if first == MORE else most, len(said) - len(rest)) + 1):
        for more in _fits(rest, said[count:], most):
            yield {first[1:-1]: said[:count], **more}
