"""Re-blocking: the same blocks, however the sound comes in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.signal.blocks import Blocks, Pairs, overlapping


@given(st.integers(1, 30), st.lists(st.integers(0, 100), max_size=20))
def test_nothing_is_lost_doubled_or_moved(size: int, pieces: list[int]) -> None:
    blocks, sound = Blocks(size), np.arange(sum(pieces), dtype=np.float32)
    out, taken = [], 0
    for n in pieces:
        buffer = sound[taken : taken + n].copy()
        out += blocks.push(buffer)
        buffer[:] = np.nan  # the card reuses its buffer
        taken += n
        assert len(out) * size + blocks.pending == taken
        assert blocks.pending < size
    assert all(block.shape == (size,) and block.dtype == np.float32 for block in out)
    np.testing.assert_array_equal(np.concatenate([np.zeros(0), *out]), sound[: len(out) * size])


def test_needs_a_size() -> None:
    with pytest.raises(ValueError, match="sample"):
        Blocks(0)


@given(st.lists(st.integers(1, 600), max_size=20))
def test_so_much_is_wanting_as_completes_a_pair(pieces: list[int]) -> None:
    pairs = Pairs(256)
    for size in pieces:
        pairs.first(np.zeros(size, np.float32))
        pairs.second(np.zeros(size, np.float32))
        list(pairs.take())
    wanting = pairs.wanting
    for count in (wanting - 1, 1):
        assert not list(pairs.take())
        pairs.first(np.zeros(count, np.float32))
        pairs.second(np.zeros(count, np.float32))
    assert len(list(pairs.take())) == 1


def test_frames_overlap_by_half_whatever_lies_around_them() -> None:
    two = np.arange(2 * 12, dtype=np.float32).reshape(2, 12)
    assert overlapping(two[1], 4).tolist() == [list(range(12, 20)), list(range(16, 24))]
    np.testing.assert_array_equal(overlapping(two, 4)[1], overlapping(two[1], 4))
    assert overlapping(two[:, :4], 4).shape == (2, 0, 8)
