"""Sequences to learn from: many scenes at once through the device's own features, each time in another noise, with
other throats, at another pace, and with another idea of how the person usually speaks.

Throats are changed by warping the mel bands (Jaitly & Hinton 2013, "Vocal tract length perturbation (VTLP) improves
speech recognition"), the pace by taking the hops at another rate (Ko et al. 2015, "Audio augmentation for speech
recognition"). Few people speak each word in any corpus; so nobody is heard twice alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeagent.detect.usual import UNKNOWN
from edgeagent.signal.features import SIZE, Features
from edgeagent.signal.measure import BANDS, HIGHEST_HZ, LEVELS, LOWEST_HZ, WINDOWED, to_hertz, to_mel
from edgeagent.units import HOP
from tools.train.acts import Heard
from tools.train.scenes import Listened
from tools.train.truth import Floats, Labels, Truth

Dice = np.random.Generator
Hops = NDArray[np.intp]

NOISY = 0.5
"""Share of scenes that are put into more noise than they were rendered in."""

NOISE_DB = (-32.0, -10.0)
"""Level of that noise, over the person's."""

STRANGER = 0.4
"""Share of scenes in which nothing is known of how loud the person usually is."""

LEVEL_ERROR_DB = (1.5, 4.0)
"""By how much the level of which we are sure, and of which we are not, is wrong."""

TEMPTING = 4.0
"""By how much more a hop counts in which there is nothing but what the canceller left, clearly above the noise: our own
voice in the moments after the echo has moved is rare in the scenes, and dear in use."""

WARP = 0.14
"""By how much the throats of a scene are longer or shorter at most."""

PACE = (0.87, 1.15)
"""Of a scene."""

MASKED = 6
"""Widest run of bands that is hidden for a while."""


@dataclass(frozen=True, slots=True)
class Batch:
    """features: (n, hops, SIZE). Labels and weights: (n, hops)."""

    features: Floats
    near: Labels
    near_weight: Floats
    kind: Labels
    kind_weight: Floats
    word: Labels


