"""What the simulated microphone hears while things go wrong: a quiet room, a person on request, or nonsense."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from threading import Event, Thread
from types import TracebackType
from typing import Self

import numpy as np

from edgeagent.ports import Pcm, Sound
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.settings import Talker
from edgeagent.signal.convert import to_int16
from edgeagent.units import RATE
from tools.simcard import SimCard

LEVEL = 0.0007
"""RMS of a quiet room."""

VOICE = 0.4
"""Of the person's voice, as a factor."""

PHRASE = "Excuse me, can you hear me now?"

PIECE = RATE // 10
AHEAD = RATE // 4
"""Samples: fed at a time, and ahead of the card's clock."""

Faulty = Callable[[int], Pcm]
"""So many samples of a microphone that is broken."""

BROKEN: dict[str, Faulty] = {
    "frozen": lambda count: np.full(count, 731, np.int16),
    "zeros": lambda count: np.zeros(count, np.int16),
    "clipped": lambda count: np.where(np.arange(count) // 20 % 2, 32767, -32768).astype(np.int16),
}


class Room:
    """A context, in which a thread feeds the card."""

    def __init__(self, sim: SimCard) -> None:
        self.broken = ""
        """One of BROKEN, or "" for a microphone that works."""
        with closing(EspeakTalker(Talker(voice="en+f3"))) as talker:
            self._phrase = (VOICE * np.concatenate(list(talker.say(PHRASE)))).astype(np.float32)
        self._sim = sim
        self._random = np.random.default_rng(1)
        self._saying: Sound = np.zeros(0, np.float32)
        self._over = Event()
        self._thread = Thread(target=self._run, name="room", daemon=True)

    def speak(self) -> float:
        """A person says PHRASE; the seconds it takes."""
        self._saying = self._phrase
        return (self._phrase.size + AHEAD) / RATE

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        fed = self._sim.frame()
        while not self._over.wait(0.02):
            now = self._sim.frame()
            fed = max(fed, now)  # held up: what was missed is silence
            while fed < now + AHEAD:
                self._sim.feed(self._piece(), at=fed)
                fed += PIECE

    def _piece(self) -> Pcm:
        if self.broken:
            return BROKEN[self.broken](PIECE)
        sound = (LEVEL * self._random.standard_normal(PIECE)).astype(np.float32)
        words, self._saying = self._saying[:PIECE], self._saying[PIECE:]
        sound[: words.size] += words
        return to_int16(sound)
