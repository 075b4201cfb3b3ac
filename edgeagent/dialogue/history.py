"""What has been said, by whom, and of our own sentences only what was heard.

A sentence of ours stands where it was first heard, as far as it was heard in all; one that nobody heard a word of does
not stand here. So a replier never builds upon words that were cut off, and never forgets one that sounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

LINES = 200
"""Kept; older ones are forgotten. A language model of the kind that runs on a Raspberry Pi reads less than that."""


class Who(StrEnum):
    """Who said it."""

    DEVICE = "device"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Line:
    """number: of the utterance or of the turn. interrupted: more was meant to be said. estimated: the voice tells no
    word times, so where it was cut is not known to the word."""

    who: Who
    number: int
    text: str
    interrupted: bool = False
    estimated: bool = False


class History:
    """One thread."""

    def __init__(self, most: int = LINES) -> None:
        self._lines: deque[Line] = deque(maxlen=most)

    @property
    def lines(self) -> tuple[Line, ...]:
        """Oldest first."""
        return tuple(self._lines)

    def heard(self, utterance: int, text: str, *, whole: bool, estimated: bool = False) -> None:
        """So much of an utterance of ours has been heard up to now; again, when it goes on and ceases again."""
        line = Line(Who.DEVICE, utterance, text, interrupted=not whole, estimated=estimated and not whole)
        for index, before in enumerate(self._lines):
            if before.who is Who.DEVICE and before.number == utterance:
                self._lines[index] = line
                return
        if text:
            self._lines.append(line)

    def said(self, turn: int, text: str) -> None:
        """What a person said; again, when they go on with the same turn. "" says nothing, and takes nothing back."""
        if not text:
            return
        for index, before in enumerate(self._lines):
            if before.who is Who.PERSON and before.number == turn:
                self._lines[index] = replace(before, text=text)
                return
        self._lines.append(Line(Who.PERSON, turn, text))

    def recall(self, lines: Iterable[Line]) -> None:
        """Begin with these, from before the device was off. Their numbers become negative: those of this start are
        not."""
        several = tuple(lines)
        self._lines.clear()
        self._lines.extend(replace(line, number=at - len(several)) for at, line in enumerate(several))

    def clear(self) -> None:
        """A new conversation."""
        self._lines.clear()
