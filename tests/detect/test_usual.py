"""The memory of how loud the person is: it learns soon, and nothing throws it off."""

from __future__ import annotations

from math import log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.detect.usual import LEAST, MOST, Usual
from edgeagent.turn.events import LEVELS_DBFS


def power(dbfs: float) -> float:
    return float(10 ** (dbfs / 10))


def after(*turns: float) -> Usual:
    """The memory after turns of so many dBFS."""
    usual = Usual()
    for dbfs in turns:
        usual.heard(power(dbfs))
    return usual


def dbfs(usual: Usual) -> float:
    return 10 * log10(usual.power)


def test_of_a_stranger_nothing_is_known() -> None:
    assert Usual().known == 0.0


@pytest.mark.parametrize("level", [-40.0, -30.0, -15.0])
def test_the_first_turn_is_believed(level: float) -> None:
    usual = after(level)
    assert dbfs(usual) == pytest.approx(level, abs=0.01)
    assert usual.dbfs == pytest.approx(level, abs=0.01)
    assert 0.0 < usual.known < 1.0


def test_every_turn_makes_it_surer() -> None:
    known = [after(*[-30.0] * turns).known for turns in range(8)]
    assert known == sorted(set(known))


def test_later_turns_move_it_less_but_never_not_at_all() -> None:
    moved = [dbfs(after(*[-30.0] * turns, -24.0)) + 30.0 for turns in range(1, 30)]
    assert moved == sorted(moved, reverse=True)
    assert moved[0] > 2 * moved[5]
    assert moved[-1] > 0.5


def test_it_follows_a_person_who_moves_away() -> None:
    assert dbfs(after(*[-20.0] * 20, *[-30.0] * 12)) == pytest.approx(-30.0, abs=1.0)


@pytest.mark.parametrize("absurd", [-90.0, 0.0, 30.0])
def test_one_absurd_turn_moves_it_little(absurd: float) -> None:
    assert dbfs(after(*[-28.0] * 6, absurd)) == pytest.approx(-28.0, abs=3.0)


def test_a_mean_of_turns_is_between_them() -> None:
    assert -30.0 < dbfs(after(-30.0, -24.0, -26.0)) < -24.0


@given(st.lists(st.floats(0.0, 1e6), max_size=80))
def test_whatever_is_heard_it_stays_in_bounds(turns: list[float]) -> None:
    usual = Usual()
    for turn in turns:
        usual.heard(turn)
        assert LEAST <= usual.power <= MOST
        assert 0.0 < usual.known <= 1.0


levels = st.floats(*LEVELS_DBFS)


@given(levels, st.integers(1, 10**6), st.lists(st.floats(-90, 0), max_size=20))
def test_a_memory_of_earlier_starts_stays_within_the_same_bounds(level: float, turns: int, more: list[float]) -> None:
    usual = Usual()
    usual.recall(level, turns)
    assert usual.dbfs == pytest.approx(level)
    for dbfs in more:
        usual.heard(power(dbfs))
        assert LEAST <= usual.power <= MOST
        assert 0.0 < usual.known <= 1.0
    assert usual.turns == min(10**6, turns + len(more))


@given(levels, st.integers(3, 10**6), st.floats(-90, 0))
def test_after_a_restart_a_turn_moves_it_more_but_no_further_than_3_db(level: float, turns: int, turn: float) -> None:
    """The device may have been moved meanwhile."""
    again, before = Usual(), after(*[level] * 20)
    again.recall(level, turns)
    for usual in (again, before):
        usual.heard(power(turn))
    assert abs(dbfs(before) - level) - 1e-6 <= abs(dbfs(again) - level) <= 3.0 + 1e-6


def test_more_turns_are_remembered_more_surely_but_never_as_surely_as_those_of_today() -> None:
    known = []
    for turns in range(6):
        usual = Usual()
        usual.recall(-30.0, turns)
        known.append(usual.known)
    assert known == sorted(known)
    assert known[-1] < after(*[-30.0] * 5).known


def test_a_memory_of_no_turns_is_none() -> None:
    usual = after(-40.0, -40.0)
    usual.recall(-20.0, 0)
    assert (usual.power, usual.known, usual.turns) == (Usual().power, 0.0, 0)


@given(st.lists(levels, max_size=8), st.floats(-90, 0), st.floats(-90, 0))
def test_a_weaker_turn_is_more_likely_far_and_never_more_than_is_known(
    turns: list[float], one: float, other: float
) -> None:
    usual = after(*turns)
    weak, strong = sorted((one, other))
    assert 0.0 <= usual.far(power(strong)) <= usual.far(power(weak)) <= usual.known


def test_a_turn_as_loud_as_ever_is_not_far_and_a_quarter_of_the_distance_makes_it_so() -> None:
    usual = after(*[-26.0] * 6)
    assert usual.far(power(-26.0)) < 0.01
    assert usual.far(power(-31.0)) < 0.1
    assert usual.far(power(-42.0)) > 0.8