def batches(
    scenes: Sequence[Listened], truths: Sequence[Truth], size: int, hops: int, dice: Dice | None
) -> Iterator[Batch]:
    """All scenes, `size` at a time, cut into pieces of `hops`; in random order, altered, by `dice`, else as they are
    and the pieces of a scene in a row."""
    order = np.arange(len(scenes)) if dice is None else dice.permutation(len(scenes))
    for first in range(0, len(order), size):
        chosen = order[first : first + size]
        hops_of = [_paced(len(scenes[i].heard), dice) for i in chosen]
        features = vectors([scenes[i] for i in chosen], dice, hops_of)
        start = 0 if dice is None else int(dice.integers(0, hops // 2))
        ends = range(start + hops, features.shape[1] + 1, hops)
        pieces = [(row, slice(end - hops, end)) for row in range(len(chosen)) for end in ends]
        if dice is not None:
            pieces = [pieces[i] for i in dice.permutation(len(pieces))]
        for at in range(0, len(pieces), size):
            cut = pieces[at : at + size]
            mine = [(truths[chosen[row]], hops_of[row][span]) for row, span in cut]
            piece = np.stack([features[row, span] for row, span in cut])
            near, kind = (np.stack([getattr(t, name)[span] for t, span in mine]) for name in ("near", "kind"))
            tempting = np.where(near == 0, 1 + TEMPTING * temptation(piece), np.float32(1))
            if dice is not None:
                _hide(piece, dice)
            yield Batch(
                piece,
                near,
                np.stack([t.near_weight[span] for t, span in mine]) * tempting,
                kind,
                np.stack([t.kind_weight[span] for t, span in mine]) * tempting,
                np.stack([t.word[span] for t, span in mine]),
            )


def temptation(features: Floats) -> Floats:
    """(..., SIZE) to (...), 0 to 1: how much of what the canceller left looks like somebody."""
    tempting: Floats = np.clip(features[..., BANDS : 2 * BANDS].mean(axis=-1) - np.float32(0.3), 0, 1)
    return tempting


def _paced(hops: int, dice: Dice | None) -> Hops:
    """Which hop of a scene comes when, at a pace of its own; a scene that is over too soon begins again."""
    pace = 1.0 if dice is None else dice.uniform(*PACE)
    return (np.arange(hops) * pace).astype(np.intp) % hops


def vectors(scenes: Sequence[Listened], dice: Dice | None, hops_of: Sequence[Hops] | None = None) -> Floats:
    """(n, hops, SIZE) of scenes of one length; without `dice` as they are, the person unknown. hops_of: each scene's
    hops in the order in which they are wanted."""
    measured = np.stack([scene.measured for scene in scenes])
    if hops_of is not None:
        measured = np.stack([one[hops] for one, hops in zip(measured, hops_of, strict=True)])
    usual = np.full(len(scenes), UNKNOWN, np.float32)
    known = np.zeros(len(scenes), np.float32)
    if dice is not None:
        for row, scene in enumerate(scenes):
            usual[row], known[row] = acquaintance(scene, dice)
            _warp(measured[row], dice)
            if dice.random() < NOISY:
                _add_noise(measured[row], (speech_power(scene) or UNKNOWN) * 10 ** (dice.uniform(*NOISE_DB) / 10), dice)
    features = Features(len(scenes))
    made = np.empty((*measured.shape[:2], SIZE), np.float32)
    for hop in range(measured.shape[1]):
        made[:, hop] = features.push(measured[:, hop], usual, known)
    return made


def acquaintance(scene: Listened, dice: Dice) -> tuple[float, float]:
    """What the device may know of how loud the person of this scene is: a mean square, and how sure that is."""
    power = speech_power(scene)
    if dice.random() < STRANGER or not power:
        return UNKNOWN, 0.0
    known = float(dice.choice((0.5, 0.75, 0.875, 1.0)))
    error = LEVEL_ERROR_DB[1] + known * (LEVEL_ERROR_DB[0] - LEVEL_ERROR_DB[1])
    return power * 10 ** (dice.normal(0.0, error) / 10), known


def speech_power(scene: Listened) -> float:
    """Mean square of the person's voice when they speak to the device; 0 if they never do."""
    levels = [event.level_db for event in scene.events if event.heard is Heard.FLOOR]
    return 10 ** (float(np.mean(levels)) / 10) if levels else 0.0


def _warp(measured: Floats, dice: Dice) -> None:
    """Everything in what was measured of one scene as by throats that much shorter or longer."""
    factor = 1.0 + dice.uniform(-WARP, WARP)
    low, high = to_mel(np.array((LOWEST_HZ, HIGHEST_HZ)))
    centres = low + (high - low) * np.arange(1, BANDS + 1) / (BANDS + 1)
    place = (to_mel(to_hertz(centres) * factor) - low) / (high - low) * (BANDS + 1) - 1
    place = np.clip(place, 0, BANDS - 1)
    under = np.minimum(place.astype(np.intp), BANDS - 2)
    share = (place - under).astype(np.float32)
    bands = measured[:, : 3 * BANDS].reshape(-1, 3, BANDS)
    measured[:, : 3 * BANDS] = (bands[..., under] * (1 - share) + bands[..., under + 1] * share).reshape(-1, 3 * BANDS)


def _add_noise(measured: Floats, power: float, dice: Dice) -> None:
    """Noise of mean square `power`, of any colour and steadiness, into what was measured of one scene. The suppressor
    takes as much of it as it took of everything else in that band."""
    hops = len(measured)
    colour = np.exp(np.cumsum(dice.normal(0.0, 0.35, BANDS)) - dice.uniform(0.0, 0.15) * np.arange(BANDS))
    swell = np.ones(hops)
    if dice.random() < 0.5:
        points = dice.normal(0.0, dice.uniform(0.2, 1.2), hops // int(dice.integers(6, 120)) + 2)
        swell = np.exp(np.interp(np.linspace(0, len(points) - 1, hops), np.arange(len(points)), points))
    noise = swell[:, None] * colour * dice.gamma(4.0, 0.25, (hops, BANDS))
    noise *= power / (WINDOWED * (HOP + 1)) / noise.mean()
    bands = measured[:, : 3 * BANDS].reshape(hops, 3, BANDS)
    passed = np.minimum(1.0, (bands[:, 0] + 1e-9) / (bands[:, 1] + 1e-9))
    added: NDArray[np.float64] = np.stack((noise * passed, noise), axis=1)
    bands[:, :2] += added
    measured[:, 3 * BANDS : LEVELS] += added.mean(axis=-1) * (WINDOWED * (HOP + 1))


def _hide(features: Floats, dice: Dice) -> None:
    """In each piece, some bands for a while."""
    for piece in features:
        for _ in range(int(dice.integers(0, 3))):
            low, width = int(dice.integers(0, BANDS)), int(dice.integers(1, MASKED))
            start, length = int(dice.integers(0, len(piece))), int(dice.integers(10, 120))
            bands = piece[start : start + length, : 3 * BANDS].reshape(-1, 3, BANDS)
            bands[..., low : low + width] = 0.0
            piece[start : start + length, : 3 * BANDS] = bands.reshape(-1, 3 * BANDS)
