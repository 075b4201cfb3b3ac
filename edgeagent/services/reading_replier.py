"""A long text that is read aloud, sentence by sentence, and goes on where it was interrupted; questions in between go
to another replier.

Where to go on follows from what is told with the request, not from how far this replier has got: what it handed out
and nobody heard must be read again. A sentence that stands in the text several times is looked for from there back.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeagent.dialogue.history import Who
from edgeagent.ports import Replier, Reply, Request

BEGIN = -2
"""The turn of the request to begin; no turn of a person has such a number, and `NOBODY` is -1."""


class ReadingReplier:
    """See `ports.Replier`."""

    def __init__(self, text: tuple[str, ...], other: Replier) -> None:
        """text: sentences. other: answers everything but "go on"; closed with this one."""
        self._text = text
        self._other = other
        self._given = 0  # sentences that have been handed out
        self._begun = 0  # how many of them when it last began to read
        self._seen = -1  # the last utterance at that time

    def reply(self, request: Request) -> Reply:
        """See `ports.Replier`."""
        if request.turn != BEGIN and not request.resumes:
            return self._other.reply(request)
        self._begun = self._given = self._behind(request) if request.resumes else 0
        self._seen = max((line.number for line in request.history if line.who is Who.DEVICE), default=-1)
        return _Reading(self)

    def close(self) -> None:
        self._other.close()

    def next(self) -> str | None:
        """The next sentence, None at the end."""
        if self._given == len(self._text):
            return None
        self._given += 1
        return self._text[self._given - 1]

    def _behind(self, request: Request) -> int:
        """How many sentences come before the one to go on with: those that were heard, then those that are said."""
        saying = self._read_here(request.saying)
        if not self._given:
            return self._before_this_start(request, saying)
        behind = self._heard(request) + len(saying)
        if not saying or self._ends(behind, saying):
            return behind
        return next((at for at in range(self._given, 0, -1) if self._ends(at, saying)), self._given)

    def _read_here(self, saying: tuple[str, ...]) -> tuple[str, ...]:
        """Without what is said first of an answer in between."""
        while saying and not any(text.endswith(saying[0]) for text in self._text):
            saying = saying[1:]
        return saying

    def _before_this_start(self, request: Request, saying: tuple[str, ...]) -> int:
        """The same, where others were read before the device was off: found by what was heard last, and is left."""
        known = frozenset(self._text)
        ours = [line.text for line in request.history if line.who is Who.DEVICE and not line.interrupted]
        last = next((text for text in reversed(ours) if text in known), "")
        if not saying:
            return next((at for at, text in enumerate(self._text, 1) if text == last), 0)
        ends = [at for at in range(len(saying), len(self._text) + 1) if self._ends(at, saying)]
        behind = [at for at in ends if at > len(saying) and self._text[at - len(saying) - 1] == last]
        return next(iter(behind or ends), 0)

    def _heard(self, request: Request) -> int:
        """How many have been heard whole: those since the last request in their order, and all before."""
        behind = self._begun
        for line in request.history:
            new = line.who is Who.DEVICE and line.number > self._seen and not line.interrupted
            if new and behind < self._given and line.text == self._text[behind]:
                behind += 1
        return behind

    def _ends(self, at: int, saying: tuple[str, ...]) -> bool:
        """Whether `saying` are the last sentences of the first `at`, the first of them perhaps cut."""
        first = at - len(saying)
        if first < 0 or at > (self._given or len(self._text)):
            return False
        return self._text[first].endswith(saying[0]) and self._text[first + 1 : at] == saying[1:]


class _Reading:
    """See `ports.Reply`."""

    def __init__(self, reader: ReadingReplier) -> None:
        self._reader = reader
        self._cancelled = False

    def __iter__(self) -> Iterator[str]:
        while not self._cancelled and (sentence := self._reader.next()) is not None:
            yield f"{sentence}\n"  # so that it is complete at once

    def cancel(self) -> None:
        """See `ports.Reply`."""
        self._cancelled = True
