"""What a hint may do: shift a doubt that sound has raised, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.settings import Turns
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.hints import FLOOR_MOST, PERSON_MOST, SOURCES_MOST, Hints
from edgeagent.turn.machine import Limits, step
from edgeagent.turn.policy import CLIP, SUSPICION, Percept, Policy
from edgeagent.turn.wishes import caution
from edgeagent.units import HOP, samples

QUIET, VOICE = 0.02, 0.97
DAY = samples(86_400_000)

nats = st.floats(-1e300, 1e300, allow_nan=False)
near = st.floats(0.001, 0.999)
hint_rows = st.lists(st.tuples(st.integers(0, 120), st.sampled_from("abcd"), nats, nats), max_size=30)
"""(step, source, person, floor)."""

Sound = list[tuple[float, float]]
Rows = list[tuple[int, str, float, float]]


def live(percepts: Sound, hints: Rows, state: s.State, turns: Turns | None = None) -> list[tuple[e.Event, s.State]]:
    """What happened, with the state after it: (near, floor) pairs, and hints in the steps they name."""
    policy, happened = Policy(turns or Turns()), []
    for index, (voice, floor) in enumerate(percepts):
        for when, source, for_person, for_floor in hints:
            if when == index:
                policy.hints.take(e.Hint(index * HOP, source, for_person, for_floor))
        for event in policy.hear(Percept((index + 1) * HOP, voice, floor), state):
            state, _ = step(state, event, Limits())
            happened.append((event, state))
    return happened


def stopped(percepts: Sound, hints: Rows) -> bool:
    return any(isinstance(after, s.Yielding) for _, after in live(percepts, hints, s.Speaking(1)))


def overlap(steps: int, floor: float, voice: float = VOICE) -> Sound:
    return [(QUIET, 0.5)] * 30 + [(voice, floor)] * steps + [(QUIET, floor)] * 80


def always(person: float, floor: float, sources: str = "abcd") -> Rows:
    """The same from several sources in every fourth step."""
    return [(index, source, person, floor) for index in range(0, 200, 4) for source in sources]


@given(hint_rows, st.lists(st.tuples(st.floats(0.001, 0.52), near), max_size=100), st.floats(0.1, 120))
def test_without_sound_no_hint_does_anything(hints: Rows, percepts: Sound, rate: float) -> None:
    for state in (s.Idle(), s.Speaking(1), s.Thinking(1, DAY)):
        assert live(percepts, hints, state, Turns(rate)) == []


@given(hint_rows, st.lists(st.tuples(near, near), max_size=100))
def test_hints_never_duck_nor_open_a_turn(hints: Rows, percepts: Sound) -> None:
    for state in (s.Idle(), s.Speaking(1)):
        first_with, first_without = (live(percepts, rows, state)[:1] for rows in (hints, []))
        assert first_with == first_without


@given(hint_rows, st.integers(1, 55))
def test_what_the_ear_takes_for_a_backchannel_never_stops(hints: Rows, steps: int) -> None:
    assert not stopped(overlap(steps, floor=0.1), hints)


@given(hint_rows, st.integers(30, 60))
def test_what_clearly_takes_the_floor_always_stops(hints: Rows, steps: int) -> None:
    assert stopped(overlap(steps, floor=0.95), hints)


@given(hint_rows, st.integers(1, 3), near)
def test_a_moment_of_sound_is_not_enough_whatever_they_say(hints: Rows, steps: int, floor: float) -> None:
    assert not stopped(overlap(steps, floor, voice=0.999), hints)


def test_all_hints_together_are_less_than_any_bound_of_the_policy() -> None:
    least = Policy(Turns(false_stops_per_hour=120)).bound
    assert least - PERSON_MOST > SUSPICION
    assert PERSON_MOST <= CLIP
    assert least == pytest.approx(Policy(Turns()).bound + caution(120) - caution(Turns().false_stops_per_hour))


def test_hints_shift_a_doubt_either_way() -> None:
    unsure = overlap(30, floor=0.42)
    assert not stopped(unsure, [])
    assert stopped(unsure, always(0.5, 0.5))
    likely = overlap(16, floor=0.63)
    assert stopped(likely, [])
    assert not stopped(likely, always(-0.5, -0.5))


def test_a_faint_voice_is_believed_sooner_beside_a_camera() -> None:
    def when(hints: Rows) -> int:
        happened = live(overlap(100, floor=0.9, voice=0.7), hints, s.Speaking(1))
        return next(event.at for event, after in happened if isinstance(after, s.Yielding))

    assert when(always(1.0, 0.0, "a")) < when([]) < when(always(-1.0, 0.0, "a"))


def test_a_late_hint_keeps_a_stop_that_would_have_been_taken_back() -> None:
    wait = [(QUIET, 0.5)] * 30 + [(VOICE, 0.9)] * 18 + [(QUIET, 0.5)] * 100
    word: Rows = [(60, "words", 1.0, 1.0)]
    ends = [type(live(wait, hints, s.Speaking(1))[-1][1]) for hints in ([], word)]
    assert ends == [s.Speaking, s.Thinking]


@given(hint_rows)
def test_everything_is_bounded_and_fades_to_nothing(rows: Rows) -> None:
    hints = Hints()
    rows = sorted(rows)
    for when, source, person, floor in rows:
        hints.take(e.Hint(when * HOP, source, person, floor))
        for weight, most in zip(hints.weigh(when * HOP), (PERSON_MOST, FLOOR_MOST), strict=True):
            assert abs(weight) <= most
    end = rows[-1][0] * HOP if rows else 0
    assert hints.weigh(end + samples(60_000)) == (0.0, 0.0)
    assert hints.why(end + samples(60_000)) == {}


def test_one_source_alone_counts_for_less_than_two_that_agree() -> None:
    hints = Hints()
    for _ in range(100):
        hints.take(e.Hint(0, "camera", 5.0, 5.0))
    alone = hints.weigh(0)
    hints.take(e.Hint(0, "radar", 5.0, 5.0))
    assert all(0 < one < two for one, two in zip(alone, hints.weigh(0), strict=True))
    assert hints.weigh(0) == (PERSON_MOST, FLOOR_MOST)


def test_a_hint_fades_and_is_nearly_gone_after_a_doubt() -> None:
    hints = Hints()
    hints.take(e.Hint(0, "camera", 1.0, 0.0))
    weights = [hints.weigh(samples(ms))[0] for ms in range(0, 3001, 100)]
    assert weights[0] == 1.0
    assert all(earlier > later for earlier, later in pairwise(weights))
    assert 0.1 < weights[15] < 0.4


def test_no_number_of_sources_uses_up_the_memory() -> None:
    hints = Hints()
    for number in range(10_000):
        hints.take(e.Hint(0, str(number), 0.01, 0.0))
    assert hints.weigh(0)[0] == pytest.approx(0.01 * SOURCES_MOST)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="nats"):
        e.Hint(0, "camera", value, 0.0)
    with pytest.raises(ValueError, match="nats"):
        e.Hint(0, "camera", 0.0, value)


def test_a_sensor_that_stays_on_is_news_once_and_again_after_a_pause_or_when_it_says_something_else() -> None:
    hints, told = Hints(), []
    rows = [(at, 0.5) for at in range(0, 5000, 500)] + [(5500, 2.0), (6000, 2.0), (9000, 2.0)]
    for ms, person in rows:
        hint = e.Hint(samples(ms), "presence", person, 0.0)
        if hints.is_news(hint):
            told.append(ms)
        hints.take(hint)
    assert told == [0, 5500, 9000]


def test_each_source_has_its_own_news() -> None:
    hints = Hints()
    hints.take(e.Hint(0, "presence", 0.5, 0.0))
    assert hints.is_news(e.Hint(1, "camera", 0.5, 0.0))
    assert not hints.is_news(e.Hint(1, "presence", 0.5, 0.0))
