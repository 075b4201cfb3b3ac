"""The people of a day: they come in while the device speaks, ask for more when it is silent, and are bounded."""

from __future__ import annotations

import numpy as np

from edgeagent.ports import Sound
from edgeagent.units import CARD_BLOCK, RATE
from tools.endurance.people import HOUR, SILENCE, WHAT, People

CLIPS = {kind: [np.ones(RATE // 2, np.float32)] for kind in WHAT}


def heard(people: People, seconds: int, speaks: bool, at: int = 0) -> Sound:
    return np.concatenate([people.hear(at + k * CARD_BLOCK, speaks) for k in range(seconds * RATE // CARD_BLOCK)])


def test_they_come_in_while_the_device_speaks() -> None:
    people = People(CLIPS, 1)
    sound = heard(people, 60, True)
    assert 5 < people.spoke < 25
    assert 0.05 < np.mean(np.abs(sound) > 0.02) < 0.5  # half a second at a time


def test_they_ask_for_more_after_a_silence() -> None:
    people = People(CLIPS, 1)
    first = np.flatnonzero(np.abs(heard(people, 20, False)) > 0.02)[0]
    assert abs(first - SILENCE) <= RATE
    assert people.onset >= 0


def test_a_day_is_the_same_for_a_seed_and_another_for_another() -> None:
    one, same, other = (heard(People(CLIPS, seed), 20, True) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_every_hour_has_its_own_noise_and_takes_no_more_memory() -> None:
    people = People(CLIPS, 1)
    first = heard(people, 1, False)
    size = sum(noise.nbytes for noise in people._noises)
    second = heard(people, 1, False, HOUR)
    assert np.abs(second).mean() > 1.5 * np.abs(first).mean()
    assert sum(noise.nbytes for noise in people._noises) == size
