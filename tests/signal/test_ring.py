"""The ring: what is read is what was written at that index, or an error."""

from __future__ import annotations

import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.errors import RingError
from edgeagent.signal import Sound
from edgeagent.signal.ring import Ring


def counted(start: int, stop: int) -> Sound:
    """Sound that says its own index, from 1 on so that it differs from silence."""
    return np.arange(start + 1, stop + 1, dtype=np.float32)


@given(st.integers(1, 20), st.lists(st.integers(0, 50), max_size=20))
def test_holds_the_newest_samples_whatever_the_blocks(capacity: int, blocks: list[int]) -> None:
    ring = Ring(capacity)
    for n in blocks:
        ring.write(counted(ring.end, ring.end + n))
        assert ring.end - ring.start == min(ring.end, capacity)
        for start in range(ring.start, ring.end + 1):
            np.testing.assert_array_equal(ring.read(start, ring.end), counted(start, ring.end))
    assert ring.end == sum(blocks)


@given(st.integers(1, 20), st.lists(st.tuples(st.booleans(), st.integers(0, 50)), max_size=20))
def test_silence_takes_its_place(capacity: int, blocks: list[tuple[bool, int]]) -> None:
    ring, whole = Ring(capacity), np.zeros(0, np.float32)
    for silent, n in blocks:
        if silent:
            ring.write_silence(n)
            whole = np.append(whole, np.zeros(n, np.float32))
        else:
            block = counted(whole.size, whole.size + n)
            ring.write(block)
            whole = np.append(whole, block)
        np.testing.assert_array_equal(ring.read(ring.start, ring.end), whole[ring.start :])
        assert ring.end == whole.size


@pytest.mark.parametrize(("start", "stop"), [(1, 3), (5, 13), (13, 13), (-1, 0), (-4, -2), (6, 5)])
def test_refuses_what_is_gone_not_yet_there_or_upside_down(start: int, stop: int) -> None:
    ring = Ring(10)
    ring.write(counted(0, 12))
    with pytest.raises(RingError, match=r"holds 2 \.\. 12"):
        ring.read(start, stop)


def test_a_read_is_a_copy() -> None:
    ring = Ring(4)
    ring.write(counted(0, 4))
    kept = ring.read(0, 4)
    ring.write(counted(4, 8))
    np.testing.assert_array_equal(kept, counted(0, 4))
    assert kept.dtype == np.float32


def test_needs_room() -> None:
    with pytest.raises(ValueError, match="room"):
        Ring(0)


def test_writing_allocates_no_sound() -> None:
    ring, block = Ring(100_000), np.ones(30_000, np.float32)
    tracemalloc.start()
    try:
        for _ in range(10):
            ring.write(block)
            ring.write_silence(30_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4096


def test_sound_overwritten_during_the_copy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ring, copy = Ring(10), np.concatenate
    ring.write(counted(0, 10))

    def interrupted(parts: tuple[Sound, ...]) -> Sound:
        ring.write(counted(10, 13))
        return copy(parts)

    monkeypatch.setattr(np, "concatenate", interrupted)
    with pytest.raises(RingError, match="overwritten"):
        ring.read(2, 8)
    assert ring.read(6, 8).tolist() == [7, 8]


def test_a_reader_beside_the_writer_never_gets_stale_sound() -> None:
    ring, done = Ring(2000), threading.Event()
    torn: list[int] = []

    def read() -> None:
        while not done.is_set():
            start = ring.start
            try:
                sound = ring.read(start, start + 500)
            except RingError:
                continue
            if not np.array_equal(sound, counted(start, start + 500)):
                torn.append(start)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        while ring.end < 1_500_000:  # float32 counts exactly up to 2 ** 24
            ring.write(counted(ring.end, ring.end + 300))
    finally:
        done.set()
        reader.join()
    assert torn == []
