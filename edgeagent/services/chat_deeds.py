"""What programs have done for a model, by the turn for which: told again with every later turn.

A reply may be cut when its programs have run and nothing of it was heard: the person goes on after a pause, or
somebody coughs. A model that does not see what it has done does it again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

MOST = 20
"""Rounds of calls that are kept."""

RESULT = 500
"""Characters of a result that are told again: it is to be known, and not read anew at each turn."""

LEFT_OUT = " ..."

Message = dict[str, Any]


class Deeds:
    """Of one replier. Any thread."""

    def __init__(self) -> None:
        self._rounds: deque[tuple[int, tuple[Message, ...]]] = deque(maxlen=MOST)

    def add(self, turn: int, calls: Message, results: Sequence[Message]) -> None:
        """For `turn` a model has made `calls`, its message without what it said, and these are the results."""
        self._rounds.append((turn, (calls, *map(_shortened, results))))

    def of(self, turn: int) -> Iterator[Message]:
        """What was done for that turn, oldest first."""
        for done_for, told in tuple(self._rounds):
            if done_for == turn:
                yield from told


def _shortened(result: Message) -> Message:
    said = str(result["content"])
    return result if len(said) <= RESULT else {**result, "content": said[:RESULT] + LEFT_OUT}
