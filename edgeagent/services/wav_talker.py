"""A voice of recorded sentences: a folder of WAV files, or one file for everything.

The folder's index.yaml maps each sentence to its file. Sentences are compared without regard to case and blanks. There
are no word times: after a stop the sentence goes on from a pause.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgeagent.errors import ServiceError
from edgeagent.ports import Sound
from edgeagent.services.recorded_sentences import INDEX, read_sentences, same
from edgeagent.signal.wav import read_wav
from edgeagent.turn.events import Word
from edgeagent.units import samples

BLOCK = samples(100)
"""Samples given out at a time."""


class WavTalker:
    """Text to recorded sound."""

    def __init__(self, source: str) -> None:
        """source: the folder, or a WAV file that is spoken whatever the text. Raises ServiceError."""
        found = read_sentences(source)
        self._one = found if isinstance(found, Path) else None
        self._files = {} if isinstance(found, Path) else found

    def say(self, text: str) -> WavTalk:
        """Raises ServiceError for a sentence without a recording."""
        file = self._one or self._files.get(same(text))
        if file is None:
            raise ServiceError(f"no recording says '{text}'", f"add it to {INDEX}")
        return WavTalk(file)

    def close(self) -> None:
        pass


class WavTalk:
    """One recorded sentence; see `ports.Talk`. Iterating raises SoundFileError for a damaged file."""

    words: tuple[Word, ...] = ()

    def __init__(self, file: Path) -> None:
        self._file = file
        self._cancelled = False

    def __iter__(self) -> Iterator[Sound]:
        sound = read_wav(self._file)
        for start in range(0, len(sound), BLOCK):
            if self._cancelled:
                return
            yield sound[start : start + BLOCK]

    def cancel(self) -> None:
        self._cancelled = True
