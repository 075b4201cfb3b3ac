"""Where somebody made a sound, found by energy alone over what our own voice leaves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.detect.stretch import BRIDGED, Ground, Stretches, level_db
from edgeagent.units import HOP

GROUND_DB = -68.0
LOUD_DB = -30.0


def heard(levels: list[float]) -> list[tuple[int, int]]:
    stretches = Stretches(GROUND_DB)
    for level in levels:
        stretches.push(level)
    return stretches.found()


def test_a_sound_has_its_beginning_and_its_end() -> None:
    assert heard([GROUND_DB] * 20 + [LOUD_DB] * 15 + [GROUND_DB] * 20) == [(20, 35)]


def test_one_loud_hop_is_a_burst_of_echo_and_two_are_a_knock() -> None:
    assert heard([GROUND_DB] * 20 + [LOUD_DB] + [GROUND_DB] * 20) == []
    assert heard([GROUND_DB] * 20 + [LOUD_DB] * 2 + [GROUND_DB] * 20) == [(20, 22)]


def test_both_halves_of_a_word_are_one_sound_and_two_words_are_two() -> None:
    word = [LOUD_DB] * 8
    assert heard([*word, *[GROUND_DB] * (BRIDGED - 2), *word]) == [(0, 14 + BRIDGED)]
    assert len(heard([*word, *[GROUND_DB] * (BRIDGED + 4), *word])) == 2


def test_a_weak_beginning_belongs_to_it_and_the_room_answering_does_not() -> None:
    weak, fading = [GROUND_DB + 5] * 3, [LOUD_DB - 30 - 2 * n for n in range(8)]
    quiet = [LOUD_DB - 25] * 10
    assert heard([GROUND_DB] * 10 + weak + quiet + [GROUND_DB] * 10) == [(10, 23)]
    assert heard([GROUND_DB] * 10 + [LOUD_DB] * 10 + fading + [GROUND_DB] * 10) == [(10, 20)]


@given(st.lists(st.floats(-90, 0), min_size=1, max_size=200))
def test_whatever_the_levels_the_stretches_are_in_order_and_apart(levels: list[float]) -> None:
    found = heard(levels)
    edges = [edge for span in found for edge in span]
    assert edges == sorted(set(edges))
    assert all(0 <= start < stop <= len(levels) for start, stop in found)


def test_the_quiet_is_counted_from_the_last_sound() -> None:
    stretches = Stretches(GROUND_DB)
    for level in [GROUND_DB] * 5:
        stretches.push(level)
    assert not stretches.begun
    for level in [LOUD_DB] * 4 + [GROUND_DB] * 7:
        stretches.push(level)
    assert stretches.begun
    assert stretches.quiet == 7


def test_the_ground_is_above_nearly_all_of_what_is_left_and_below_a_rare_burst() -> None:
    dice, ground = np.random.default_rng(0), Ground()
    levels = dice.normal(-70, 2, 600)
    levels[::100] = -30
    for level in levels:
        ground.push(float(level))
    assert -69 < ground.level() < -60


@pytest.mark.parametrize(("amplitude", "expected"), [(1.0, 0.0), (0.1, -20.0)])
def test_the_level_of_a_square_wave_is_its_amplitude(amplitude: float, expected: float) -> None:
    assert level_db(np.full(HOP, amplitude, np.float32)) == pytest.approx(expected, abs=0.01)
    assert level_db(np.zeros(HOP, np.float32)) == -90.0
