"""The canceller over two whole recordings, of a microphone and of what a loudspeaker played, whatever their delay.

The canceller itself expects a reference that is 0 to 300 ms ahead, as in a device. So the reference is handed to it
shifted by what `sim.offset` finds, and shifted anew, which the canceller is told, before the clocks have drifted out of
that range. Left out: the look ahead that recordings would allow; what comes out is what a device would have heard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeagent.ports import Sound
from edgeagent.signal.canceller import Canceller, Confidence
from edgeagent.sim.offset import STRETCH, Offset, offsets, swapped
from edgeagent.units import HOP, samples

LEAST, MOST = samples(25), samples(250)
"""Delay that is left to the canceller: its range of 10 to 300 ms, less what 20 s can drift, and 10 ms of doubt."""

SEAT = samples(64)
"""Delay that it is given otherwise."""

SAME = samples(40)
"""By so much at most differ two measurements of one delay: their accuracy, and the reflections of one echo."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What became of a recording. clean, linear: (n,) float32, as long as the microphone and in step with it. audible:
    (n // HOP,), whether the reference may be heard in a hop. delay: samples by which the microphone is behind the
    reference, at the end; None if nobody found an echo. swapped: the two have probably changed places. confidence: the
    canceller's last word."""

    clean: Sound
    linear: Sound
    audible: NDArray[np.bool_]
    delay: int | None
    swapped: bool
    confidence: Confidence


def cancel(microphone: Sound, reference: Sound, progress: Callable[[int], None] = lambda _: None) -> Cancelled:
    """Both (n,) float32 at 16 kHz, n > 0, of any two lengths. `progress` is told how many samples are done."""
    found = list(offsets(microphone, reference))
    known = [offset for offset in found if offset is not None]
    shift = _seat(known[0].lag, 0) if known else 0
    canceller = Canceller()
    hops = -(-len(microphone) // HOP) + 1
    clean, linear = np.zeros((2, hops, HOP), np.float32)
    audible = np.zeros(hops, np.bool_)
    delay = -1
    for hop, at in enumerate(range(0, hops * HOP, HOP)):
        offset = found[at // STRETCH] if at < len(microphone) and at % STRETCH == 0 else None
        if offset is not None and delay >= 0 and abs(shift + delay - offset.lag) <= SAME:
            seat = _seat(shift + delay, shift)
            canceller.realign(shift - seat)
            shift = seat
        elif offset is not None:
            shift = _seat(offset.lag, shift)
        out = canceller.process(_hop(reference, at - shift), _hop(microphone, at))
        clean[hop], linear[hop], audible[hop] = out.clean, out.linear, out.confidence.far_active
        delay = out.confidence.delay
        progress(at)
    own = slice(Canceller.delay, Canceller.delay + len(microphone))
    return Cancelled(
        clean.ravel()[own],
        linear.ravel()[own],
        audible[: len(microphone) // HOP],
        _delay(shift, delay, known),
        swapped(known),
        out.confidence,
    )


def _seat(lag: int, shift: int) -> int:
    """By how much to shift the reference for a delay of `lag`; as before, as long as that will do."""
    return shift if LEAST <= lag - shift <= MOST else lag - SEAT


def _hop(sound: Sound, start: int) -> Sound:
    """(HOP,) from sample `start` on, which may lie anywhere; silence outside."""
    hop = np.zeros(HOP, np.float32)
    inside = sound[max(start, 0) : max(start + HOP, 0)]
    first = max(-start, 0)
    hop[first : first + len(inside)] = inside
    return hop


def _delay(shift: int, seen: int, known: list[Offset]) -> int | None:
    """What the canceller has `seen`, else what was found before."""
    if seen >= 0:
        return shift + seen
    return known[-1].lag if known else None
