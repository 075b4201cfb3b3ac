"""Figures on made-up numbers."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.detect.backchannel import KINDS
from edgeagent.units import HOP, RATE
from tests.train.listening import event, scene
from tools.train.acts import Heard
from tools.train.figures import auc, calibration_figures, equal_error, kind_figures, near_figures, onset_figures
from tools.train.figures import pair_figures as pairs
from tools.train.scenes import Listened
from tools.train.truth import hop_of


def kinds_of(listened: Listened, floor: dict[Heard, float]) -> np.ndarray:
    """(hops, KINDS): from each event's onset on, P(takes the floor) as given for what it is."""
    told = np.full((len(listened.heard), len(KINDS)), 1 / 3, np.float32)
    for each in listened.events:
        sure = floor[each.heard]
        told[hop_of(each.start) :] = (sure, 0.9 - 0.9 * sure, 0.1 - 0.1 * sure)
    return told


def test_area_under_the_curve_counts_pairs() -> None:
    dice = np.random.default_rng(1)
    scores, positive = dice.integers(0, 6, 60).astype(np.float32), dice.random(60) < 0.4
    won = [(p > n) + 0.5 * (p == n) for p in scores[positive] for n in scores[~positive]]
    assert auc(scores, positive) == pytest.approx(np.mean(won))


def test_equal_error_of_what_is_told_apart_and_of_what_is_not() -> None:
    positive = np.arange(200) % 2 == 0
    assert equal_error(positive.astype(np.float32), positive) == pytest.approx(0.0, abs=0.02)
    assert equal_error((~positive).astype(np.float32), positive) > 0.9
    shuffled = np.random.default_rng(1).random(200).astype(np.float32)
    assert equal_error(shuffled, positive) == pytest.approx(0.5, abs=0.1)
    flipped = positive ^ (np.arange(200) % 10 < 2)
    assert equal_error(flipped.astype(np.float32) + 0.1 * shuffled, positive) == pytest.approx(0.2, abs=0.03)


def test_near_figures_say_from_what_it_is_told_apart() -> None:
    listened = scene([event(Heard.FLOOR, 50, 40), event(Heard.NOISE, 150, 40), event(Heard.FAR, 250, 40)])
    score = np.select([listened.heard == Heard.FLOOR, listened.heard == Heard.FAR], [0.8, 0.9], 0.1)
    found = near_figures([listened], [score.astype(np.float32)])
    assert found["nothing"] == found["noise"] == 1.0
    assert found["far"] == 0.0
    assert 0.0 < found["all"] < 1.0


def test_onset_figures_measure_from_the_onset_and_count_false_runs() -> None:
    listened = scene([event(Heard.FLOOR, 50, 60), event(Heard.NOISE, 130, 30), event(Heard.BACKCHANNEL, 200, 60)])
    score = np.zeros(400, np.float32)
    score[hop_of(50 * HOP) + 5 : 110] = 0.9
    score[300:330] = 0.9
    found = onset_figures([listened], [score])
    assert found["p95_s"] == np.inf
    assert found["never"] == 0.5
    early = scene([event(Heard.FLOOR, 50, 60)])
    assert onset_figures([early], [score])["p50_s"] == pytest.approx(5 * HOP / RATE)
    minutes = (listened.heard == Heard.NOTHING).sum() * HOP / RATE / 60
    assert found["false_runs_per_minute"] == pytest.approx(1 / minutes)


def test_kind_figures_judge_after_the_end() -> None:
    listened = scene([event(kind, 40 + 80 * n, 20) for n, kind in enumerate(Heard) if kind])
    perfect = kind_figures([listened], [kinds_of(listened, {kind: float(kind is Heard.FLOOR) for kind in Heard})])
    assert set(perfect.values()) == {1.0}
    fooled = {Heard.FLOOR: 0.5, Heard.BACKCHANNEL: 0.9, Heard.NOISE: 0.1, Heard.FAR: 0.1}
    found = kind_figures([listened], [kinds_of(listened, fooled)])
    assert found["backchannel"] == 0.0
    assert found["noise"] == found["far"] == 1.0


def test_calibration_is_asked_only_of_what_lasts_so_long() -> None:
    listened = scene([event(Heard.FLOOR, 100, 22)])
    found = calibration_figures([listened], [kinds_of(listened, {Heard.FLOOR: 1.0})])
    assert set(found) == {"200 ms", "300 ms", "end"}
    assert max(found.values()) == pytest.approx(0.0, abs=1e-6)


def test_pairs_are_matched_in_length_so_that_length_wins_nothing() -> None:
    """The takers of the floor are longer; only as many of each length are compared."""
    spoken = [(Heard.FLOOR, "stop", 50)] * 12 + [(Heard.FLOOR, "stop", 30)] * 3 + [(Heard.BACKCHANNEL, "yes", 30)] * 12
    scenes = [scene([event(kind, 50, hops, text, "speech_commands")]) for kind, text, hops in spoken]
    told = [kinds_of(each, {Heard.FLOOR: 0.9, Heard.BACKCHANNEL: 0.1}) for each in scenes]
    count, rates = pairs(scenes, told)["English words"]
    assert count == 6
    assert max(rates[:4]) == pytest.approx(0.0, abs=1e-6)
    assert pairs(scenes, told)["Arabic words"] == (0, [])


def test_pairs_leave_out_other_words() -> None:
    scenes = [scene([event(Heard.FLOOR, 50, 30, "seven", "speech_commands")])]
    assert pairs(scenes, [kinds_of(scenes[0], {Heard.FLOOR: 0.9})])["English words"] == (0, [])


def test_pairs_of_which_none_are_as_long_as_each_other_are_not_compared() -> None:
    spoken = [(Heard.FLOOR, "stop", 60), (Heard.BACKCHANNEL, "yes", 20)]
    scenes = [scene([event(kind, 50, hops, text, "speech_commands")]) for kind, text, hops in spoken]
    told = [kinds_of(each, {Heard.FLOOR: 0.9, Heard.BACKCHANNEL: 0.1}) for each in scenes]
    assert pairs(scenes, told)["English words"] == (0, [])
