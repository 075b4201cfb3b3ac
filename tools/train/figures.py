"""How good the two models are on scenes they have not seen, and how good it is to look at length or loudness alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tools.train.acts import Heard
from tools.train.labels import ASKED, Array, Looks
from tools.train.scenes import Listened

NEAR_KINDS = (Heard.FLOOR, Heard.BACKCHANNEL)


def auc(scores: Array, positive: NDArray[np.bool_]) -> float:
    """Probability that a positive scores above a negative (Mann & Whitney 1947), ties counting half."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2
    above, n = float(rank[inverse][positive].sum()), int(positive.sum())
    return (above - n * (n + 1) / 2) / max(1, n * (len(positive) - n))


def near_figures(scenes: Sequence[Listened], near: Sequence[Array]) -> dict[str, float]:
    """Area under the curve of near speech against each other thing, by steps."""
    scores, heard = np.concatenate(near), np.concatenate([scene.heard for scene in scenes])
    speech = np.isin(heard, NEAR_KINDS)
    found = {"all": auc(scores, speech)}
    for kind in (Heard.NOTHING, Heard.NOISE, Heard.FAR):
        chosen = speech | (heard == kind)
        found[kind.name.lower()] = auc(scores[chosen], speech[chosen])
    return found


def floor_figures(scores: Array, looks: Looks) -> dict[str, float]:
    """Area under the curve of taking the floor against each other kind, 0.1 s after the end of what was heard."""
    now = looks.asked == ASKED
    found = {"all": auc(scores[now], looks.floor[now])}
    for kind in (Heard.BACKCHANNEL, Heard.NOISE, Heard.FAR):
        chosen = now & (looks.floor | (looks.heard == kind))
        found[kind.name.lower()] = auc(scores[chosen], looks.floor[chosen])
    short = now & np.isin(looks.heard, NEAR_KINDS) & (looks.seconds < 0.8)
    found["backchannel, all under 0.8 s"] = auc(scores[short], looks.floor[short])
    return found


def either_way(figures: dict[str, float]) -> dict[str, float]:
    """Of a baseline that may call more or less of something a sign, whichever is better."""
    return {name: max(value, 1 - value) for name, value in figures.items()}
