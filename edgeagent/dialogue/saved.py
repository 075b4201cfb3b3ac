"""Where a conversation stands, so that it can be taken up after the device was off."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgeagent.dialogue.history import LINES, Line

LINES_BYTES = 128 * 1024
"""Of the lines' text, in UTF-8, at most; the oldest fall first. Far more than a small language model reads."""

REST_BYTES = 64 * 1024
"""Of what is left to say, at most: more than an hour of speech. What does not fit is not gone on with."""


@dataclass(frozen=True, slots=True)
class Saved:
    """lines: the history, oldest first. rest: what is left to say of what was cut off, from a phrase start on. more:
    behind the rest the replier would have said more."""

    lines: tuple[Line, ...] = ()
    rest: tuple[str, ...] = ()
    more: bool = False

    @property
    def unfinished(self) -> bool:
        """Whether there is anything to go on with."""
        return self.more or bool(self.rest)


def bounded(saved: Saved, lines: int = LINES, lines_bytes: int = LINES_BYTES, rest_bytes: int = REST_BYTES) -> Saved:
    """The newest of the lines and the beginning of the rest, within these bounds."""
    newest = _within([line.text for line in reversed(saved.lines[-lines:])], lines_bytes)
    first = _within(list(saved.rest), rest_bytes)
    return replace(saved, lines=saved.lines[len(saved.lines) - newest :], rest=saved.rest[:first])


def _within(texts: list[str], size: int) -> int:
    """How many of them, from the first on, have room in `size` bytes."""
    for count, text in enumerate(texts):
        size -= len(text.encode(errors="replace"))
        if size < 0:
            return count
    return len(texts)
