"""The ear: from the canceller's output to a percept, once a hop."""

from __future__ import annotations

from edgeagent.detect.backchannel import Backchannel
from edgeagent.detect.near_end import NearEnd
from edgeagent.ports import Model
from edgeagent.signal.canceller import Cancelled
from edgeagent.signal.features import Features
from edgeagent.turn.policy import Percept


class Ear:
    """Features, near-end detector and backchannel rule in turn. One thread."""

    def __init__(self, near_end: Model, backchannel: Model) -> None:
        self._features = Features()
        self._near_end = NearEnd(near_end)
        self._backchannel = Backchannel(backchannel)

    def hear(self, cancelled: Cancelled, at: int) -> Percept:
        """What is in the step of sound that ended at sample `at`."""
        vector = self._features.push(cancelled)
        near = self._near_end.hear(vector)
        return Percept(at, near, self._backchannel.hear(vector, near))
