"""Nothing is measured on what was learnt from, and too little is said to be too little."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="needs the extra [train]")

from edgeagent.errors import EdgeAgentError
from edgeagent.store.takes import Expected
from tests.train.made_up_sessions import KINDS, heard
from tools.train.collected import Recorded
from tools.train.held_back import ENOUGH, NEEDED, SHARE, By, Split, split


def session(name: str, person: str, kinds: tuple[Expected, ...] = KINDS * ENOUGH) -> Recorded:
    return heard(name, person, kinds)


@given(st.lists(st.integers(0, 4), min_size=2, max_size=6), st.integers(0, 5))
@settings(max_examples=20)
def test_whole_people_or_whole_sessions_are_held_back_and_nothing_is_lost(people: list[int], seed: int) -> None:
    sessions = [session(f"s{n}", f"p{person}") for n, person in enumerate(people)]
    parted = split(sessions, seed)
    parts = (*parted.learnt, *parted.held)
    assert sorted(str(one.folder) for one in parts) == sorted(f"s{n}" for n in range(len(people)))
    learnt, held = ({one.person for one in part} for part in (parted.learnt, parted.held))
    if parted.by is By.PERSON:
        assert not learnt & held
    assert (parted.by is By.PERSON) is (len(set(people)) >= 3)
    takes = [sum(len(one.takes) for one in part) for part in (parted.learnt, parted.held)]
    assert takes[1] >= SHARE * sum(takes)
    for part in (parted.learnt, parted.held):
        assert all(sum(one.count(kind) for one in part) >= ENOUGH for kind in NEEDED)


def test_a_name_in_other_letters_is_the_same_person() -> None:
    sessions = [session("s", "Ada"), session("t", "ada"), session("u", "Bert"), session("v", "Çelik")]
    for seed in range(6):
        parted = split(sessions, seed, By.PERSON)
        learnt, held = ({one.person.lower() for one in part} for part in (parted.learnt, parted.held))
        assert not learnt & held
    assert "3 sessions of 2 people" in str(Split(tuple(sessions[:3]), (), By.PERSON))
    assert split(sessions[:3], 0).by is By.SESSION


def test_one_session_is_not_measured_on_itself() -> None:
    with pytest.raises(EdgeAgentError, match="nothing can be held back"):
        split([session("s", "p")], 0)
    with pytest.raises(EdgeAgentError, match="one person alone"):
        split([session("s", "p"), session("t", "p")], 0, By.PERSON)


def test_too_few_takes_are_said_with_their_count() -> None:
    few = KINDS * (ENOUGH - 1)
    with pytest.raises(EdgeAgentError, match=rf"{2 * (ENOUGH - 1)} floor.*each side needs {ENOUGH}"):
        split([session("s", "p", few), session("t", "p", few)], 0)


def test_it_says_what_the_figures_are_worth() -> None:
    said = str(split([session("s", "p"), session("t", "p")], 0))
    assert f"{ENOUGH} floor, {ENOUGH} backchannel, {ENOUGH} noise" in said
    assert "also of people learnt from" in said
    assert "people who are not learnt from" in str(split([session(name, name) for name in "stu"], 0))
