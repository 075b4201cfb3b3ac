"""What the player says has sounded, told when it has.

The player runs ahead of the air by what the card buffers. That an utterance is over may only be told when its last
sample has left the DAC: the amplifier is muted upon it, and would swallow the end of the last word. Everything else is
told at once; after a hard stop everything is.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeagent.signal.playback import Cue, Kind, Playback
from edgeagent.turn.events import Ceased, Playing
from edgeagent.units import RATE

MARGIN_S = 0.02
"""A block and a resampler's delay: what was rendered and is not yet handed to the card."""


class Cues:
    """Engine thread only."""

    def __init__(self, playback: Playback) -> None:
        self._playback = playback

    def all(self) -> Iterator[Playing | Ceased]:
        """Every cue there is, as a fact at sample 0, that is: now."""
        while self._playback.cues:
            yield _fact(self._playback.cues.popleft())

    def due(self, now: float, sounds_until: float) -> Iterator[Playing | Ceased]:
        """Those that hold by now. sounds_until: the moment until which the card has been handed sound."""
        rendered = self._playback.dac
        for cue in list(self._playback.cues):
            if cue.finished and now < sounds_until - (rendered - cue.dac) / RATE + MARGIN_S:
                return
            yield _fact(self._playback.cues.popleft())


def _fact(cue: Cue) -> Playing | Ceased:
    if cue.kind is Kind.PLAYING:
        return Playing(0, cue.utterance, cue.offset, cue.dac)
    return Ceased(0, cue.utterance, cue.offset, cue.dac, cue.finished)
