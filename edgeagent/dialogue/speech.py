"""Sentences of ours that belong together: what was heard of them, and what is left to say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

SENTENCES = 256
"""Remembered of one speech; an endless reply goes on, but its beginning is forgotten."""


@dataclass(slots=True)
class _Sentence:
    text: str
    heard: str = ""
    left: str = ""
    """To be said if it went on."""


class Speech:
    """One thread. Sentences by the number of their utterance, in the order in which they are said."""

    def __init__(self) -> None:
        self._sentences: dict[int, _Sentence] = {}
        self.more = False
        """Its replier was cut off: behind what is left there would have been more."""
        self.silenced = ""
        """How somebody wanted us to be silent in it; "" for not."""

    @classmethod
    def left_over(cls, rest: Iterable[str], more: bool) -> Speech:
        """One that was cut off before the device was off. Nothing of it was heard since."""
        speech = cls()
        for number, text in enumerate(rest):
            speech.add(-1 - number, text)
        speech.more = more
        return speech

    def copy(self) -> Speech:
        """As it stands now."""
        copied = Speech()
        copied._sentences = {number: replace(one) for number, one in self._sentences.items()}
        copied.more, copied.silenced = self.more, self.silenced
        return copied

    def add(self, utterance: int, text: str) -> None:
        """A sentence behind the others."""
        self._sentences[utterance] = _Sentence(text, left=text)
        while len(self._sentences) > SENTENCES:
            del self._sentences[next(iter(self._sentences))]

    def heard(self, utterance: int, text: str, left: str, whole: str = "") -> None:
        """So much of one has been heard, and so much of it is left; nothing if it is not ours. whole: all of its text,
        for one that began before that was known."""
        if (sentence := self._sentences.get(utterance)) is not None:
            sentence.text = sentence.text or whole
            sentence.heard, sentence.left = text, left.strip()

    @property
    def unfinished(self) -> bool:
        """Whether anything is left, or would have come."""
        return self.more or any(one.left for one in self._sentences.values())

    @property
    def rest(self) -> tuple[str, ...]:
        """What is left to say."""
        return tuple(one.left for one in self._sentences.values() if one.left)

    @property
    def text(self) -> str:
        """All that was heard."""
        return " ".join(one.heard for one in self._sentences.values() if one.heard)

    @property
    def last(self) -> str:
        """The last sentence of which something was heard, whole; "" for none."""
        return next((one.text for one in reversed(self._sentences.values()) if one.heard), "")

    @property
    def repeated(self) -> tuple[str, ...]:
        """The last sentence of which something was heard, whole, and what is left after it."""
        several = list(self._sentences.values())
        heard = [index for index, one in enumerate(several) if one.heard]
        if not heard:
            return self.rest
        return several[heard[-1]].text, *(one.left for one in several[heard[-1] + 1 :] if one.left)

    def finish(self) -> None:
        """Nothing is left to say."""
        self.more = False
        for one in self._sentences.values():
            one.left = ""
