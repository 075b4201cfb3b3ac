"""A voice whose every word sounds like no other, and what of its words is in the air: read off the samples of the card
alone, so that it may judge the ledger.

A word is a noise of one loudness whose signs are drawn by its letters. Ducks and ramps change its size and not its
signs; and it always begins at its beginning, for nothing goes on in the middle of a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from threading import Event
from zlib import crc32

import numpy as np

from edgeagent.dialogue.history import Line, Who
from edgeagent.ports import Sound
from edgeagent.services.tone_talker import GAP, TONE
from edgeagent.turn.events import Word

KNOWN_BY = 64
"""Samples by which a word is told from all others: the card plays no less of one at a time."""

CHANCE = 32
"""Signs that two words never share by chance."""

SIZE = 0.3


@cache
def signs(word: str) -> Sound:
    """(TONE,), of 1 and -1."""
    return np.random.default_rng(crc32(word.encode())).choice(np.array([-1, 1], np.float32), TONE)


class SpellingTalk:
    """See `ports.Talk`."""

    def __init__(self, text: str) -> None:
        self.words: tuple[Word, ...] = ()
        self.text = text
        self._cancelled = Event()

    def __iter__(self) -> Iterator[Sound]:
        for index, word in enumerate(self.text.split()):
            if self._cancelled.is_set():
                return
            start = index * (TONE + GAP)
            self.words += (Word(start, start + TONE, word),)
            yield np.concatenate([SIZE * signs(word), np.zeros(GAP, np.float32)])

    def cancel(self) -> None:
        self._cancelled.set()


class SpellingTalker:
    """See `ports.Talker`. said: every word so far."""

    def __init__(self) -> None:
        self.said: set[str] = set()

    def say(self, text: str) -> SpellingTalk:
        self.said.update(text.split())
        return SpellingTalk(text)

    def close(self) -> None: ...


def words_in(air: Sequence[int], said: Iterable[str]) -> list[str]:
    """The words of `said` that sounded whole, in their order. Fails for sound that is the beginning of none."""
    sound = np.sign(np.asarray(air, np.int16)).astype(np.int8)
    known = {signs(word)[:KNOWN_BY].astype(np.int8).tobytes(): word for word in said}
    heard, at = [], 0
    sounding = np.flatnonzero(sound)
    while (index := int(np.searchsorted(sounding, at))) < sounding.size:
        start = int(sounding[index])
        word = known.get(sound[start : start + KNOWN_BY].tobytes())
        assert word is not None, f"at {start} no word begins"
        piece = sound[start : start + TONE]
        wrong = np.flatnonzero(piece != signs(word)[: piece.size])
        at = start + (int(wrong[0]) if wrong.size else piece.size)
        if at == start + TONE:
            heard.append(word)
        elif at < sound.size and sound[at]:  # cut by the next, whose first signs may be its own by chance
            at = next(at for at in range(at, at - CHANCE, -1) if sound[at : at + KNOWN_BY].tobytes() in known)
    return heard


def accounts_for(lines: Iterable[Line], heard: Sequence[str], *, more: bool = False) -> bool:
    """Whether the device's lines are what was heard: each in its place, word by word, and no word besides. One that
    was interrupted may go on from an earlier word. more: behind the lines there may be others, of what still sounds."""
    places = {0}
    for line in lines:
        if line.who is Who.DEVICE and line.text:
            places = _behind(line.text.split(), heard, places)
    return bool(places) if more else len(heard) in places


def _behind(words: list[str], heard: Sequence[str], places: set[int]) -> set[int]:
    """Where a line may end that begins at one of `places`: when all its words have been heard, and none beyond."""
    reached = {(place, 0, 0) for place in places}  # place, the next word, and how many have been heard in all
    seen = set(reached)
    while reached:
        found = set()
        for place, following, furthest in reached:
            for index in {following, *range(furthest)}:  # goes on, or begins again
                if place < len(heard) and index < len(words) and heard[place] == words[index]:
                    found.add((place + 1, index + 1, max(furthest, index + 1)))
        reached = found - seen
        seen |= found
    return {place for place, _, furthest in seen if furthest == len(words)}
