"""The ear as a whole, with made-up models: what it hands on, and how it goes on without a model that failed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgeagent.detect.backchannel import KINDS
from edgeagent.detect.ear import Ear
from edgeagent.detect.near_end import CLASSES, NEAR
from edgeagent.errors import ModelError
from edgeagent.signal.bypass import Bypass
from edgeagent.sim import noises
from edgeagent.turn.policy import Percept
from edgeagent.units import HOP, RATE
from tests.detect.made_up import Breaking, Counting

SCORES = [0.0] * len(CLASSES)
KIND_SCORES = [0.0] * len(KINDS)
GOOD = 20


def hear(ear: Ear, sound: np.ndarray) -> list[Percept]:
    """A percept for each hop of `sound` (n,)."""
    bypass = Bypass()
    hops = sound[: sound.size // HOP * HOP].reshape(-1, HOP).astype(np.float32)
    return [ear.hear(bypass.process(hop, hop), (number + 1) * HOP) for number, hop in enumerate(hops)]


def talk() -> np.ndarray:
    """Two seconds of faint noise, then two of a voice."""
    dice = np.random.default_rng(1)
    sound = 1e-4 * dice.normal(size=4 * RATE)
    sound[2 * RATE :] += 0.1 * noises.murmur(dice, 2 * RATE, voices=1)
    return sound


def failing(model: str) -> Ear:
    """An ear one of whose models gives no number from hop GOOD on."""
    near = [10.0 if index == NEAR else 0.0 for index in range(len(CLASSES))]
    return Ear(
        Breaking(near, GOOD) if model == "near-end" else Counting(near),
        Breaking([1.0] * len(KINDS), GOOD) if model == "backchannel" else Counting(KIND_SCORES),
    )


def test_a_percept_says_when_how_near_what_and_how_loud() -> None:
    loud = [9.0 if kind == "backchannel" else 0.0 for kind in KINDS]
    percepts = hear(Ear(Counting(SCORES), Counting(loud)), talk())
    assert [p.at for p in percepts] == [HOP * (n + 1) for n in range(len(percepts))]
    last = percepts[-1]
    assert last.near == pytest.approx(1 / len(CLASSES))
    assert last.backchannel > 0.9 > 0.1 > last.floor
    voice = np.mean([p.power for p in percepts[2 * RATE // HOP :]])
    assert voice == pytest.approx(np.mean(talk()[2 * RATE :] ** 2), rel=0.1)


def test_both_models_are_told_what_is_usual() -> None:
    models = Counting(SCORES), Counting(KIND_SCORES)
    ear = Ear(*models)
    sound = talk()
    hear(ear, sound)
    before = [model.seen[-1].copy() for model in models]
    ear.usual.heard(1e-4)
    hear(ear, sound)
    for model, old in zip(models, before, strict=True):
        assert old[0, -1] == 0.0
        assert model.seen[-1][0, -1] == pytest.approx(ear.usual.known)


@pytest.mark.parametrize("model", ["near-end", "backchannel"])
def test_rules_take_the_place_of_a_model_that_fails_for_good(model: str) -> None:
    ear = failing(model)
    percepts = hear(ear, talk())
    assert f"{model} model" in ear.take_failure()
    assert [p.near > 0.9 for p in percepts[:GOOD]] == [True] * GOOD
    quiet, voice = (np.array([p.near for p in percepts[a:b]]) for a, b in ((60, 2 * RATE // HOP), (-RATE // HOP, None)))
    assert quiet.max() < 0.5
    assert np.mean(voice > 0.5) > 0.5


@pytest.mark.parametrize("model", ["near-end", "backchannel"])
def test_percepts_stay_in_bounds_whatever_fails(model: str) -> None:
    for p in hear(failing(model), np.concatenate((talk(), np.zeros(RATE), np.ones(RATE)))):
        assert all(0.0 < each < 1.0 for each in (p.near, p.floor, p.backchannel))
        assert p.floor + p.backchannel < 1.01


def test_without_a_failure_there_is_none_to_tell() -> None:
    ear = Ear(Counting(SCORES), Counting(KIND_SCORES))
    hear(ear, talk())
    assert ear.take_failure() == ""


@pytest.mark.parametrize(
    "make", [lambda: Ear(Counting([0.0]), Counting(KIND_SCORES)), lambda: Ear(Counting(SCORES), Counting([0.0]))]
)
def test_a_model_of_another_shape_stops_the_start(make: Callable[[], Ear]) -> None:
    with pytest.raises(ModelError):
        make()
