"""From a voice's word marks to the words of the text: which samples of the utterance say which word.

What a word is says `turn/writing.py`. Voices mark more ("1,234" as five words) and less ("of the" as one, nothing for a
dash): marks inside a word are dropped, and written words without a mark of their own go to the word before (at the very
start: to the first). So the texts of all words, joined, are the text.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from edgeagent.ports import Sound
from edgeagent.turn.events import Word
from edgeagent.turn.writing import written_words
from edgeagent.units import samples

SILENT = 0.003
"""Amplitude (-50 dBFS) below which a voice is between words: synthetic voices are digitally silent there, and the tail
of a recorded one is 20 dB above."""

AHEAD, PAUSE = samples(10), samples(30)
"""What sounds in the last 10 ms before a mark, behind a silence of 30 ms, is the word that the mark begins: voices that
lay frames over each other let it begin a little early. Taken for the word before, that one would last for the whole
pause, and count as unheard in it."""


class WordTimes:
    """Marks and sound in, in step, words out. Times are samples at 16 kHz of the utterance."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._begins = [start for start, _ in written_words(text)]
        self._marks: list[tuple[int, int]] = []
        """Words whose end is not yet known: (start sample, index of the written word)."""
        self._sound = np.empty(0, np.float32)
        """The sound from the first of them on."""
        self._sound_start = 0
        self.words: tuple[Word, ...] = ()
        """Words whose end is known, in order."""

    def mark(self, start: int, position: int) -> None:
        """A word begins at sample `start` of the sound and at character `position` (from 0) of the text."""
        index = bisect_right(self._begins, position) - 1
        if index < 0 or (self._marks and index <= self._marks[-1][1]):
            return
        earliest = self._marks[-1][0] if self._marks else 0
        self._marks.append((max(start, earliest), index))

    def sound(self, block: Sound) -> None:
        """The next sound of the utterance. Ends the words whose successor has begun."""
        self._sound = np.concatenate((self._sound, block))
        heard = self._sound_start + len(self._sound)
        while len(self._marks) > 1 and self._marks[1][0] <= heard:
            (start, index), (stop, following) = self._marks[:2]
            self._end(start, stop, index, following)

    def finish(self) -> None:
        """The sound is over: ends the words left."""
        heard = self._sound_start + len(self._sound)
        while self._marks:
            start, index = self._marks[0]
            stop, following = self._marks[1] if len(self._marks) > 1 else (heard, len(self._begins))
            self._end(start, min(stop, heard), index, following)

    def _end(self, start: int, stop: int, index: int, following: int) -> None:
        spoken = self._sound[start - self._sound_start : stop - self._sound_start]
        loud = np.flatnonzero(np.abs(spoken) > SILENT)
        own = loud[: np.searchsorted(loud, stop - start - AHEAD)]
        if 0 < len(own) < len(loud) and loud[len(own)] - own[-1] > PAUSE:
            loud = own
        end = start + int(loud[-1]) + 1 if len(loud) else stop
        first = self._begins[index] if self.words else 0
        last = self._begins[following] if following < len(self._begins) else len(self._text)
        self.words += (Word(start, end, " ".join(self._text[first:last].split())),)
        del self._marks[0]
        self._sound = self._sound[stop - self._sound_start :]
        self._sound_start = stop
