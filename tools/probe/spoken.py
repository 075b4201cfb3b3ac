"""What the device's voice has made, laid beside what the loudspeaker gave: where it began to be lowered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from edgeagent.ports import Pcm, Sound, Talk, Talker
from edgeagent.signal.convert import to_int16
from edgeagent.turn.events import Word
from edgeagent.units import samples

ALIKE = samples(200)
"""Of what sounded before, by so much its place in the voice is found."""

ROUNDED = 1.5
"""Steps of 16 bits by which two samples may differ that are the same."""

AUDIBLE = 200
"""Steps of 16 bits. A sample so large shows in the first sample of a ramp that it is lowered: by 2.5 steps or more."""

EXACT = samples(1)
"""Between the last sample that was surely not lowered and the first that was there lies at most this; where it is more
our voice paused, and nobody can say when it was lowered."""


class Spoken:
    """Keeps the sound of the newest utterance."""

    def __init__(self) -> None:
        self._pieces: list[Sound] = []

    def around(self, talker: Talker) -> Talker:
        """The talker with us listening. One whose adapter is asked for by name, to change its pace, hides behind us."""
        return _Overheard(talker, self)

    def begin(self) -> list[Sound]:
        """For the pieces of a new utterance."""
        self._pieces = []
        return self._pieces

    @property
    def sound(self) -> Sound:
        """(n,) float32 at 16 kHz: what there is of it. Any thread."""
        return np.concatenate([np.zeros(0, np.float32), *tuple(self._pieces)])


class _Overheard:
    """See `ports.Talker`."""

    def __init__(self, talker: Talker, spoken: Spoken) -> None:
        self._talker = talker
        self._spoken = spoken

    def say(self, text: str) -> Talk:
        return _OverheardTalk(self._talker.say(text), self._spoken.begin())

    def close(self) -> None:
        self._talker.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._talker, name)


class _OverheardTalk:
    """See `ports.Talk`."""

    def __init__(self, talk: Talk, pieces: list[Sound]) -> None:
        self.words: tuple[Word, ...] = ()
        self._talk = talk
        self._pieces = pieces

    def __iter__(self) -> Iterator[Sound]:
        for sound in self._talk:
            self._pieces.append(sound.copy())
            self.words = self._talk.words
            yield sound
        self.words = self._talk.words

    def cancel(self) -> None:
        self._talk.cancel()


def lowered(played: Pcm, voice: Sound, since: int) -> int | None:
    """The first sample of `played`, (n,) int16, from `since` on that is softer than `voice`, (m,) float32, of which it
    is a part; before `since` it must be as loud. None if the two do not match, if nothing was lowered, or if it was in
    a pause of ours."""
    wanted = to_int16(voice).astype(np.float64)
    card = played.astype(np.float64)
    before = card[max(0, since - ALIKE) : since]
    if before.size < ALIKE or wanted.size < ALIKE or not before.any():
        return None
    place = _place(before, wanted)
    whole = wanted[place : place + before.size]
    gain = float(whole @ before) / max(float(whole @ whole), 1.0)
    if np.abs(gain * whole - before).max() > ROUNDED:
        return None
    now = gain * wanted[place + before.size :]
    count = min(now.size, card.size - since)
    softer = np.flatnonzero(np.abs(now[:count]) - np.abs(card[since : since + count]) > ROUNDED)
    if not softer.size:
        return None
    first = int(softer[0])
    loud = np.flatnonzero(np.abs(np.concatenate((gain * whole, now[:first]))) > AUDIBLE)
    if not loud.size or first + before.size - int(loud[-1]) > EXACT:
        return None
    return since + first


def _place(part: np.ndarray[Any, Any], whole: np.ndarray[Any, Any]) -> int:
    """Where `part` is most like `whole`: least squares over all places."""
    size = 1 << (part.size + whole.size).bit_length()
    alike = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size)), size)
    power = np.cumsum(np.concatenate(([0.0], whole**2)))
    places = whole.size - part.size + 1
    return int(np.argmin(power[part.size :] - power[:places] - 2 * alike[:places]))
