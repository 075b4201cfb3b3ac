"""The newest sound without our voice, for whoever asks later: a turn's recogniser, a recording, a page."""

from __future__ import annotations

from math import isfinite

from edgeagent.signal import Sound
from edgeagent.signal.canceller import Cancelled
from edgeagent.signal.ring import Ring
from edgeagent.units import HOP


class Kept:
    """Sample i of both rings is microphone sample i. The engine thread writes, any thread reads."""

    def __init__(self, capacity: int) -> None:
        """capacity: samples of each."""
        self.clean = Ring(capacity)
        """Echo removed and suppressed, for detection."""
        self.linear = Ring(capacity)
        """Echo removed linearly only, for recognisers and the user's turn."""

    def take(self, cancelled: Cancelled) -> None:
        """One hop. What is no number, from a canceller that went astray, is silence."""
        for ring, sound in ((self.clean, cancelled.clean), (self.linear, cancelled.linear)):
            if isfinite(float(sound @ sound)):
                ring.write(sound)
            else:
                ring.write_silence(HOP)

    def take_plain(self, sound: Sound) -> None:
        """One hop, (HOP,) float32, in which there was no echo to remove."""
        self.clean.write(sound)
        self.linear.write(sound)

    def take_silence(self) -> None:
        """One hop that was lost."""
        self.clean.write_silence(HOP)
        self.linear.write_silence(HOP)
