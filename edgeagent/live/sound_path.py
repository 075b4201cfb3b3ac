"""Card, capture, loudspeaker and timeline as the engine thread wants them: what sounded and what was heard,
together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

import numpy as np

from edgeagent.live.capture import Capture
from edgeagent.live.loudspeaker import Loudspeaker, Player
from edgeagent.live.timeline import Timeline
from edgeagent.ports import Card, Sound
from edgeagent.turn.events import Lost
from edgeagent.units import RATE, samples

AHEAD_S = 0.2
"""How far ahead of the end of a microphone block played sound is handed to the timeline, which has room for twice as
much: so that an engine that lags finds its reference all the same."""

PIECE = samples(150)
"""The timeline is asked for so much at most between two takings of what was played: of a longer loss the loudspeaker
behind it would find no room, and its echo no reference."""

AT_ONCE = 10
"""Blocks taken at a time: a button waits no longer than their length, should the engine be behind."""


@dataclass(frozen=True, slots=True)
class Instant:
    """Equally many samples of both, (n,) float32 at 16 kHz: what sounded and what was heard then. lost: what went wrong
    up to here, stamped with the microphone's sample index."""

    reference: Sound
    microphone: Sound
    lost: tuple[Lost, ...] = ()


class SoundPath:
    """Opens `card` with `player` behind its loudspeaker. The engine thread only."""

    def __init__(self, card: Card, player: Player) -> None:
        """Raises DeviceError if the card does not start."""
        self.card = card
        self.capture = Capture(card.input_rate)
        self.timeline = Timeline()
        self._loudspeaker = Loudspeaker(player, card.output_rate)
        try:
            card.open(self.capture.heard, self._loudspeaker.play)
        except BaseException:  # a card that is away is tried every second, and a descriptor must not stay each time
            self.capture.close()
            raise

    def take(self, *, joined: bool = False) -> Iterator[Instant]:
        """What there is since the last call, in order, AT_ONCE blocks at most; `capture.wait` sleeps until there is
        something. joined: as few instants as possible, where nothing is to be decided between them."""
        for block in self.capture.take(AT_ONCE, joined=joined):
            size = block.sound.size
            self._note_played(block.when + min(size, PIECE) / RATE + AHEAD_S)
            at = self.timeline.at
            self.timeline.heard(size, block.when, block.stamps)
            lost = [Lost(at, "overflow", block.lost)] if block.lost else []
            reference = self.timeline.reference(min(size, PIECE))
            for start in range(PIECE, size, PIECE):
                piece = min(size - start, PIECE)
                self._note_played(block.when + (start + piece) / RATE + AHEAD_S)
                reference = np.concatenate((reference, self.timeline.reference(piece)))
            yield Instant(reference, block.sound, (*lost, *self.timeline.facts()))

    def _note_played(self, before: float) -> None:
        for sound, when in self._loudspeaker.played(before):
            self.timeline.played(sound, when)

    def abort(self) -> int:
        """Hard stop. Returns the samples at 16 kHz that were rendered and never sounded, for `Playback.take_back`; the
        reference forgets them, too."""
        unheard = self._loudspeaker.take_back(self.card.abort())
        self._note_played(inf)
        self.timeline.take_back(unheard)
        return unheard

    def restart(self) -> None:
        """Let the output run again. Raises DeviceError if the card is gone."""
        self.card.restart()

    def close(self) -> None:
        """Release the card. Raises DeviceHung."""
        self.card.close()
        self.capture.close()
