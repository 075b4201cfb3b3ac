"""Scenes as the ear gets them, made up hop by hop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeagent.signal.measure import LEVELS, MEASURED
from edgeagent.units import HOP
from tools.train.acts import Heard
from tools.train.render import Event
from tools.train.scenes import Listened, per_hop

LEVEL_DB = -30.0


def event(heard: Heard, start_hop: int, hops: int, text: str = "", source: str = "made up") -> Event:
    """From the first sample of `start_hop` of the microphone on."""
    return Event(heard, start_hop * HOP, (start_hop + hops) * HOP, text, LEVEL_DB, source)


def scene(events: Sequence[Event], hops: int = 400, seed: int = 0, floor_db: float = -60.0) -> Listened:
    """Faint noise everywhere; the events say what is heard, not what it sounds like."""
    dice = np.random.default_rng(seed)
    heard = np.zeros(hops * HOP, np.int8)
    for each in events:
        heard[each.start : each.stop] = each.heard
    packed = np.zeros((hops, MEASURED), np.float16)
    packed[:, : LEVELS - 2] = floor_db / 10 + 2.4 + dice.normal(0, 0.2, (hops, LEVELS - 2))
    packed[:, LEVELS - 2 : LEVELS] = floor_db / 10
    return Listened(packed, per_hop(heard), tuple(events))
