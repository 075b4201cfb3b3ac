"""Both networks: when the second is asked, and what it knows then."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgeagent.detect.backchannel import BEFORE, NOBODY
from edgeagent.detect.near_end import CLASSES
from edgeagent.detect.networks import LINGER, Networks
from edgeagent.signal.features import SIZE
from tests.detect.made_up import KIND_SCORES, SCORES, Array, Counting


class Scripted(Counting):
    """Says that nothing sounds, but in some hops."""

    def __init__(self, sounds: range) -> None:
        super().__init__(SCORES)
        self._sounds = sounds

    def run(self, feeds: Mapping[str, Array]) -> Mapping[str, Array]:
        hop = len(self.states) - 1  # one run is the trial at the start
        silent = np.array([[0.0 if index else 9.0 for index in range(len(CLASSES))]], np.float32)
        told = super().run(feeds)
        return told if hop in self._sounds else {**told, "logits": silent}


def heard(networks: Networks, hops: int, every: int = 1) -> list[tuple[float, ...]]:
    """What the overlap is said to be in each of so many hops, no two of which are alike."""
    dice = np.random.default_rng(hops)
    return [tuple(networks.hear(dice.normal(size=SIZE).astype(np.float32), every)[1]) for _ in range(hops)]


def test_where_nothing_sounds_nobody_is_asked_what_it_is_and_where_something_does_from_half_a_second_before() -> None:
    model = Counting(KIND_SCORES)
    networks = Networks(Scripted(range(100, 110)), model)
    begun = LINGER + BEFORE
    for hops, asked in ((80, LINGER), (20, LINGER), (1, begun + 1), (9, begun + 10), (80, begun + 10 + LINGER)):
        heard(networks, hops)
        assert len(model.states) - 1 == asked
    counted = [*range(LINGER), *range(BEFORE + 10 + LINGER)]  # it has forgotten what was longer ago
    assert [state.max() for state in model.states[1:]] == counted


def test_what_was_passed_over_is_shown_in_its_order() -> None:
    model, near = Counting(KIND_SCORES), Scripted(range(60, 70))
    heard(Networks(near, model), 62)
    np.testing.assert_array_equal(model.seen[1 + LINGER :], near.seen[1 + LINGER :])


def test_what_was_said_of_an_overlap_does_not_outlast_it() -> None:
    overlaps = heard(Networks(Scripted(range(10)), Counting(KIND_SCORES)), 60)
    last = 10 + LINGER
    assert set(overlaps[last:]) == {NOBODY}
    assert NOBODY not in overlaps[:last]


def test_restarted_both_are_asked_at_once() -> None:
    model = Counting(KIND_SCORES)
    networks = Networks(Scripted(range(0)), model)
    heard(networks, 2 * LINGER, every=3)
    asked = len(model.states)
    networks.restart()
    heard(networks, 1, every=3)
    assert len(model.states) == asked + 1
    assert not model.states[-1].any()
