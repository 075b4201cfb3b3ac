"""Figures on made-up numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgeagent.detect.backchannel import KINDS
from edgeagent.units import HOP, RATE
from tests.train.listening import event, scene
from tools.train.acts import Heard
from tools.train.figures import (
    CLEAN_POWER,
    NONE,
    Pairs,
    auc,
    calibration_figures,
    equal_error,
    kind_baselines,
    kind_figures,
    near_figures,
    onset_figures,
)
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
    for nothing_to_tell in (scores[:0], scores):
        assert np.isnan(auc(nothing_to_tell, np.ones(len(nothing_to_tell), bool)))
        assert np.isnan(auc(nothing_to_tell, np.zeros(len(nothing_to_tell), bool)))


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


def test_a_false_run_counts_in_the_first_hop_and_in_the_last() -> None:
    listened = scene([event(Heard.FLOOR, 150, 60)])
    score = np.zeros(400, np.float32)
    minutes = (listened.heard == Heard.NOTHING).sum() * HOP / RATE / 60
    for runs, placed in enumerate((slice(0, 20), slice(380, 400)), start=1):
        score[placed] = 0.9
        assert onset_figures([listened], [score])["false_runs_per_minute"] == pytest.approx(runs / minutes)


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
    found = pairs(scenes, told)["English words"]
    assert found.count == 6
    assert max(found.model) == pytest.approx(0.0, abs=1e-6)
    assert found.length == (0.5,) * 4
    assert pairs(scenes, told)["Arabic words"] == NONE


def test_a_word_so_late_that_not_every_moment_is_in_the_scene_is_left_out() -> None:
    """Half a second after its onset the scene is over, and 0.1 s after its end not."""
    said = (Heard.FLOOR, "stop"), (Heard.BACKCHANNEL, "yes")
    late = [scene([event(kind, 370, 14, text, "speech_commands")]) for kind, text in said]
    told = [kinds_of(each, {Heard.FLOOR: 0.9, Heard.BACKCHANNEL: 0.1}) for each in late]
    assert pairs(late, told)["English words"] == NONE


def words(hops: Callable[[bool, int], int], level_db: Callable[[bool, int], float]) -> list[Listened]:
    """Twelve words of either kind, a scene each: how long they are, and how loud after so many hops."""
    made = []
    for number in range(24):
        taking = number % 2 == 0
        what = (Heard.FLOOR, "stop") if taking else (Heard.BACKCHANNEL, "yes")
        one = scene([event(what[0], 50, hops(taking, number), what[1], "speech_commands")], seed=number)
        first = hop_of(one.events[0].start)
        for hop in range(one.events[0].stop // HOP - 50):
            one.packed[first + hop, CLEAN_POWER] = level_db(taking, hop) / 10
        made.append(one)
    return made


def alone(scenes: list[Listened]) -> Pairs:
    """With a model that guesses."""
    dice = np.random.default_rng(3)
    told = [kinds_of(each, dict.fromkeys(Heard, float(dice.uniform(0.2, 0.8)))) for each in scenes]
    return pairs(scenes, told)["English words"]


@pytest.mark.parametrize("louder", [10.0, -10.0])
def test_level_alone_goes_by_what_was_loud_until_then(louder: float) -> None:
    """Either way round; what comes later and what is only true of the whole is not known before."""
    early = alone(words(lambda _t, _n: 40, lambda taking, _h: -30.0 + louder * taking))
    assert early.level[:3] == (0.0, 0.0, 0.0)
    assert early.level[3] == 0.5  # the whole is as loud
    late = alone(words(lambda _t, _n: 40, lambda taking, hop: -30.0 + louder * (taking and hop > 22)))
    assert late.level[0] == late.level[1] == 0.5
    assert late.level[2] == 0.0
    assert min(late.model) > 0.2


def test_length_alone_goes_by_how_long_it_has_lasted_until_then() -> None:
    """In tenths of a second they are alike, and 16 ms longer."""
    found = alone(words(lambda taking, _n: 20 + taking, lambda _t, _h: -30.0))
    assert found.length == (0.5, 0.5, 0.0, 0.0)  # 320 and 336 ms: at 300 ms both still last
    assert found.level == (0.5,) * 4


def test_baselines_are_judged_as_the_model_is() -> None:
    """Takers of the floor are longer than listeners, shorter than far speech: length alone tells either from them."""
    lengths = {Heard.FLOOR: 20, Heard.BACKCHANNEL: 10, Heard.NOISE: 20, Heard.FAR: 30}
    listened = scene([event(kind, 40 + 80 * n, hops) for n, (kind, hops) in enumerate(lengths.items())])
    found = kind_baselines([listened])
    assert found["length alone"] == {"all": 0.5, "backchannel": 1.0, "noise": 0.5, "far": 1.0}
    assert set(found["level alone"].values()) == {0.5}


def test_pairs_leave_out_other_words() -> None:
    scenes = [scene([event(Heard.FLOOR, 50, 30, "seven", "speech_commands")])]
    assert pairs(scenes, [kinds_of(scenes[0], {Heard.FLOOR: 0.9})])["English words"] == NONE


def test_pairs_of_which_none_are_as_long_as_each_other_are_not_compared() -> None:
    spoken = [(Heard.FLOOR, "stop", 60), (Heard.BACKCHANNEL, "yes", 20)]
    scenes = [scene([event(kind, 50, hops, text, "speech_commands")]) for kind, text, hops in spoken]
    told = [kinds_of(each, {Heard.FLOOR: 0.9, Heard.BACKCHANNEL: 0.1}) for each in scenes]
    assert pairs(scenes, told)["English words"] == NONE
