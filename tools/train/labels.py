"""From scenes to what is learnt: the kind of each step for the near-end detector, and looks back at each event for the
backchannel rule, taken at the moments at which the policy asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeagent.detect.backchannel import SPAN, pooled
from edgeagent.detect.near_end import CONTEXT, Context
from edgeagent.signal.features import BANDS
from edgeagent.units import HOP, RATE
from tools.train.acts import Heard
from tools.train.scenes import Listened

Array = NDArray[np.float32]
Labels = NDArray[np.int64]

CLASS_OF = np.array([0, 1, 1, 2, 3])
"""Heard to the classes of the near-end detector: whoever speaks here is near, whatever they want."""

CLASS_WEIGHT = np.array([1.0, 2.0, 3.0, 2.0], np.float32)
"""Noise and far speech are rare in the scenes and dear in use."""

BORDER, BORDER_WEIGHT = 3, 0.2
"""Steps around the beginning or end of a sound, of which the truth is not sure, and what they count."""

DURING = (8, 12, 16, 20, 26, 32, 38, 44, 52)
AFTER = (3, 6, 9, 12, 18, 25, 32)
"""Hops after an event's onset, and after its end, at which the backchannel rule is asked."""

ASKED = 6
"""Hops after the end (0.1 s) at which a word that stood alone is judged: figures are given for this moment."""

JITTER_DECADES = 0.25
"""Spread of the level by which an augmented look is weaker or stronger: 5 dB."""


@dataclass(frozen=True, slots=True)
class Looks:
    """n looks. inputs: (n, POOLED). heard: of Heard. asked: hops since the end of the event, 0 before it. word: class
    of the auxiliary task. event: its number. seconds, level: all that the baselines judge by, the event's true length
    so far and the log10 of its mean power."""

    inputs: Array
    floor: NDArray[np.bool_]
    heard: Labels
    asked: Labels
    event: Labels
    seconds: Array
    level: Array


def contexts(scene: Listened) -> Array:
    """(hops, CONTEXT): the inputs of the near-end detector, by its own hand."""
    context = Context()
    inputs = np.empty((len(scene.vectors), CONTEXT), np.float32)
    for hop, vector in enumerate(scene.vectors):
        inputs[hop] = context.push(vector)
    return inputs


def classes(scene: Listened) -> Labels:
    """(hops,) class of each step."""
    return CLASS_OF[scene.heard]


def weights(scene: Listened) -> Array:
    """(hops,) what each step counts."""
    counts = CLASS_WEIGHT[classes(scene)]
    for border in np.flatnonzero(np.diff(scene.heard)):
        counts[max(0, border - BORDER + 1) : border + BORDER + 1] *= BORDER_WEIGHT
    return counts


def looks(scenes: Sequence[Listened], near: Sequence[Array], copies: int = 0, seed: int = 0) -> Looks:
    """The looks back at every event, given P(near-end speech) of each step; and `copies` of them, altered as another
    level, another voice and another hearing would have it."""
    dice = np.random.default_rng(seed)
    inputs, rows = [], []
    number = 0
    for scene, share in zip(scenes, near, strict=True):
        for event in scene.events:
            first, last = event.start // HOP + 1, event.stop // HOP + 1
            during = [(first + hops, 0) for hops in DURING if first + hops < last]
            moments = [m for m in during + [(last + hops, hops) for hops in AFTER] if SPAN <= m[0] < len(share)]
            if not moments:
                continue
            windows = np.stack([scene.vectors[at - SPAN + 1 : at + 1] for at, _ in moments])
            shares = np.stack([share[at - SPAN + 1 : at + 1] for at, _ in moments])
            level = float(np.log10(scene.power[first : max(first + 1, last)].mean() + 1e-10))
            seen = [(event.heard, hops, number, (min(at, last) - first) * HOP / RATE, level) for at, hops in moments]
            inputs += [pooled(windows, shares), *(pooled(*_altered(windows, shares, dice)) for _ in range(copies))]
            rows += seen * (1 + copies)
            number += 1
    heard, asked, events = (np.array([row[i] for row in rows], np.int64) for i in range(3))
    seconds, level_of = (np.array([row[i] for row in rows], np.float32) for i in (3, 4))
    return Looks(np.concatenate(inputs), heard == Heard.FLOOR, heard, asked, events, seconds, level_of)


def _altered(windows: Array, shares: Array, dice: np.random.Generator) -> tuple[Array, Array]:
    """Another level above the noise, a vocal tract a little longer or shorter, another sureness of the near end."""
    altered = windows.copy()
    levels = altered[..., : 3 * BANDS].reshape(*altered.shape[:-1], 3, BANDS)
    shift = int(dice.integers(-1, 2))
    levels[...] = np.clip(np.roll(levels, shift, axis=-1) + dice.normal(0.0, JITTER_DECADES), 0.0, 4.0)
    return altered, np.asarray(shares ** np.float32(dice.uniform(0.5, 2.0)), np.float32)
