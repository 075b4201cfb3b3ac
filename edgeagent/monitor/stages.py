"""Where the engine's time goes: a clock around the echo canceller and around each model, which themselves know none.

Processor time of the calling thread, so that it can be set against the engine's. One reading takes 0.3 us; there are
some 370 a second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from time import thread_time_ns

import numpy as np
from numpy.typing import NDArray

from edgeagent.ports import EchoCanceller, Model, Sound
from edgeagent.signal.canceller import Cancelled

STAGES = ("canceller", "near_end", "backchannel")


class Stages:
    """What each stage has taken so far. The engine thread counts, any thread reads."""

    def __init__(self) -> None:
        self._spent: Counter[str] = Counter()

    def spent_s(self) -> dict[str, float]:
        """Seconds of processor time by stage."""
        return {stage: self._spent[stage] / 1e9 for stage in STAGES}

    def took(self, stage: str, begun: int) -> None:
        """One call of it is over that began at thread_time_ns() `begun`."""
        self._spent[stage] += thread_time_ns() - begun


class TimedCanceller:
    """See `ports.EchoCanceller`: another one, timed."""

    def __init__(self, canceller: EchoCanceller, stages: Stages) -> None:
        self._canceller = canceller
        self._stages = stages
        self.rest = canceller.rest
        self.miss = canceller.miss
        self.take_discarded = canceller.take_discarded
        self.suppress = canceller.suppress
        self.realign = canceller.realign

    @property
    def drift_ppm(self) -> float:
        """See `ports.EchoCanceller`."""
        return self._canceller.drift_ppm

    def process(self, reference: Sound, microphone: Sound) -> Cancelled:
        """See `ports.EchoCanceller`."""
        begun = thread_time_ns()
        cancelled = self._canceller.process(reference, microphone)
        self._stages.took("canceller", begun)
        return cancelled


class TimedModel:
    """See `ports.Model`: another one, timed."""

    def __init__(self, model: Model, stage: str, stages: Stages) -> None:
        self._model = model
        self._stage = stage
        self._stages = stages

    @property
    def inputs(self) -> Mapping[str, tuple[int, ...]]:
        """See `ports.Model`."""
        return self._model.inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """See `ports.Model`."""
        return self._model.outputs

    def run(self, feeds: Mapping[str, NDArray[np.float32]]) -> Mapping[str, NDArray[np.float32]]:
        """See `ports.Model`."""
        begun = thread_time_ns()
        told = self._model.run(feeds)
        self._stages.took(self._stage, begun)
        return told
