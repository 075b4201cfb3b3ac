"""A wish becomes a caution: monotone, bounded, and through the points that were measured."""

from __future__ import annotations

from itertools import pairwise
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.settings import Turns
from edgeagent.turn import policy
from edgeagent.turn.habits import MOST as LEARNT
from edgeagent.turn.policy import CEILING, SUSPICION, Policy
from edgeagent.turn.wished import TABLE
from edgeagent.turn.wishes import LEAST, MOST, Table, caution

MEASURED: Table = ((-2.0, 40.0), (0.0, 12.0), (3.0, 2.0))

wishes = st.floats(0.01, 120)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    cautions = sorted(draw(st.sets(st.integers(-6, 6), min_size=1, max_size=6)))
    rates = sorted(draw(st.sets(st.integers(1, 300), min_size=len(cautions), max_size=len(cautions))), reverse=True)
    return tuple(zip(map(float, cautions), map(float, rates), strict=True))


@pytest.mark.parametrize(("nats", "rate"), MEASURED)
def test_what_was_measured_is_met(nats: float, rate: float) -> None:
    assert caution(rate, MEASURED) == pytest.approx(nats)


def test_between_two_points_it_lies_between() -> None:
    assert caution(22.0, MEASURED) == pytest.approx(-1.0, abs=0.02)  # the geometric middle of 40 and 12 is 21.9


def test_outside_false_stops_fall_by_e_per_nat() -> None:
    assert caution(2.0 / 2.718281828, MEASURED) == pytest.approx(4.0)
    assert caution(40.0 * 2.718281828, MEASURED) == pytest.approx(-3.0)


@given(tables(), wishes, wishes)
def test_who_tolerates_fewer_gets_no_less_caution_within_bounds(table: Table, one: float, other: float) -> None:
    fewer, more = sorted((one, other))
    assert LEAST <= caution(more, table) <= caution(fewer, table) <= MOST


@given(tables(), wishes)
def test_a_hair_more_makes_a_hair_of_difference(table: Table, wish: float) -> None:
    steepest = max([1.0] + [(b - a) / (log(x / y)) for (a, x), (b, y) in pairwise(table)])
    assert abs(caution(wish, table) - caution(wish * 1.0001, table)) <= 0.00011 * steepest


def test_the_table_of_this_release_is_one_that_can_be_read() -> None:
    cautions, rates = zip(*TABLE, strict=True)
    assert all(a < b for a, b in pairwise(cautions))
    assert all(a > b for a, b in pairwise(rates))
    assert rates[-1] > 0
    assert LEAST <= cautions[0] <= cautions[-1] <= MOST


@pytest.mark.parametrize("wish", [1e-6, 0.1, 6.0, 120.0])
def test_whatever_is_wished_and_learnt_a_stop_stays_possible_and_needs_more_than_a_doubt(wish: float) -> None:
    bound = Policy(Turns(false_stops_per_hour=wish)).bound
    assert bound - LEARNT > SUSPICION
    assert bound + LEARNT < CEILING
    assert policy.VERDICT + LEAST <= bound <= policy.VERDICT + MOST
