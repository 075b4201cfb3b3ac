"""How loud a piece of sound is, and whether it is sound at all."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10

import numpy as np

from edgeagent.signal import Sound

FULL_SCALE = 0.985
"""Magnitude from which a sample counts as clipped; some converters stop a little below 1."""

OFFSET = 3e-3
"""Mean (-50 dBFS) above which a converter's constant offset is taken off; some cheap ones have 1 %. Sound with less is
left as it is, to the bit."""

SILENT_DB = -120.0
"""What exact silence is given as: far below the last bit of 16."""


@dataclass(frozen=True, slots=True)
class Level:
    """rms_dbfs: without the constant offset of a converter. peak_dbfs: with it. clipped: share of samples at full
    scale. still: all samples are one and the same value: no live microphone gives that. zero: and that value is 0."""

    rms_dbfs: float
    peak_dbfs: float
    clipped: float
    still: bool
    zero: bool


def level(sound: Sound) -> Level:
    """Of (n,) float32, n > 0, in [-1, 1]."""
    exact = sound.astype(np.float64)
    magnitude = np.abs(exact)
    peak = float(magnitude.max())
    still = bool(exact.min() == exact.max())
    return Level(
        rms_dbfs=decibels(float(exact.var())),
        peak_dbfs=decibels(peak * peak),
        clipped=float(np.mean(magnitude >= FULL_SCALE)),
        still=still,
        zero=still and peak == 0.0,
    )


def decibels(power: float) -> float:
    """10 log10 of a power, SILENT_DB at the least."""
    return max(SILENT_DB, 10 * log10(power)) if power > 0 else SILENT_DB
