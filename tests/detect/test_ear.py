"""The ear as a whole, with made-up models: what it hands on, how it goes on without a model that failed, and when it
tries that one again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgeagent.detect.accord import MOVED
from edgeagent.detect.backchannel import KINDS
from edgeagent.detect.ear import Ear
from edgeagent.detect.near_end import CLASSES, NEAR
from edgeagent.detect.trial import RESTS, Trial
from edgeagent.errors import ModelError
from edgeagent.signal.bypass import Bypass
from edgeagent.signal.canceller import Cancelled
from edgeagent.sim import noises
from edgeagent.turn.policy import FAINT, VOICED, Percept, log_odds
from edgeagent.units import HOP, RATE
from tests.detect.made_up import KIND_SCORES, SCORES, Breaking, Counting

GOOD = 20
PER_S = RATE // HOP
"""Hops a second, near enough."""


def hear(ear: Ear, sound: np.ndarray, canceller: Bypass | None = None, after: int = 0) -> list[Percept]:
    """A percept for each hop of `sound` (n,); after: hops that came before."""
    canceller = canceller or Bypass()
    hops = sound[: sound.size // HOP * HOP].reshape(-1, HOP).astype(np.float32)
    return [ear.hear(canceller.process(hop, hop), (after + n + 1) * HOP) for n, hop in enumerate(hops)]


def talk() -> np.ndarray:
    """Two seconds of faint noise, then two of a voice."""
    dice = np.random.default_rng(1)
    sound = 1e-4 * dice.normal(size=4 * RATE)
    sound[2 * RATE :] += 0.1 * noises.murmur(dice, 2 * RATE, voices=1)
    return sound


def failing(model: str, bad_hops: int = 10**9, where: str = "logits") -> Ear:
    """An ear one of whose models gives no number for so many hops from hop GOOD on."""
    near = [10.0 if index == NEAR else 0.0 for index in range(len(CLASSES))]
    return Ear(
        Breaking(near, GOOD, bad_hops=bad_hops, where=where) if model == "near-end" else Counting(near),
        Breaking(KIND_SCORES, GOOD, bad_hops=bad_hops, where=where)
        if model == "backchannel"
        else Counting(KIND_SCORES),
    )


def ear_models(ear: Ear) -> dict[str, Counting]:
    """The made-up models of an ear."""
    both = {"near-end": ear._networks.near_end, "backchannel": ear._networks.backchannel}
    return {name: model._network._model for name, model in both.items()}  # type: ignore[attr-defined]


def test_a_percept_says_when_how_near_what_and_how_loud() -> None:
    loud = [9.0 if kind == "backchannel" else 0.0 for kind in KINDS]
    percepts = hear(Ear(Counting(SCORES), Counting(loud)), talk())
    assert [p.at for p in percepts] == [HOP * (n + 1) for n in range(len(percepts))]
    last = percepts[-1]
    assert 1 / len(CLASSES) < last.near < 0.75  # three quarters sound, and somebody listens aloud
    assert last.backchannel > 0.9 > 0.1 > last.floor
    voice = np.mean([p.power for p in percepts[2 * RATE // HOP :]])
    assert voice == pytest.approx(np.mean(talk()[2 * RATE :] ** 2), rel=0.1)


def test_where_the_echo_path_has_just_moved_a_person_is_believed_by_a_quarter() -> None:
    near = [3.0 if index == NEAR else 0.0 for index in range(len(CLASSES))]
    hop = Bypass().process(np.zeros(HOP, np.float32), talk()[-HOP:].astype(np.float32))
    moved = replace(hop, confidence=replace(hop.confidence, moved=True))
    sure, unsure = (Ear(Counting(near), Counting(KIND_SCORES)).hear(each, HOP).near for each in (hop, moved))
    assert VOICED < unsure < sure
    assert log_odds(unsure) == pytest.approx(MOVED * log_odds(sure))


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


def voiced(percepts: list[Percept]) -> np.ndarray:
    """Which of them are voice."""
    return np.array([percept.near for percept in percepts]) > 0.5


@pytest.mark.parametrize("model", ["near-end", "backchannel"])
def test_rules_hear_while_a_model_fails(model: str) -> None:
    ear = failing(model)
    percepts = hear(ear, talk())
    assert [p.near > 0.9 for p in percepts[:GOOD]] == [True] * GOOD
    assert not ear.well
    assert not voiced(percepts[60 : 2 * RATE // HOP]).any()
    assert voiced(percepts[-RATE // HOP :]).mean() > 0.5


@pytest.mark.parametrize("model", ["near-end", "backchannel"])
def test_a_model_that_goes_on_failing_is_asked_a_few_times_and_then_never_again(model: str) -> None:
    ear = failing(model)
    broken = ear_models(ear)[model]
    hear(ear, talk())
    upsets = ear.take_upsets()
    assert upsets is not None
    assert f"{model} model" in upsets.reason
    assert ear.take_failure() == ""
    hear(ear, np.tile(talk(), 3), after=4 * PER_S)
    assert f"{model} model" in ear.take_failure()
    assert ear.take_failure() == ""
    asked = len(broken.states)
    hear(ear, talk(), after=16 * PER_S)
    assert len(broken.states) == asked
    assert not ear.well
    tries = [state[0, 0] for state in broken.states[GOOD + 2 :]]
    assert tries == [0.0] * 3, "each try is from an empty state"


@pytest.mark.parametrize("model", ["near-end", "backchannel"])
def test_one_upset_costs_one_hop(model: str) -> None:
    """What the model then says comes from an empty state, and the rules are gone again."""
    ear = failing(model, bad_hops=1)
    percepts = hear(ear, talk())
    assert ear.well
    assert (voiced(percepts)[:GOOD]).all()
    assert (voiced(percepts)[GOOD + 1 :]).all()
    assert [state[0, 0] for state in ear_models(ear)[model].states[GOOD + 1 : GOOD + 4]] == [float(GOOD), 0.0, 1.0]
    upsets = ear.take_upsets()
    assert upsets is not None
    assert (upsets.failed, upsets.blind) == (1, 0)
    assert ear.take_upsets() is None


@pytest.mark.parametrize("model", ["near-end", "backchannel"])
def test_a_state_that_is_no_number_is_not_kept(model: str) -> None:
    """The scores alone would have passed."""
    ear = failing(model, bad_hops=1, where="state_out")
    hear(ear, talk())
    assert ear.well
    assert all(np.isfinite(state).all() for state in ear_models(ear)[model].states)
    assert ear.take_upsets() is not None


def test_an_upset_now_and_then_is_borne_with_for_ever() -> None:
    trial = Trial()
    for minute in range(1, 100):
        trial.fail(minute * 61 * RATE, "so")
        assert trial.asks(minute * 61 * RATE + HOP)
    assert trial.take_failure() == ""


def test_more_than_that_is_not() -> None:
    trial, at = Trial(), 0
    for _ in range(len(RESTS)):
        trial.fail(at, "so")
        while not trial.asks(at):
            at += HOP
    assert at <= sum(RESTS) + len(RESTS) * HOP
    trial.fail(at, "so at last")
    assert not trial.asks(at + 10**9)
    assert trial.take_failure() == "so at last"


class Astray(Bypass):
    """A canceller that now and then gives what is no sound."""

    def __init__(self, hops: range, name: str, value: float) -> None:
        super().__init__()
        self._hops, self._name, self._value = hops, name, value
        self._hop = 0

    def process(self, reference: np.ndarray, microphone: np.ndarray) -> Cancelled:
        cancelled = super().process(reference, microphone)
        self._hop += 1
        if self._hop - 1 not in self._hops:
            return cancelled
        if self._name in ("coherence", "misadjustment", "linear_erle_db"):
            spoilt: Any = {self._name: self._value}
            return replace(cancelled, confidence=replace(cancelled.confidence, **spoilt))
        power = getattr(cancelled, self._name).copy()
        power[7] = self._value
        return replace(cancelled, **{self._name: power})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize("name", ["clean_power", "linear_power", "echo_power", "coherence", "linear_erle_db"])
def test_what_is_no_number_is_shown_to_no_model_and_leaves_no_trace(name: str, value: float) -> None:
    """The hop counts as one of which nothing is known; all that comes later is as if it had not been."""
    sound, hops = talk(), range(150, 153)
    models = Counting(SCORES), Counting(KIND_SCORES)
    spoilt, whole = Ear(*models), Ear(Counting(SCORES), Counting(KIND_SCORES))
    percepts, others = hear(spoilt, sound, Astray(hops, name, value)), hear(whole, sound)
    for model in models:
        assert all(np.isfinite(seen).all() for seen in model.seen)
    for number, (percept, other) in enumerate(zip(percepts, others, strict=True)):
        if number in hops:
            assert FAINT < percept.near < VOICED, "neither voice nor the silence that ends a word"
            assert (percept.floor, percept.backchannel) == (percepts[149].floor, percepts[149].backchannel)
        else:
            assert percept.near == other.near
    np.testing.assert_allclose(models[0].seen[-1][0], ear_models(whole)["near-end"].seen[-1][0], atol=0.05)
    upsets = spoilt.take_upsets()
    assert upsets is not None
    assert (upsets.blind, upsets.failed) == (3, 0)
    assert spoilt.well


def test_an_ear_that_is_blind_for_long_is_not_well_until_it_sees() -> None:
    ear = Ear(Counting(SCORES), Counting(KIND_SCORES))
    sound = talk()
    hear(ear, sound, Astray(range(100, 10**6), "echo_power", np.nan))
    assert not ear.well
    hear(ear, sound[: 10 * HOP], after=4 * PER_S)
    assert ear.well


@pytest.mark.parametrize("every", [1, 2, 3])
def test_between_two_questions_to_the_backchannel_model_its_last_answer_holds(every: int) -> None:
    model = Counting(KIND_SCORES)
    ear = Ear(Counting(SCORES), model)
    ear.every = every
    percepts = hear(ear, talk())
    asked = len(model.states) - 1  # one run is the trial at the start
    assert asked == -(-len(percepts) // every)
    assert len({(percept.floor, percept.backchannel) for percept in percepts[every:]}) == 1


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
