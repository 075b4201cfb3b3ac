"""How we speak, as people want it: louder, softer, slower, faster. What somebody says or presses comes here, and what
was wanted is remembered if anything is."""

from __future__ import annotations

from collections.abc import Callable

from edgeagent.dialogue.manner import INTERRUPTED, SOFTER_OR_LOUDER
from edgeagent.dialogue.pace import Pace
from edgeagent.live.volume import Volume

Note = Callable[..., None]
Keep = Callable[[str, float], None]


def _not_kept(_name: str, _value: float) -> None:
    """Nothing is remembered."""


class Manner:
    """Engine thread only."""

    def __init__(self, volume: Volume, now: Callable[[], int], note: Note, speak: Callable[[float], None]) -> None:
        """now: the engine's sample. note: writes an entry of the journal. speak: gets the rate of our voice, 1 for what
        is configured, whenever it changes."""
        self.keep: Keep = _not_kept
        self._volume = volume
        self._pace = Pace()
        self._now = now
        self._note = note
        self._speak = speak

    def is_brief(self) -> bool:
        """Whether replies shall be short. Asked before each sentence: what was asked for long ago wears off."""
        self._look()
        return self._pace.brief

    def recall(self, kept: dict[str, float]) -> None:
        """Begin as people wanted it before the device was off; before anything is said."""
        if "volume" in kept:
            self._volume.recall(kept["volume"], lambda _level, trouble: self._trouble(trouble))
        if "pace" in kept:
            self._pace.recall(kept["pace"], self._now())
            self._speak(self._pace.rate)

    def adjust(self, command: str) -> None:
        """A command of `dialogue.manner`, or that we were interrupted."""
        if command in SOFTER_OR_LOUDER:
            self._volume.step(command == "louder", lambda level, trouble: self._turned(command, level, trouble))
        elif command == INTERRUPTED:
            self._look()
            if self._pace.interrupted(self._now()):
                self._paced(command)
        else:
            self._look()
            self._pace.asked(command, self._now())
            self._paced(command)

    def _look(self) -> None:
        if self._pace.look(self._now()):
            self._paced("quiet")

    def _turned(self, command: str, level: float, trouble: str) -> None:
        self._trouble(trouble)
        if not trouble:
            self._note("volume", by=command, percent=round(100 * level))
            self.keep("volume", level)

    def _trouble(self, trouble: str) -> None:
        if trouble:
            self._note("volume_trouble", text=trouble)

    def _paced(self, by: str) -> None:
        self._note("pace", by=by, percent=round(100 * self._pace.rate))
        self._speak(self._pace.rate)
        self.keep("pace", self._pace.rate)
