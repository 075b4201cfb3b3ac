"""What a model thinks aloud before it answers (`<think>`), taken out of a stream of pieces.

Many templates write the first mark themselves, into the question, and then only the second one comes. What was spoken
by then is spoken, so who has seen that once of a server tells it to what reads the next answer, which waits.
"""

from __future__ import annotations

from edgeagent.services.reply_length import LONGEST

BEGIN, END = "<think>", "</think>"


class Thoughts:
    """One answer. unopened: its thoughts had an end and no beginning."""

    def __init__(self, *, unopened: bool = False) -> None:
        """unopened: those of this server have no beginning, so that nothing is spoken before their end is there."""
        self.unopened = False
        self._text = ""
        self._inside = False
        self._doubtful = unopened
        self._held = ""

    def without(self, piece: str) -> str:
        """What of it is to be spoken; what may be the beginning of a mark waits."""
        self._text += piece
        spoken = ""
        while mark := self._mark():
            before, _, self._text = self._text.partition(mark)
            if mark == BEGIN:
                spoken += before
            elif not self._inside:
                spoken, self._held, self.unopened = "\n", "", True  # and no word is joined to what comes behind
            self._inside, self._doubtful = mark == BEGIN, False
        keep = max(n for mark in self._awaited for n in range(len(mark) + 1) if self._text.endswith(mark[:n]))
        cut = len(self._text) - keep
        spoken += "" if self._inside else self._text[:cut]
        self._text = self._text[cut:]
        if self._doubtful:
            self._held = (self._held + spoken)[: LONGEST + 1]
            return ""
        spoken, self._held = self._held + spoken, ""
        return spoken

    def rest(self, *, whole: bool = True) -> str:
        """What waited for more. whole: the answer has come to its end, so it was none of its thoughts."""
        if self._inside or (self._doubtful and not whole):
            return ""
        return self._held + self._text

    @property
    def _awaited(self) -> tuple[str, ...]:
        return (END,) if self._inside else (BEGIN, END)

    def _mark(self) -> str:
        """The next one, "" for none."""
        found = [(at, mark) for mark in self._awaited if (at := self._text.find(mark)) >= 0]
        return min(found)[1] if found else ""
