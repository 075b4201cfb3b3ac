"""The ear: from the canceller's output to a percept, once a hop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeagent.detect.accord import doubted
from edgeagent.detect.backchannel import Overlap
from edgeagent.detect.networks import Networks
from edgeagent.detect.rules import BACKCHANNEL, FLOOR, Rules
from edgeagent.detect.trial import Trial
from edgeagent.detect.usual import Usual
from edgeagent.errors import ModelError
from edgeagent.ports import Model
from edgeagent.signal.canceller import Cancelled
from edgeagent.signal.features import Features
from edgeagent.signal.measure import LEVELS, LINEAR_POWER, Measure, Vector
from edgeagent.turn.policy import Percept

UNKNOWN = 0.49
"""P(near-end speech) of a hop of which nothing is known: it speaks neither for nor against a person, is no voice, and
no silence that would end a word. The policy's leak lets a doubt go all the same, should it stay so."""

BLIND = 64
"""Hops (1 s) of which nothing is known, in a row, after which the ear is no longer well."""

MOST = np.float32(1e9)
"""Of what is measured: far above any sound's power (full scale is 1e5), far below where squares overflow."""


@dataclass(slots=True)
class Upsets:
    """What went wrong since it was last asked. blind: hops that no detector was shown. failed: hops in which a model
    failed, the last time for `reason`."""

    blind: int = 0
    failed: int = 0
    reason: str = ""


class Ear:
    """Features and both networks in turn. One thread.

    When a model fails while it runs, rules take the place of both, and both begin anew (`Trial` says when). What is no
    number is shown to neither: one such hop would stay in the noise floor and in the networks' states for good."""

    restless = False
    """Whether it must be shown every hop, also those that are like the last ones."""

    def __init__(self, near_end: Model, backchannel: Model) -> None:
        """Raises ModelError on models of another shape."""
        self.usual = Usual()
        self.every = 1
        """See `Networks.hear`."""
        self._upsets = Upsets()
        self._blind = 0
        self._measure = Measure()
        self._features = Features()
        self._networks = Networks(near_end, backchannel)
        self._overlap = Overlap(FLOOR, BACKCHANNEL)
        self._rules: Rules | None = None
        self._trial = Trial()

    @property
    def well(self) -> bool:
        """Whether the models hear, and not the rules or nobody."""
        return self._rules is None and self._blind < BLIND

    def hear(self, cancelled: Cancelled, at: int) -> Percept:
        """What is in the step of sound that ended at sample `at`."""
        with np.errstate(invalid="ignore", over="ignore"):  # what they are about is looked at here
            measured = self._measure.of(cancelled)
            sane = measured[:LEVELS].min() >= 0 and np.abs(measured).max() < MOST
        if not sane:
            self._upsets.blind += 1
            self._blind += 1
            return self.unknown(at)
        self._blind = 0
        usual, known = np.float32(self.usual.power), np.float32(self.usual.known)
        vector = self._features.push(measured, usual, known)
        near, self._overlap = self._judge(vector, at)
        near = doubted(near) if cancelled.confidence.moved else near
        return Percept(at, near, *self._overlap, float(measured[LINEAR_POWER]))

    def unknown(self, at: int) -> Percept:
        """Of a step that nobody heard. What the overlap was, it still is."""
        return Percept(at, UNKNOWN, *self._overlap)

    def rest(self, hops: int) -> None:
        """So many hops that are like the last ones are not shown."""
        self._features.rest(hops)

    def take_failure(self) -> str:
        """Why the rules hear from now on for good, if they do so since this was last asked; else empty."""
        return self._trial.take_failure()

    def take_upsets(self) -> Upsets | None:
        """What went wrong since this was last asked; None for nothing."""
        upsets, self._upsets = self._upsets, Upsets()
        return upsets if upsets != Upsets() else None

    def _judge(self, vector: Vector, at: int) -> tuple[float, Overlap]:
        if self._trial.asks(at):
            try:
                heard = self._networks.hear(vector, self.every)
            except ModelError as error:
                self._fail(error, at)
            else:
                self._rules = None
                return heard
        self._rules = self._rules or Rules()
        return self._rules.hear(vector)

    def _fail(self, error: ModelError, at: int) -> None:
        self._upsets.failed += 1
        self._upsets.reason = str(error)
        self._networks.restart()
        self._trial.fail(at, str(error))
