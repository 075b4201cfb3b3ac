"""Figures of detectors that are made up."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.units import HOP, RATE
from tests.train.listening import event, scene
from tools.ear_bench.cases import Case
from tools.ear_bench.judge import (
    WORKING_POINT,
    Answers,
    alone,
    area,
    false_runs,
    onsets,
    same_false_share,
    settling,
    threshold,
)
from tools.ear_bench.silero import CHUNK
from tools.ear_bench.stage import Condition
from tools.train.acts import Heard
from tools.train.corpus import Part
from tools.train.figures import RUN
from tools.train.render import Event
from tools.train.truth import hop_of

HOPS = 1200
NOTHING = np.zeros(0, np.float32)


def case(*events: Event, changed: int = -1) -> Case:
    return Case(Condition(Part.DEV, 1, 0, True, "none", 20.0), scene(events, hops=HOPS), changed, NOTHING)


def finding(told: Case, delay_hops: int, sure: float = 0.9) -> Answers:
    """It finds every person so many hops after the sound came, and for as long as it lasts."""
    scores = np.full(HOPS, 0.05, np.float32)
    for each in told.listened.events:
        scores[hop_of(each.start) + delay_hops : hop_of(each.stop) + 1] = sure
    return Answers(told, scores)


def test_onsets_are_what_a_device_sees() -> None:
    told = case(event(Heard.FLOOR, 100, 60), event(Heard.BACKCHANNEL, 400, 30), event(Heard.NOISE, 700, 30))
    times = onsets([finding(told, 3)])
    # The sound of hop 100 comes out of the canceller with hop 101; the third after that is over when 105 hops are.
    assert times == pytest.approx([5 * HOP / RATE] * 2)
    assert np.isinf(onsets([finding(told, 3, sure=WORKING_POINT - 0.01)])).all()


def test_a_detector_with_longer_steps_is_measured_by_the_same_clock() -> None:
    told = case(event(Heard.FLOOR, 100, 60))
    scores = np.zeros(HOPS // 2, np.float32)
    scores[51:80] = 0.9
    assert onsets([Answers(told, scores, CHUNK, 0)]) == pytest.approx([(52 * CHUNK - 100 * HOP) / RATE])


def test_what_it_answers_later_than_a_second_is_never() -> None:
    told = case(event(Heard.FLOOR, 100, 200))
    assert np.isinf(onsets([finding(told, 70)])).all()


def test_area_of_one_who_knows_and_of_one_who_guesses() -> None:
    told = case(event(Heard.FLOOR, 100, 60), event(Heard.FAR, 300, 60))
    knowing = Answers(told, np.where(told.listened.heard == Heard.FLOOR, 0.9, 0.1).astype(np.float32))
    assert area([knowing]) == 1.0
    believing = Answers(told, np.where(told.listened.heard > 0, 0.9, 0.1).astype(np.float32))
    assert area([believing], (Heard.NOTHING,)) == 1.0
    assert area([believing], (Heard.FAR,)) == 0.5
    assert np.isnan(area([believing], (Heard.NOISE,)))
    guessing = Answers(told, np.random.default_rng(1).random(HOPS).astype(np.float32))
    assert area([guessing]) == pytest.approx(0.5, abs=0.1)


def test_area_does_not_depend_on_steps_or_lateness() -> None:
    told = case(event(Heard.FLOOR, 100, 60))
    undelayed = np.zeros(HOPS // 2, np.float32)
    undelayed[50:80] = 1.0
    assert area([Answers(told, undelayed, CHUNK, 0)]) == 1.0


def test_false_runs_are_long_and_far_from_everybody() -> None:
    told = case(event(Heard.FLOOR, 100, 60), changed=600 * HOP)
    found = finding(told, 0)
    found.scores[160:175] = 0.9  # the room rings
    found.scores[300 : 300 + RUN - 1] = 0.9  # too short
    found.scores[650 : 650 + RUN] = 0.9
    found.scores[900:980] = 0.9  # one run, however long
    runs, minutes = false_runs([found], 0.5)
    assert runs == 2
    assert 0.8 * HOPS < minutes * 60 * RATE / HOP < HOPS
    new, new_minutes = false_runs([found], 0.5, lambda one: alone(one) & settling(one))
    assert new == 1
    assert new_minutes < minutes


def test_the_threshold_catches_as_many_as_it_says() -> None:
    told = [case(event(Heard.FLOOR, 100, 60)) for _ in range(40)]
    sure = np.linspace(0.2, 0.98, 40)
    found = [finding(one, 2, each) for one, each in zip(told, sure, strict=True)]
    level = threshold(found)
    caught = np.mean([one.scores.max() >= level for one in found])
    assert 0.95 <= caught < 0.99
    assert threshold(found, RUN) == level
    for one in found:
        one.scores[110:160:5] = 0.0  # never long in a row
    assert threshold(found) == level
    assert threshold(found, RUN) < 0.1


def test_equally_often_wrong() -> None:
    told = case(event(Heard.FLOOR, 100, 60))
    guessing = Answers(told, np.random.default_rng(1).random(HOPS).astype(np.float32))
    level = same_false_share([guessing], 0.1)
    assert np.mean(guessing.scores[alone(guessing)] >= level) == pytest.approx(0.1, abs=0.01)
