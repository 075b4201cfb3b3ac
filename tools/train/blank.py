"""Part of what the ear sees, taken away: to find out what it is worth.

The same in training, where it is taken from what was measured, and in the device, where it is taken from the
canceller's output. A network that was trained with it and loses it is worse than one that never had it: only a network
that learnt without shows what it is worth.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

import numpy as np

from edgeagent.signal.canceller import Cancelled
from edgeagent.signal.measure import BANDS, LEVELS
from tools.train.scenes import LEAST, Listened


class Blank(StrEnum):
    """reference: the echo estimate, and whether we speak. confidence: what the canceller believes of itself."""

    REFERENCE = "reference"
    CONFIDENCE = "confidence"


COHERENCE, MISADJUSTMENT, LINEAR_ERLE_DB = 0.2, 0.35, 15.0
"""Of a canceller that says the same whatever happens: about the means over the scenes to learn from."""

ECHO = slice(2 * BANDS, 3 * BANDS)


def blanked(scene: Listened, what: Blank) -> Listened:
    """The scene without it. A copy."""
    packed = scene.packed.copy()
    if what is Blank.REFERENCE:
        packed[:, ECHO] = np.log10(LEAST)
        packed[:, LEVELS + 3] = 0.0
    else:
        packed[:, LEVELS : LEVELS + 3] = COHERENCE, MISADJUSTMENT, LINEAR_ERLE_DB / 20
    return replace(scene, packed=packed)


def withheld(cancelled: Cancelled, what: Blank) -> Cancelled:
    """The canceller's output without it."""
    sure = cancelled.confidence
    if what is Blank.REFERENCE:
        silent = np.zeros_like(cancelled.echo_power)
        return replace(cancelled, echo_power=silent, confidence=replace(sure, far_active=False))
    same = replace(sure, coherence=COHERENCE, misadjustment=MISADJUSTMENT, linear_erle_db=LINEAR_ERLE_DB, moved=False)
    return replace(cancelled, confidence=same)
