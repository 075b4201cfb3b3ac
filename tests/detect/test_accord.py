"""What both models say together: bounds, who has which say, and which way it goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.detect.accord import accord, doubted
from edgeagent.detect.backchannel import Overlap
from edgeagent.detect.near_end import Presence
from edgeagent.turn.policy import SURE

SHARES = st.floats(0.001, 0.997)
NOBODY_KNOWS = Overlap(0.25, 0.25)


@st.composite
def presences(draw: st.DrawFn) -> Presence:
    sounding, near = draw(SHARES), draw(SHARES)
    return Presence(sounding * near, sounding * (1 - near))


@st.composite
def overlaps(draw: st.DrawFn) -> Overlap:
    person, floor = draw(SHARES), draw(SHARES)
    return Overlap(person * floor, person * (1 - floor))


@given(presences(), overlaps())
def test_it_stays_within_what_sounds(presence: Presence, overlap: Overlap) -> None:
    near = accord(presence, overlap)
    assert 1 - SURE <= near <= SURE
    assert near <= max(presence.near + presence.other, 1 - SURE) + 1e-9


@given(presences())
def test_a_backchannel_model_that_does_not_know_changes_nothing(presence: Presence) -> None:
    assert accord(presence, NOBODY_KNOWS) == pytest.approx(presence.near, abs=2e-3)


@given(presences(), overlaps(), overlaps())
def test_the_surer_that_it_is_a_person_the_more(presence: Presence, one: Overlap, two: Overlap) -> None:
    less, more = sorted((one, two), key=sum)
    assert accord(presence, less) <= accord(presence, more) + 1e-12


def test_who_takes_the_floor_is_no_television_and_nothing_is_no_person() -> None:
    doubtful, silent = Presence(0.3, 0.6), Presence(0.01, 0.01)
    assert accord(doubtful, Overlap(0.95, 0.03)) > 0.6
    assert accord(doubtful, Overlap(0.05, 0.03)) < 0.15
    assert accord(silent, Overlap(0.95, 0.03)) < 0.03


@given(SHARES)
def test_a_doubted_person_is_one_all_the_same_and_nobody_becomes_one(near: float) -> None:
    assert (doubted(near) > 0.5) == (near > 0.5)
    assert doubted(near) <= near
    assert near <= 0.5 or doubted(near) < near


def test_a_sure_person_is_likely_where_what_is_heard_may_be_our_own_voice() -> None:
    assert 0.6 < doubted(0.99) < 0.8
