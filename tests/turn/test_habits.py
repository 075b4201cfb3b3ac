"""What a device's own mistakes teach it: which ones count, which way, and never too far."""

from __future__ import annotations

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.settings import Turns
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.habits import AGAIN, LONG_AGO, MEMORY_S, MISTAKES_MOST, MOST, TOLD_EVERY, Habits, lean
from edgeagent.turn.moderator import Moderator
from edgeagent.turn.policy import Percept, Policy
from edgeagent.units import HOP, RATE, samples

SPEAKING, DOUBTING = s.Speaking(1), s.Doubting(1, 0, 10**9)
TOLERATED = 6.0

mistakes = st.floats(0, MISTAKES_MOST)
spoken = st.floats(0, MEMORY_S)
wishes = st.floats(0.1, 120)


def taken_back(habits: Habits, at: int) -> None:
    habits.note(s.Yielding(1, at, 10**9), e.Judged(at, e.Verdict.FALSE_ALARM), SPEAKING)


def passed_over(habits: Habits, at: int) -> None:
    habits.note(DOUBTING, e.Judged(at, e.Verdict.FALSE_ALARM), SPEAKING)


def held(habits: Habits, onset: int) -> None:
    """A stop whose cause began at `onset` and became a turn."""
    habits.note(s.Yielding(1, onset, 10**9), e.SpeechEnded(onset + RATE, onset), s.Thinking(onset, 10**9))


@given(mistakes, mistakes, spoken, wishes)
def test_no_history_shifts_it_beyond_the_bounds(
    stops: float, repeats: float, spoken_s: float, tolerated: float
) -> None:
    assert abs(lean(stops, repeats, spoken_s, tolerated)) <= MOST


@given(mistakes, mistakes, st.floats(0, 100), spoken, wishes)
def test_more_false_stops_never_make_it_bolder_nor_repeats_more_cautious(
    stops: float, repeats: float, more: float, spoken_s: float, tolerated: float
) -> None:
    before = lean(stops, repeats, spoken_s, tolerated)
    assert lean(stops + more, repeats, spoken_s, tolerated) >= before
    assert lean(stops, repeats + more, spoken_s, tolerated) <= before


@given(spoken, wishes)
def test_without_mistakes_the_settings_stand(spoken_s: float, tolerated: float) -> None:
    assert lean(0, 0, spoken_s, tolerated) == 0.0


