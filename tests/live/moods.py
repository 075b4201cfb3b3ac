"""People, a recogniser, a replier and a talker of whom one never knows what they do next."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count
from threading import Event

from edgeagent.errors import ServiceError
from edgeagent.live.conversation import Told
from edgeagent.ports import Request, Sound
from tests.live.spelling import SpellingTalk, SpellingTalker

SAID = ("", "[cough]", "uh-huh", "yeah", "stop", "wait", "go on", "say that again", "no", "not two, seven",
        "what does that mean?", "how much is it?", "tell me a story", "yes please", "no thanks", "louder")  # fmt: skip


def sentence(number: int) -> str:
    """Five words, of which two are in no other; people contradict the others."""
    return f"one two new{number}, four last{number}."


class Moody(SpellingTalker):
    """A talker that sometimes stalls or dies."""

    def __init__(self, mood: random.Random) -> None:
        super().__init__()
        self.mood = mood

    def say(self, text: str) -> SpellingTalk:
        talk = super().say(text)
        chance = self.mood.random()
        if chance < 0.04:
            return DyingTalk(text)
        return StallingTalk(text) if chance < 0.08 else talk


class DyingTalk(SpellingTalk):
    def __iter__(self) -> Iterator[Sound]:
        for index, sound in enumerate(super().__iter__()):
            if index == 2:
                raise ServiceError("the tone died")
            yield sound


class StallingTalk(SpellingTalk):
    def __iter__(self) -> Iterator[Sound]:
        for index, sound in enumerate(super().__iter__()):
            if index == 1 and not self._cancelled.wait(0.02):
                raise ServiceError("no sound for 20 ms")
            yield sound


class Pieces:
    """See `ports.Reply`."""

    def __init__(self, mood: random.Random, numbers: Iterator[int]) -> None:
        self.numbers = numbers
        self.kind = mood.choice(["whole", "whole", "lump", "empty", "endless", "stalls", "breaks", "slow"])
        self.count = mood.randrange(1, 6)
        self.cut = Event()

    def __iter__(self) -> Iterator[str]:
        if self.kind == "empty":
            return
        if self.kind == "lump":
            yield " ".join(sentence(next(self.numbers)) for _ in range(3 * self.count))
            return
        for _ in range(10_000 if self.kind == "endless" else self.count):
            if self.kind == "slow":
                self.cut.wait(0.002)
            if self.cut.is_set():
                return
            yield sentence(next(self.numbers)) + " "
        if self.kind == "stalls" and not self.cut.wait(0.03):
            raise ServiceError("does not answer")
        if self.kind == "breaks":
            raise ServiceError("connection reset")

    def cancel(self) -> None:
        self.cut.set()


class Replier:
    """See `ports.Replier`."""

    def __init__(self, mood: random.Random) -> None:
        self.mood = mood
        self.numbers = count()

    def reply(self, _request: Request) -> Pieces:
        if self.mood.random() < 0.05:
            raise ServiceError("refused")
        return Pieces(self.mood, self.numbers)

    def close(self) -> None: ...


class Understanding:
    """See `turns.Listener`; sometimes it takes its time."""

    def __init__(self, mood: random.Random) -> None:
        self.mood = mood
        self.owed: list[int] = []
        self.suspected: int | None = None
        self.open: int | None = None
        self.heard = 0

    def __call__(self, recognised: Told, _trouble: Told, _kept: Told) -> Understanding:
        self._recognised = recognised
        return self

    def suspect_turn(self, turn: int, _audio: str) -> bool:
        """See `turns.Early`; sometimes it is busy."""
        assert self.suspected is None
        if self.mood.random() < 0.2:
            return False
        self.suspected, self.heard = turn, 0
        return True

    def open_turn(self, turn: int, _audio: str) -> None:
        if self.suspected is None:
            self.heard = 0
        assert self.suspected in (None, turn)
        self.open, self.suspected = turn, None

    def sound(self, turn: int, block: Sound) -> None:
        assert turn in (self.suspected, self.open)
        self.heard += block.size

    def close_turn(self, turn: int, sound: Sound) -> None:
        assert turn == self.open
        assert self.suspected is None
        assert self.heard >= sound.size
        if self.mood.random() < 0.8:
            self._recognised(turn, self.mood.choice(SAID))
        else:
            self.owed.append(turn)

    def pay(self) -> None:
        """Late texts."""
        while self.owed:
            self._recognised(self.owed.pop(), self.mood.choice(SAID))

    def drop_turn(self, turn: int) -> None:
        if self.suspected == turn:
            self.suspected = None

    def close(self) -> None: ...
