"""What is true of each hop of a scene: what is heard in it, and what the overlap is of which it is a part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeagent.detect.backchannel import KINDS
from edgeagent.signal.canceller import Canceller
from edgeagent.units import HOP
from tools.train.acts import Heard
from tools.train.scenes import Listened

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

IGNORED = -1
"""Label of a hop that teaches nothing."""

NEAR_CLASS = np.array([0, 1, 1, 2, 3])
"""Heard to the classes of the near-end detector: whoever speaks here is near, whatever they want."""

NEAR_WEIGHT = np.array([1.0, 1.5, 3.0, 2.5], np.float32)
"""Noise and far speech are rare in the scenes and dear in use."""

BORDER, BORDER_WEIGHT = 3, 0.25
"""Hops before the beginning of a sound and around its end, of which the truth is not sure, and what they count."""

BEGUN, BEGUN_WEIGHT = 12, 2.0
"""Hops after the beginning of near speech that count more than the others (0.2 s): what is heard late is ducked for
late."""

KIND = {Heard.FLOOR: "floor", Heard.BACKCHANNEL: "backchannel", Heard.NOISE: "other", Heard.FAR: "other"}
"""Heard to the names of `KINDS`."""

FROM = 5
"""Hops after an onset from which the kind of an overlap is asked: 80 ms."""

AFTER = 30
"""Hops after its end up to which the answer must last (0.5 s), as the policy asks then."""

NOTHING_WEIGHT = 0.1
"""What a hop counts that is part of no overlap: nothing takes no floor, whatever the near-end detector believes."""

EARLY, LATE_WEIGHT = 75, 0.25
"""Hops after an onset beyond which everything is said, and what a hop counts then: long phrases are easy."""

WORDS_FROM = 14
"""Times a word must occur in the scenes to be one that the network is taught to tell from others."""


@dataclass(frozen=True, slots=True)
class Truth:
    """near, kind, word: (hops,) labels, IGNORED where nothing is to be learnt. near_weight, kind_weight: (hops,)."""

    near: Labels
    near_weight: Floats
    kind: Labels
    kind_weight: Floats
    word: Labels


def truth(scene: Listened, vocabulary: dict[str, int]) -> Truth:
    """Of one scene. vocabulary: word to its label."""
    hops = len(scene.heard)
    near = NEAR_CLASS[scene.heard]
    near_weight = NEAR_WEIGHT[near]
    for border in np.flatnonzero(np.diff(scene.heard)):
        begins = scene.heard[border] == Heard.NOTHING
        near_weight[max(0, border - BORDER + 1) : border + (1 if begins else BORDER) + 1] *= BORDER_WEIGHT
        if begins and near[border + 1] == NEAR_CLASS[Heard.FLOOR]:
            near_weight[border + 2 : border + 2 + BEGUN] *= BEGUN_WEIGHT
    kind, word = np.full(hops, KINDS.index("other")), np.full(hops, IGNORED)
    kind_weight = np.full(hops, NOTHING_WEIGHT, np.float32)
    for event in scene.events:
        onset, end = (hop_of(at) for at in (event.start, event.stop))
        kind[onset : onset + FROM] = IGNORED
        asked = slice(min(hops, onset + FROM), min(hops, end + AFTER))
        kind[asked] = KINDS.index(KIND[event.heard])
        kind_weight[asked] = 1.0
        kind_weight[onset + EARLY : end + AFTER] = LATE_WEIGHT
        known = vocabulary.get(word_of(event.source, event.text))
        if known is not None:
            word[min(hops, max(onset + FROM, (onset + end) // 2)) : min(hops, end + 6)] = known
    return Truth(near, near_weight, kind, kind_weight, word)


def hop_of(sample: int) -> int:
    """The hop in which microphone sample `sample` shows at the canceller's output."""
    return (sample + Canceller.delay) // HOP


def word_of(source: str, text: str) -> str:
    """What tells one word from another: Arabic and English ones have the same gloss."""
    return f"{'ar' if source.startswith('arabic') else 'en'} {text}" if text else ""


def vocabulary(scenes: Sequence[Listened]) -> dict[str, int]:
    """Every word that occurs often enough, to its label."""
    said = [word_of(event.source, event.text) for scene in scenes for event in scene.events]
    return {word: label for label, word in enumerate(sorted(w for w in set(said) if w and said.count(w) >= WORDS_FROM))}
