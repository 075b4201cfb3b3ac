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

    def all(self) -> list[Playing | Ceased]:
        """Every cue there is, as a fact at sample 0, that is: now. An end that a later one corrects (what the card took
        back) is none: nobody is told twice what was heard."""
        facts: list[Playing | Ceased] = []
        ends: dict[int, Ceased] = {}
        while self._playback.cues:
            fact = _fact(self._playback.cues.popleft())
            earlier = ends.pop(fact.utterance, None)
            if isinstance(fact, Ceased):
                ends[fact.utterance] = fact
                if earlier is not None:
                    facts.remove(earlier)
            facts.append(fact)
        return facts

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
