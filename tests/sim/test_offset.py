"""Where the reference lies in the recording of a room, however far apart the two began."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeagent.sim.offset import STRETCH, Offset, offsets, swapped
from edgeagent.units import RATE, samples
from tests.signal.echo_world import Sound, echo_of, room, voice

FAR = voice(8.0, 1)
HEARD = echo_of(FAR, room(2), 1000)
BEHIND = 1016
"""Samples from the reference to the direct sound of the echo."""


def shifted(sound: Sound, by: int) -> Sound:
    """`by` samples more before it; as many cut off its start if negative."""
    return np.concatenate((np.zeros(by, np.float32), sound)) if by >= 0 else sound[-by:]


@pytest.mark.parametrize("later", [0, samples(-1000), samples(2500), samples(70_000)])
def test_finds_the_delay_whichever_began_first(later: int) -> None:
    found = [offset for offset in offsets(shifted(HEARD, later), FAR) if offset is not None]
    assert found
    assert all(offset.lag == pytest.approx(BEHIND + later, abs=samples(16)) for offset in found)
    found = [offset for offset in offsets(HEARD, shifted(FAR, later)) if offset is not None]
    assert found
    assert all(offset.lag == pytest.approx(BEHIND - later, abs=samples(16)) for offset in found)


@settings(max_examples=8)
@given(start=st.integers(0, 4 * RATE), ppm=st.floats(-200, 200), seed=st.integers(0, 99))
def test_four_seconds_over_a_person_are_enough(start: int, ppm: float, seed: int) -> None:
    echo = echo_of(FAR, room(seed), 1000, ppm)[start : start + 4 * RATE]
    person = voice(4.0, 100 + seed, 0.5 * float(np.std(echo)))
    (offset,) = offsets(echo + person, FAR)
    assert offset is not None
    assert offset.lag == pytest.approx(BEHIND - start, abs=samples(32))


def test_each_stretch_has_its_own_delay() -> None:
    far = voice(2 * STRETCH / RATE, 5)
    echo = echo_of(far, room(6), 1000)
    before, after = offsets(np.concatenate((echo[:STRETCH], echo[STRETCH + 2 * RATE :])), far)
    assert before
    assert after
    assert before.lag == pytest.approx(BEHIND, abs=samples(16))
    assert after.lag == pytest.approx(BEHIND - 2 * RATE, abs=samples(16))


@pytest.mark.parametrize(
    ("microphone", "reference"),
    [
        (voice(8.0, 3), FAR),
        (np.zeros_like(FAR), FAR),
        (HEARD, np.zeros_like(FAR)),
        (HEARD[:100], FAR[:50]),
        (HEARD[:1], FAR[:1]),
    ],
    ids=["somebody else", "silent microphone", "silent reference", "no time", "a sample"],
)
def test_what_is_not_there_is_not_found(microphone: Sound, reference: Sound) -> None:
    assert set(offsets(microphone, reference)) == {None}


def test_a_reference_that_repeats_itself_has_no_one_place() -> None:
    again = np.tile(FAR[: 2 * RATE], 6)
    assert list(offsets(HEARD[2000 : 2 * RATE], again)) == [None]


@pytest.mark.parametrize("seed", range(4))
def test_a_room_answers_afterwards(seed: int) -> None:
    heard = echo_of(FAR, room(10 + seed, 0.4), 1000)
    right, wrong = ([offset for offset in offsets(*pair) if offset] for pair in ((heard, FAR), (FAR, heard)))
    assert not swapped(right)
    assert swapped(wrong)


def test_what_comes_after_its_cause_is_no_cause() -> None:
    """As in the demonstration, whose room is small: what is heard just before the loudest is louder than behind it."""
    assert not swapped([Offset(640, 0.595)])
    assert swapped([Offset(-640, 0.595)])
    assert swapped([Offset(3 * RATE, 0.595)])


def test_of_nothing_nothing_is_said() -> None:
    assert not swapped([])
    assert not swapped([Offset(800, 0.9)])
