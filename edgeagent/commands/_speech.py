"""Whose speech there is in made scenes: voices of espeak-ng, one for the device, several for people; or people whom a
file names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from edgeagent.errors import EdgeAgentError
from edgeagent.ports import Sound
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.settings import Talker

DEVICE = "en-us"
PEOPLE = ("en+f3", "en+m3", "en-us+f4", "en-us+m7")


class Voices:
    """A context; leaving it ends the children. What has been said is kept: scenes say the same again and again."""

    def __init__(self) -> None:
        self._talkers: dict[str, EspeakTalker] = {}
        self._said: dict[tuple[str, str], Sound] = {}

    def say(self, voice: str, text: str) -> Sound:
        """See `sim.voices.Say`. Raises ServiceError without espeak-ng."""
        if (voice, text) not in self._said:
            if voice not in self._talkers:
                self._talkers[voice] = EspeakTalker(replace(Talker(), voice=voice))
            self._said[voice, text] = np.concatenate(list(self._talkers[voice].say(text)))
        return self._said[voice, text]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for talker in self._talkers.values():
            talker.close()


def speakers(path: Path) -> set[str]:
    """The names in a file. Raises EdgeAgentError."""
    try:
        return set(path.read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no text"
        raise EdgeAgentError(f"{path}: {why}", "give a file with the name of a speaker in each line") from error
