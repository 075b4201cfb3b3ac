"""The ear: from the canceller's output to a percept, once a hop."""

from __future__ import annotations

import numpy as np

from edgeagent.detect.backchannel import Backchannel, Overlap
from edgeagent.detect.near_end import NearEnd
from edgeagent.detect.rules import Rules
from edgeagent.detect.usual import Usual
from edgeagent.errors import ModelError
from edgeagent.ports import Model
from edgeagent.signal.canceller import Cancelled
from edgeagent.signal.features import Features
from edgeagent.signal.measure import LINEAR_POWER, Measure, Vector
from edgeagent.turn.policy import Percept


class Ear:
    """Features, near-end detector and backchannel model in turn. One thread.

    When a model fails while it runs, rules take the place of both for good."""

    def __init__(self, near_end: Model, backchannel: Model) -> None:
        """Raises ModelError on models of another shape."""
        self.usual = Usual()
        self._failure = ""
        self._measure = Measure()
        self._features = Features()
        self._near_end = NearEnd(near_end)
        self._backchannel = Backchannel(backchannel)
        self._rules: Rules | None = None

    def hear(self, cancelled: Cancelled, at: int) -> Percept:
        """What is in the step of sound that ended at sample `at`."""
        measured = self._measure.of(cancelled)
        usual, known = np.float32(self.usual.power), np.float32(self.usual.known)
        vector = self._features.push(measured, usual, known)
        near, overlap = self._judge(vector)
        return Percept(at, near, overlap.floor, overlap.backchannel, float(measured[LINEAR_POWER]))

    def take_failure(self) -> str:
        """Why a model failed, if one has since this was last asked; else empty."""
        failure, self._failure = self._failure, ""
        return failure

    def _judge(self, vector: Vector) -> tuple[float, Overlap]:
        if self._rules is None:
            try:
                return self._near_end.hear(vector), self._backchannel.hear(vector)
            except ModelError as error:
                self._failure = str(error)
                self._rules = Rules()
        return self._rules.hear(vector)
