"""A turn's sound, taken from a ring that may have gone on meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.live.turns import Both, Partly, Turns
from edgeagent.ports import Sound
from edgeagent.signal.ring import Ring
from edgeagent.turn.actions import HandOver, OpenTurn

KEPT = 1000


class Ears:
    """See `turns.Listener`."""

    def __init__(self) -> None:
        self.turn = -1
        self.streamed: list[Sound] = []
        self.whole: list[Sound] = []

    def open_turn(self, turn: int, audio: str) -> None:
        assert audio == "turn-001.wav"
        self.turn = turn

    def sound(self, turn: int, block: Sound) -> None:
        assert turn == self.turn
        self.streamed.append(block)

    def close_turn(self, turn: int, sound: Sound) -> None:
        assert turn == self.turn
        self.whole.append(sound)

    def drop_turn(self, turn: int) -> None:
        pass

    def close(self) -> None:
        pass


class Writing(Ears):
    """See `turns.Partly`."""

    def tell_so_far(self, told: Callable[[int, str], None]) -> None:
        self.so_far = told


def test_of_several_listeners_those_that_write_while_they_listen_are_asked_to() -> None:
    writing, heard = Writing(), []
    both = Both(Ears(), writing)
    assert isinstance(both, Partly)
    both.tell_so_far(lambda turn, text: heard.append((turn, text)))
    writing.so_far(7, "I want to")
    assert heard == [(7, "I want to")]


@given(st.integers(0, 500), st.lists(st.integers(0, 3 * KEPT), max_size=4), st.integers(0, 3 * KEPT))
def test_what_the_ring_does_not_hold_any_more_is_left_out_and_nothing_else(
    onset: int, pieces: list[int], end: int
) -> None:
    ring, ears = Ring(KEPT), Ears()
    turns = Turns(ring, ears)
    ring.write(np.arange(500, dtype=np.float32))
    turns.open(OpenTurn(onset, 1, max(0, onset - 300)))
    for piece in pieces:
        ring.write(np.arange(ring.end, ring.end + piece, dtype=np.float32))
        turns.stream()
    start = max(0, onset - 300)
    whole = turns.close(HandOver(onset, 1, start, min(ring.end, start + end)))
    held = range(max(start, ring.start), min(ring.end, start + end))
    assert whole.tolist() == ears.whole[0].tolist() == list(map(float, held))
    streamed = np.concatenate([np.zeros(0, np.float32), *ears.streamed])
    assert np.all(np.diff(streamed) >= 1)
    if all(piece <= KEPT for piece in pieces):
        assert streamed.tolist() == list(map(float, range(start, ring.end)))
