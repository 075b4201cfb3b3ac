"""What a report is made from: plain arrays and journal entries of one run, whoever ran it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgeagent.ports import Sound
from edgeagent.turn.events import Word

FLOOR_TAKING = ("interruption", "command")
"""Kinds of truth at which the device should stop; at every other it should go on."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Something that really happened at the microphone, samples [start, end)."""

    kind: str
    """interruption, command, backchannel, noise, far_speech, or any other word."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """A curve of one value per engine step: value i belongs to the HOP samples from i * HOP on. NaN leaves a gap."""

    name: str
    values: NDArray[np.float32]
    top: float = 1.0
    """Upper end of the axis; the lower is 0."""

    marks: Mapping[str, float] = field(default_factory=dict)
    """Levels to draw across, by name: bounds, thresholds."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. Sounds are float32 at 16 kHz with a common sample 0; lengths may differ a little.

    journal: entries with `at` (samples) and `event`, in order; unknown events are shown as they are.
    words: word times by utterance, where known. facts: what to print at the foot (settings, versions, cost)."""

    title: str
    subtitle: str
    speaker: Sound
    microphone: Sound
    journal: Sequence[Mapping[str, object]]
    clean: Sound | None = None
    traces: tuple[Trace, ...] = ()
    truth: tuple[Truth, ...] = ()
    words: Mapping[int, Sequence[Word]] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Samples on the time axis; at least one."""
        return max(len(self.speaker), len(self.microphone), 1)
