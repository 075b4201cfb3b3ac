"""A voice for tests and rehearsals: one tone per word, known to the sample; it dies or stalls where one wants it."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Literal

import numpy as np

from edgeagent.errors import ServiceError
from edgeagent.ports import Sound
from edgeagent.turn.events import Word
from edgeagent.units import RATE, samples

TONE = samples(200)
"""Samples a word sounds."""

GAP = samples(50)
"""Silence after each word."""


class ToneTalker:
    """Text to tones. ends: how each utterance goes after `after` words (`done`: all words are spoken)."""

    def __init__(self, ends: Literal["done", "dies", "stalls"] = "done", after: int = 0) -> None:
        self._ends = ends
        self._after = after

    def say(self, text: str) -> ToneTalk:
        return ToneTalk(text, self._ends, self._after)

    def close(self) -> None:
        pass


class ToneTalk:
    """One utterance in tones; see `ports.Talk`. A stalled one waits until it is cancelled."""

    def __init__(self, text: str, ends: Literal["done", "dies", "stalls"], after: int) -> None:
        self.words: tuple[Word, ...] = ()
        self._text = text
        self._ends = ends
        self._after = after
        self._cancelled = Event()

    def __iter__(self) -> Iterator[Sound]:
        for index, word in enumerate(self._text.split()):
            if index == self._after:
                if self._ends == "dies":
                    raise ServiceError("the tone died, as it was told to")
                if self._ends == "stalls":
                    self._cancelled.wait()
            if self._cancelled.is_set():
                return
            sound = np.zeros(TONE + GAP, np.float32)
            pitch_hz = 200 + 10 * (index % 20)
            sound[:TONE] = 0.3 * np.sin(2 * np.pi * pitch_hz / RATE * np.arange(1, TONE + 1))
            start = index * (TONE + GAP)
            self.words += (Word(start, start + TONE, word),)
            yield sound

    def cancel(self) -> None:
        self._cancelled.set()
