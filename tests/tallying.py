"""A canceller that tells how much of the sound it was shown."""

from __future__ import annotations

from edgeagent.ports import Sound
from edgeagent.signal.canceller import Cancelled, Canceller


class Tallying(Canceller):
    """Counts its hops."""

    hops = 0

    def process(self, reference: Sound, microphone: Sound) -> Cancelled:
        self.hops += 1
        return super().process(reference, microphone)
