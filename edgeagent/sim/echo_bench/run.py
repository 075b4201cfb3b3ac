"""A canceller over a scene: its outputs back in step with the microphone, and what each block cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeagent.ports import Sound
from edgeagent.sim.echo_bench.scenes import EchoScene
from edgeagent.units import HOP


class Output(Protocol):
    """What a canceller gives for a block. Both (HOP,) float32, `Subject.delay` samples behind the microphone."""

    @property
    def clean(self) -> Sound:
        """For detection: all it can do."""

    @property
    def linear(self) -> Sound | None:
        """Without suppression; None where there is no such output."""


class Subject(Protocol):
    """A canceller. May also have `realign(shift)`, for what the card reports, and `drift_ppm`; see
    `ports.EchoCanceller`."""

    @property
    def delay(self) -> int:
        """Samples by which its outputs are behind the microphone."""

    def process(self, reference: Sound, microphone: Sound) -> Output:
        """One block of each, (HOP,) float32."""


Maker = Callable[[], Subject]
"""A fresh canceller for each scene."""


@dataclass(frozen=True, slots=True)
class Run:
    """clean, linear: (n,) float32, in step with the microphone; see `Output`. outputs: as they came, one for each block
    and those for the silence after it that their delay takes. drift_ppm: (blocks,) as the canceller told it, or None.
    times_ms: (blocks,)."""

    clean: Sound
    linear: Sound | None
    outputs: Sequence[Output]
    drift_ppm: NDArray[np.float64] | None
    times_ms: NDArray[np.float64]


def run(subject: Subject, reference: Sound, microphone: Sound, tells: Sequence[tuple[int, int]] = ()) -> Run:
    """`subject` over (n,) of both; tells: (sample, shift), told at the beginning of the block."""
    count = microphone.size // HOP
    silence = np.zeros(-(-subject.delay // HOP) * HOP, np.float32)
    far, heard = (np.concatenate((sound[: count * HOP], silence)).reshape(-1, HOP) for sound in (reference, microphone))
    outputs: list[Output] = []
    ppm, times = np.full(count, np.nan), np.zeros(len(far))
    waiting = list(tells)
    for index in range(len(far)):
        while waiting and waiting[0][0] < (index + 1) * HOP:
            realign = getattr(subject, "realign", None)
            if realign is not None:
                realign(waiting[0][1])
            del waiting[0]
        began = perf_counter_ns()
        outputs.append(subject.process(far[index], heard[index]))
        times[index] = (perf_counter_ns() - began) / 1e6
        if index < count:
            ppm[index] = getattr(subject, "drift_ppm", np.nan)
    clean = np.concatenate([output.clean for output in outputs])
    linear = np.concatenate([output.linear for output in outputs if output.linear is not None] or [clean[:0]])
    own = slice(subject.delay, subject.delay + count * HOP)
    return Run(
        clean=clean[own],
        linear=linear[own] if linear.size else None,
        outputs=outputs,
        drift_ppm=None if np.isnan(ppm).all() else ppm,
        times_ms=times[:count],
    )


def run_scene(maker: Maker, scene: EchoScene) -> Run:
    """A fresh canceller over the scene, told what the card tells."""
    return run(maker(), scene.reference, scene.microphone, scene.tells)
