"""How fast we speak after "slower", and after having been interrupted again and again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeagent.dialogue.pace import BURST, FASTEST, QUIET, SLOWEST, Pace
from edgeagent.units import RATE

MINUTE = 60 * RATE


def test_slower_is_slower_and_faster_takes_it_back() -> None:
    pace = Pace()
    pace.asked("slower", 0)
    assert pace.rate < 0.9
    assert pace.brief
    pace.asked("faster", MINUTE)
    assert pace.rate == 1.0
    assert not pace.brief
    pace.asked("faster", MINUTE)
    assert pace.rate > 1.1
    assert not pace.brief


def test_three_interruptions_in_a_minute_are_too_many() -> None:
    pace = Pace()
    assert [pace.interrupted(at) for at in (0, 20 * RATE, 40 * RATE)] == [False, False, True]
    assert pace.rate < 0.9
    assert [pace.interrupted(at) for at in (41 * RATE, 42 * RATE)] == [False, False]  # the next three count anew


def test_interruptions_that_are_far_apart_are_talk() -> None:
    pace = Pace()
    assert not any(pace.interrupted(n * 40 * RATE) for n in range(10))
    assert pace.rate == 1.0


def test_it_wears_off_when_it_is_quiet() -> None:
    pace = Pace()
    pace.asked("slower", MINUTE)
    assert not pace.look(QUIET)
    pace.interrupted(2 * MINUTE)
    assert not pace.look(MINUTE + QUIET)
    assert pace.look(2 * MINUTE + QUIET)
    assert pace.rate == 1.0
    assert not pace.look(3 * QUIET)


def test_who_wants_it_fast_may_interrupt() -> None:
    pace = Pace()
    pace.asked("faster", 0)
    rate = pace.rate
    assert sum(pace.interrupted(n * RATE) for n in range(BURST)) == 1
    assert pace.rate == rate


def test_what_was_asked_for_before_the_device_was_off_holds_and_wears_off() -> None:
    pace = Pace()
    pace.recall(0.85, 0)
    assert pace.rate == 0.85
    assert pace.look(QUIET)
    pace.recall(99.0, 0)
    assert pace.rate == FASTEST


def test_normal_is_as_ever() -> None:
    pace = Pace()
    pace.asked("slower", 0)
    pace.asked("slower", 0)
    pace.asked("normal", 0)
    assert (pace.rate, pace.brief) == (1.0, False)


HAPPENINGS = ("slower", "faster", "normal", "interrupted", "quiet")
happenings = st.tuples(st.sampled_from(HAPPENINGS), st.integers(0, 2 * QUIET))


@given(st.lists(happenings, max_size=40))
def test_whatever_people_do_it_stays_within_bounds_and_wears_off(several: list[tuple[str, int]]) -> None:
    pace, at = Pace(), 0
    for what, passed in several:
        at += passed
        if what == "interrupted":
            pace.interrupted(at)
        elif what == "quiet":
            pace.look(at)
        else:
            pace.asked(what, at)
        assert SLOWEST <= pace.rate <= FASTEST
    pace.look(at + QUIET)
    assert pace.rate == 1.0
