"""Between the device and its card: everything that was heard and given out, with the card's own stamps; and a voice
that the microphone did not hear, laid over what it did.

The voice is added in the card's callback, at a frame that is known beforehand. So its onset is exact to a sample, and
everything behind it is the device as it is: capture, resampler, engine, verdict, abort, converter, room.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgeagent.ports import Card, Heard, Pcm, Play

KEPT = 1000
"""Blocks kept each way: 10 s with periods of 10 ms, more than the longest look back."""


@dataclass(frozen=True, slots=True)
class Block:
    """(n,) int16 `pcm`, of which the first is frame number `frame` of its direction and was heard, or sounds, at the
    moment `when` by the card's stamp. began: when the card called. run: how often the output had been started anew.
    Moments in seconds of time.monotonic()."""

    frame: int
    pcm: Pcm
    when: float
    began: float
    run: int


@dataclass(frozen=True, slots=True)
class Cut:
    """An abort: of run number `run` the frames from `played` on never sounded, as the card tells."""

    run: int
    played: int
    asked: float
    returned: float


@dataclass(frozen=True, slots=True)
class Tape:
    """What has been kept up to now."""

    heard: tuple[Block, ...]
    given: tuple[Block, ...]
    cuts: tuple[Cut, ...]
    lost: int
    """Microphone frames that the card told as lost since it was opened."""


class Tap:
    """`inject` and `tape` are for one thread, such as the engine's. A card that is opened anew is looked at as well."""

    def __init__(self) -> None:
        self.frames = 0
        """Microphone frames so far, the lost ones included."""
        self.lost = 0
        self.heard: deque[Block] = deque(maxlen=KEPT)
        self.given: deque[Block] = deque(maxlen=KEPT)
        self.cuts: deque[Cut] = deque(maxlen=KEPT)
        self.run = 0
        self.card: Card | None = None
        self._injection: tuple[int, Pcm] | None = None

    def around(self, card: Card) -> Card:
        """The card with us in between."""
        self.card = card
        self.run += 1
        return TappedCard(card, self)

    def inject(self, sound: Pcm, wait: int) -> int:
        """Let the device hear `sound`, (n,) int16 at the card's rate, `wait` frames from now. Its first frame."""
        start = self.frames + wait
        self._injection = (start, sound)
        return start

    def mixed(self, frame: int, pcm: Pcm) -> Pcm:
        """In the card's callback: what the device is to hear from microphone frame `frame` on."""
        if self._injection is None:
            return pcm
        start, sound = self._injection
        if start + sound.size <= frame:
            self._injection = None
            return pcm
        first, last = max(start, frame), min(start + sound.size, frame + pcm.size)
        if first >= last:
            return pcm
        both = pcm.astype(np.int32)
        both[first - frame : last - frame] += sound[first - start : last - start]
        return np.clip(both, -32768, 32767).astype(np.int16)

    def tape(self) -> Tape:
        """What there is. Making a tuple of a deque is one step of the interpreter: no callback comes between."""
        return Tape(tuple(self.heard), tuple(self.given), tuple(self.cuts), self.lost)

    def xruns(self) -> int:
        """Overflows and underflows that the card has told."""
        facts: Mapping[str, object] = self.card.facts() if self.card is not None else {}
        counts = [facts.get(name, 0) for name in ("overflows", "underflows")]
        return sum(count for count in counts if isinstance(count, int))


class TappedCard:
    """See `ports.Card`."""

    def __init__(self, card: Card, tap: Tap) -> None:
        self.name, self.input_rate, self.output_rate = card.name, card.input_rate, card.output_rate
        self._card = card
        self._tap = tap
        self._heard: Heard
        self._play: Play
        self._given = 0
        """Frames of this run."""

    def open(self, heard: Heard, play: Play) -> None:
        self._heard, self._play = heard, play
        self._card.open(self._hear, self._fill)

    def abort(self) -> int:
        asked = time.monotonic()
        unplayed = self._card.abort()
        played = self._given - unplayed
        self._tap.cuts.append(Cut(self._tap.run, played, asked, time.monotonic()))
        return unplayed

    def restart(self) -> None:
        self._tap.run += 1
        self._given = 0
        self._card.restart()

    def age(self) -> float:
        return self._card.age()

    def facts(self) -> Mapping[str, int | float | str]:
        return self._card.facts()

    def close(self) -> None:
        self._card.close()

    def _hear(self, pcm: Pcm, lost: int, when: float) -> None:
        tap = self._tap
        began = time.monotonic()
        frame = tap.frames + lost
        tap.lost += lost
        tap.heard.append(Block(frame, pcm, when, began, tap.run))
        tap.frames = frame + pcm.size
        self._heard(tap.mixed(frame, pcm), lost, when)

    def _fill(self, out: Pcm, when: float) -> None:
        began = time.monotonic()
        self._play(out, when)
        self._tap.given.append(Block(self._given, out.copy(), when, began, self._tap.run))
        self._given += out.size