@given(mistakes, spoken, wishes, wishes)
def test_who_tolerates_more_is_not_given_more_caution(stops: float, spoken_s: float, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert lean(stops, 0, spoken_s, more) <= lean(stops, 0, spoken_s, less)


def test_a_single_mistake_is_hardly_felt_and_an_hour_of_them_is() -> None:
    habits = Habits(TOLERATED)
    taken_back(habits, 0)
    assert 0 < habits.lean < 0.15
    assert lean(30, 0, 3600, TOLERATED) > 0.8
    assert lean(0, 30, 3600, TOLERATED) < -0.8


def test_at_the_tolerated_rate_nothing_changes() -> None:
    assert lean(TOLERATED * 3, 0, 3 * 3600, TOLERATED) == pytest.approx(0.0)


@pytest.mark.parametrize("times", [2.0, 8.0, 0.5])
def test_it_settles_between_the_settings_and_what_would_be_tolerated(times: float) -> None:
    """A home where the device errs so many times as often as wished; each nat of caution divides that by e."""
    habits, hours = Habits(TOLERATED), 0
    rate = TOLERATED * times
    leans = []
    due = 0.0
    while hours < 40:
        hours += 1
        due += rate * exp(-habits.lean)
        habits.spoke(RATE * 3600)
        while due >= 1:
            due -= 1
            taken_back(habits, -(10**12))
        leans.append(habits.lean)
    wanted = max(0.0, log(times))
    assert 0.3 * wanted <= leans[-1] <= 0.7 * wanted
    assert max(leans[20:]) - min(leans[20:]) < 0.15


def test_a_stop_that_was_taken_back_and_then_meant_was_no_false_one() -> None:
    habits = Habits(TOLERATED)
    taken_back(habits, 1000)
    held(habits, 1000 + AGAIN)
    assert (habits.false_stops, habits.repeats, habits.lean) == (0, 0, 0)
    taken_back(habits, 10**6)
    held(habits, 10**6 + AGAIN + 1)
    assert habits.false_stops == 1


@pytest.mark.parametrize(("later", "counts"), [(0, 1), (AGAIN, 1), (AGAIN + 1, 0), (-1, 0)])
def test_who_begins_again_soon_says_it_again(later: int, counts: int) -> None:
    """What began before the doubt was over went on, and was heard."""
    habits = Habits(TOLERATED)
    passed_over(habits, 10**6)
    held(habits, 10**6 + later)
    assert habits.repeats == counts
    held(habits, 10**6 + later)
    assert habits.repeats == counts


def test_the_button_says_it_again_too() -> None:
    habits = Habits(TOLERATED)
    habits.note(SPEAKING, e.ButtonShort(10**6), s.Idle())
    assert habits.repeats == 0
    habits.note(DOUBTING, e.ButtonShort(10**6), s.Idle())
    passed_over(habits, 2 * 10**6)
    habits.note(SPEAKING, e.ButtonShort(2 * 10**6 + AGAIN), s.Idle())
    assert habits.repeats == 2
    assert habits.lean < 0


def test_old_mistakes_fade() -> None:
    habits = Habits(TOLERATED)
    habits.recall(100.0, 40.0, MEMORY_S)
    before = habits.lean
    for _ in range(40):
        habits.spoke(3600 * RATE)
    assert habits.false_stops < 10
    assert habits.spoken <= MEMORY_S * RATE
    assert abs(habits.lean) < abs(before)


def test_the_counts_are_bounded() -> None:
    habits = Habits(TOLERATED)
    for number in range(3 * round(MISTAKES_MOST)):
        taken_back(habits, number)
    assert habits.false_stops <= MISTAKES_MOST


def test_news_are_told_once_and_quiet_speech_now_and_then() -> None:
    habits = Habits(TOLERATED)
    assert not habits.take_news()
    taken_back(habits, 0)
    assert [habits.take_news(), habits.take_news()] == [True, False]
    habits.spoke(TOLD_EVERY - 1)
    assert not habits.take_news()
    habits.spoke(1)
    assert habits.take_news()
    habits.recall(3.0, 0.0, 60.0)
    assert habits.lean > 0
    assert not habits.take_news()


def test_who_wants_none_of_it_gets_the_settings_alone() -> None:
    policy = Policy(Turns(adapt=False))
    bound = policy.bound
    for _ in range(50):
        taken_back(policy.temper.habits, LONG_AGO)
    assert policy.bound == bound
    adapting = Policy(Turns())
    for _ in range(50):
        taken_back(adapting.temper.habits, LONG_AGO)
    assert bound < adapting.bound <= bound + MOST


def conversation(*told: e.Fact) -> tuple[Moderator, list[dict[str, object]]]:
    """A device that stops for something short, takes it back, passes over something and is interrupted at last."""
    entries: list[dict[str, object]] = []
    moderator = Moderator(Turns(), lambda entry: entries.append(dict(entry)), samples(500))
    begin: tuple[e.Event | e.Fact, ...] = (*told, e.Ready(0), e.ReplyReady(0, 1))
    for event in begin:
        moderator.take(event)
    for ms, near, floor in ((500, 0.02, 0.5), (300, 0.97, 0.95), (6000, 0.02, 0.1), (400, 0.97, 0.1), (1600, 0.02, 0.1),
                            (600, 0.97, 0.95), (1500, 0.02, 0.95)):  # fmt: skip
        for _ in range(samples(ms) // HOP):
            moderator.at += HOP
            moderator.hear(Percept(moderator.at, near, floor))
    return moderator, entries


def test_a_conversation_is_counted_as_it_goes() -> None:
    moderator, entries = conversation()
    habits = moderator.policy.temper.habits
    verdicts = [(entry["verdict"], entry["at"]) for entry in entries if entry["event"] == "judged"]
    assert [verdict for verdict, _ in verdicts] == ["interruption", "false_alarm", "false_alarm", "interruption"]
    assert (habits.false_stops, habits.repeats) == (1, 1)
    speaking_s = 0.5 + 6.0 + 1.6
    assert speaking_s - 1 < habits.spoken / RATE < speaking_s + 2


def test_what_is_remembered_counts_at_once_and_what_is_forgotten_no_more() -> None:
    remembered = e.Remembered(0, false_stops=40.0, spoken_s=3600.0)
    moderator, _ = conversation(remembered)
    assert moderator.policy.temper.habits.false_stops == 41
    assert moderator.policy.bound > Policy(Turns()).bound + 0.5
    moderator, _ = conversation(remembered, e.Forgotten(0))
    assert moderator.policy.temper.habits.false_stops == 1
