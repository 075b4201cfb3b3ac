"""The microphone's blocks come out at 16 kHz, in order, and what was lost comes out as silence of the same length."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.live.capture import BACKLOG, Capture
from edgeagent.ports import Pcm
from edgeagent.units import RATE


def ramp(start: int, count: int) -> Pcm:
    return np.arange(start, start + count).astype(np.int16)


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 300)), max_size=20))
def test_every_frame_comes_out_at_its_index(blocks: list[tuple[int, int]]) -> None:
    capture = Capture(RATE)
    expected: list[int] = []
    for count, lost in blocks:
        pcm = ramp(len(expected) + lost, count)
        capture.heard(pcm, lost, (len(expected) + lost) / RATE)
        expected += [0] * lost + pcm.tolist()
    taken = list(capture.take())
    capture.close()
    sound = np.concatenate([np.zeros(0), *(block.sound for block in taken)])
    assert (sound * 32768).tolist() == expected
    starts = np.cumsum([0, *(block.sound.size for block in taken)])[:-1] / RATE
    assert [block.when for block in taken] == pytest.approx(starts.tolist())
    assert sum(block.lost for block in taken) == sum(lost for _, lost in blocks)


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 1)), max_size=40), st.integers(1, 40))
def test_joined_blocks_are_the_same_sound(blocks: list[tuple[int, int]], most: int) -> None:
    single, joined = Capture(48000), Capture(48000)
    at = 0
    for count, lost in blocks:
        for capture in (single, joined):
            capture.heard(ramp(at, count), 300 * lost, (at + 300 * lost) / 48000)
        at += count + 300 * lost
    one_by_one, runs = list(single.take()), []
    while more := list(joined.take(most, joined=True)):
        runs += more
    single.close()
    joined.close()
    apart, together = (np.concatenate([np.zeros(0), *(b.sound for b in found)]) for found in (one_by_one, runs))
    np.testing.assert_array_equal(together, apart)
    assert sum(block.stamps for block in runs if not block.lost) == len(blocks)
    assert [block.lost for block in runs if block.lost] == [block.lost for block in one_by_one if block.lost]


def test_of_joined_blocks_the_moment_is_that_of_all_stamps_and_a_leap_is_no_part_of_it() -> None:
    capture = Capture(RATE)
    late = (0.0, 0.004, -0.002, 0.002)
    for block, off in enumerate(late):
        capture.heard(ramp(0, 160), 0, 3 + block / 100 + off)
    capture.heard(ramp(0, 160), 0, 4.0)
    first, second = capture.take(joined=True)
    capture.close()
    assert (first.stamps, first.sound.size) == (4, 640)
    assert first.when == pytest.approx(3 + sum(late) / 4)
    assert (second.stamps, second.when) == (1, 4.0)


@pytest.mark.parametrize("rate", [32000, 44100, 48000])
def test_other_rates_arrive_at_16_khz_with_the_moment_of_each_sample(rate: int) -> None:
    capture = Capture(rate)
    t = np.arange(rate) / rate
    pcm = (8000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)
    for start in range(0, rate, rate // 100):
        capture.heard(pcm[start : start + rate // 100], 0, 5 + start / rate)
    for block in list(capture.take())[10:]:
        moments = block.when - 5 + np.arange(block.sound.size) / RATE
        np.testing.assert_allclose(block.sound, 8000 / 32768 * np.sin(2 * np.pi * 440 * moments), atol=0.02)
    capture.close()


def test_an_engine_that_lags_loses_blocks_but_never_the_count() -> None:
    capture = Capture(RATE)
    for i in range(BACKLOG + 50):
        capture.heard(ramp(0, 160), 0, i / 100)
    taken = list(capture.take())
    capture.heard(ramp(0, 160), 0, (BACKLOG + 50) / 100)
    taken += list(capture.take())
    capture.close()
    assert sum(block.sound.size for block in taken) == (BACKLOG + 51) * 160
    assert sum(block.lost for block in taken) == 50 * 160


def test_the_wait_ends_with_a_block_or_the_bell() -> None:
    capture = Capture(RATE)
    capture.ring()
    capture.wait(60)
    capture.heard(ramp(0, 160), 0, 0.0)
    capture.wait(60)
    assert len(list(capture.take())) == 1
    capture.wait(0)  # the bell of the block just taken
    capture.wait(0)
    capture.close()


def test_nobody_is_woken_for_less_than_what_is_wanted() -> None:
    capture = Capture(RATE)
    woken = threading.Event()

    def sleep() -> None:
        capture.wait(60, 400)
        woken.set()

    sleeper = threading.Thread(target=sleep)
    sleeper.start()
    for count in (160, 320):
        capture.heard(ramp(0, 160), 0, 0.0)
        assert capture.waiting == count
        assert not woken.wait(0.02)
    capture.heard(ramp(0, 160), 0, 0.0)
    sleeper.join(10)
    assert woken.is_set()
    capture.wait(60, 480)  # as much is there already
    capture.close()
