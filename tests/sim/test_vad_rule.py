"""The rules by which others stop, frame by frame on probabilities that are made up."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.sim.echo_bench.scenes import FRAME
from edgeagent.sim.vad_rule import RULES, Activity, Rule
from edgeagent.units import milliseconds

LIVEKIT, PIPECAT = RULES


def told(activity: Activity, probabilities: Iterable[float]) -> list[int]:
    """After which frames, from 1 on, the device must be silent."""
    return [index for index, probability in enumerate(probabilities, start=1) if activity.hear(probability)]


def test_pipecat_stops_with_the_speech_and_livekit_after_half_a_second_of_it() -> None:
    voice = [0.0] * 10 + [1.0] * 30
    for rule, least_ms in ((PIPECAT, 200), (LIVEKIT, 500)):
        first = told(Activity(rule), voice)[0]
        assert least_ms <= milliseconds((first - 10) * FRAME) < least_ms + 64, rule.name


def test_a_short_word_stops_livekit_by_the_silence_behind_it_and_pipecat_not_at_all() -> None:
    word = [1.0] * 5 + [0.0] * 40  # 160 ms
    assert told(Activity(PIPECAT), word) == []
    (*_, last) = told(Activity(LIVEKIT), word)
    assert last < 45


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_click_is_no_speech(rule: Rule) -> None:
    activity = Activity(rule)
    assert told(activity, [0.0] * 3 + [1.0] + [0.0] * 40) == []
    activity.finish()
    assert activity.speeches == []


def test_a_break_shorter_than_the_silence_that_ends_joins_two_words() -> None:
    for rule, breaks in ((LIVEKIT, (12, 22)), (PIPECAT, (4, 9))):
        joined, apart = Activity(rule), Activity(rule)
        for activity, silence in zip((joined, apart), breaks, strict=True):
            told(activity, [1.0] * 10 + [0.0] * silence + [1.0] * 10)
            activity.finish()
        assert (len(joined.speeches), len(apart.speeches)) == (1, 2), rule.name


def test_what_is_said_to_the_end_of_the_sound_counts() -> None:
    activity = Activity(PIPECAT)
    told(activity, [0.0] * 10 + [1.0] * 20)
    assert activity.speeches == []
    activity.finish()
    activity.finish()
    assert activity.speeches == [(10 * FRAME, 30 * FRAME)]


@given(st.lists(st.floats(0, 1), max_size=200), st.sampled_from(RULES))
def test_speeches_come_one_after_the_other_within_what_was_heard(probabilities: list[float], rule: Rule) -> None:
    activity = Activity(rule)
    told(activity, probabilities)
    activity.finish()
    borders = [border for speech in activity.speeches for border in speech]
    assert borders == sorted(borders)
    assert all(0 <= border <= FRAME * len(probabilities) for border in borders)
