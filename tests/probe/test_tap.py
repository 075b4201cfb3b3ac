"""A card that is looked at is the same card; what is laid over its microphone lies where it was said to lie."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.ports import Heard, Pcm, Play
from edgeagent.units import RATE
from tools.probe.judge import joined, laid, last_sound, moment, stopped_run, stretched, torn
from tools.probe.tap import Block, Cut, Tap, Tape


class FakeCard:
    """Called by the test in place of a sound library."""

    name, input_rate, output_rate = "fake", RATE, RATE

    def __init__(self, unplayed: int = 0) -> None:
        self.heard: Heard
        self.play: Play
        self.calls: list[str] = []
        self._unplayed = unplayed

    def open(self, heard: Heard, play: Play) -> None:
        self.heard, self.play = heard, play

    def abort(self) -> int:
        self.calls.append("abort")
        return self._unplayed

    def restart(self) -> None:
        self.calls.append("restart")

    def age(self) -> float:
        return 0.5

    def facts(self) -> Mapping[str, int | float | str]:
        return {"overflows": 1, "underflows": 2}

    def close(self) -> None:
        self.calls.append("close")


def opened(tap: Tap, card: FakeCard) -> list[tuple[Pcm, int]]:
    """What the device hears; its own voice counts on."""
    heard: list[tuple[Pcm, int]] = []
    handed = [0]

    def play(out: Pcm, when: float) -> None:
        out[:] = np.arange(handed[0], handed[0] + out.size) + 1 + 0 * int(when)
        handed[0] += out.size

    tap.around(card).open(lambda pcm, lost, _when: heard.append((pcm, lost)), play)
    return heard


@given(
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=20), wait=st.integers(0, 2000), length=st.integers(1, 900)
)
def test_a_voice_begins_at_its_frame_however_the_sound_is_cut(sizes: list[int], wait: int, length: int) -> None:
    tap, card = Tap(), FakeCard()
    heard = opened(tap, card)
    voice = np.arange(1, length + 1).astype(np.int16)
    start = tap.inject(voice, wait)
    assert start == wait
    room = np.full(sum(sizes), 7, np.int16)
    at = 0
    for size in sizes:
        card.heard(room[at : at + size], 0, at / RATE)
        at += size
    expected = np.full(at + wait + length, 7)
    expected[wait : wait + length] += voice
    np.testing.assert_array_equal(np.concatenate([pcm for pcm, _ in heard]), expected[:at])
    np.testing.assert_array_equal(joined(tap.tape().heard), room)  # the microphone itself heard nobody


def test_loud_and_loud_is_no_louder_than_full_scale() -> None:
    tap, card = Tap(), FakeCard()
    heard = opened(tap, card)
    tap.inject(np.full(10, 30_000, np.int16), 0)
    card.heard(np.full(10, 30_000, np.int16), 0, 0.0)
    assert heard[0][0].tolist() == [32767] * 10


def test_lost_frames_are_counted_and_handed_on() -> None:
    tap, card = Tap(), FakeCard()
    heard = opened(tap, card)
    card.heard(np.ones(100, np.int16), 0, 0.0)
    card.heard(np.ones(100, np.int16), 50, 150 / RATE)
    assert [lost for _, lost in heard] == [0, 50]
    assert (tap.frames, tap.lost) == (250, 50)
    assert joined(tap.tape().heard).tolist() == [1] * 100 + [0] * 50 + [1] * 100
    assert torn(tap.tape().heard, 0.0)
    assert not torn(tap.tape().heard, 1.0)


@given(jitter=st.lists(st.floats(-0.0004, 0.0004), min_size=30, max_size=60), frame=st.integers(0, 30 * 160 - 1))
def test_a_moment_is_not_as_jittery_as_its_stamps(jitter: list[float], frame: int) -> None:
    silence = np.zeros(160, np.int16)
    blocks = [Block(160 * n, silence, 5 + 160 * n / RATE + late, 0.0, 1) for n, late in enumerate(jitter)]
    found = moment(blocks, frame, RATE)
    assert found is not None
    assert min(jitter) - 1e-9 <= found - (5 + frame / RATE) <= max(jitter) + 1e-9
    assert moment(blocks, 160 * len(blocks), RATE) is None


def test_the_last_sound_of_the_run_that_was_stopped() -> None:
    tap, card = Tap(), FakeCard(unplayed=100)
    opened(tap, card)
    looked_at = tap.around(card)
    heard: list[int] = []

    def play(out: Pcm, when: float) -> None:
        del when
        heard.append(out.size)
        out[:] = 1 if len(heard) < 4 else 0

    looked_at.open(lambda *_: None, play)
    for n in range(6):
        card.play(np.empty(160, np.int16), 9 + n * 160 / RATE)
    assert looked_at.abort() == 100
    looked_at.restart()
    card.play(np.empty(160, np.int16), 11.0)
    tape = tap.tape()
    run, cut = stopped_run(tape, 0.0, RATE)
    assert cut is not None
    assert (len(run), cut.played) == (6, 860)
    assert last_sound(run, cut.played, RATE) == pytest.approx(9 + 3 * 160 / RATE)  # what followed was silence
    assert last_sound(run, 200, RATE) == pytest.approx(9 + 200 / RATE)  # what was called back never sounded
    assert card.calls == ["abort", "restart"]
    assert tap.xruns() == 3


@pytest.mark.parametrize("ppm", [-150.0, 80.0])
def test_a_loudspeaker_with_a_clock_of_its_own_is_put_on_the_microphones(ppm: float) -> None:
    """A tone that a fast clock plays is read at the pitch at which it sounds, and in phase at its end."""
    length, pitch = 2 * RATE, 1500.0
    places = np.arange(length)
    given_ = np.sin(2 * np.pi * pitch / RATE * places).astype(np.float32)
    sounds = np.sin(2 * np.pi * pitch / RATE * (length - 1 - (length - 1 - places) * (1 + ppm * 1e-6)))
    inside = slice(100, -100)
    assert np.abs(stretched(given_, ppm) - sounds)[inside].max() < 0.01
    assert np.abs(given_ - sounds)[inside].max() > 0.5


def test_a_sound_is_laid_where_it_sounded() -> None:
    sound = np.arange(5, dtype=np.float32)
    assert laid(sound, 2, 0.0).tolist() == [0, 0, 0, 1, 2, 3, 4]
    assert laid(sound, -2, 0.0).tolist() == [2, 3, 4]


@given(gap_ms=st.floats(8, 200), place=st.integers(20, 80), seed=st.integers(0, 100))
def test_what_an_underrun_has_moved_is_another_run(gap_ms: float, place: int, seed: int) -> None:
    """Frames are numbered on, but sound later; and one stamp in nine is late for want of the processor."""
    dice = np.random.default_rng(seed)
    late = 0.0002 * dice.random(100)
    late[np.arange(seed % 9, 100, 9)] += 0.02
    blocks = tuple(
        Block(160 * n, np.ones(160, np.int16), 5 + 160 * n / RATE + late[n] + gap_ms / 1000 * (n >= place), 0.0, 1)
        for n in range(100)
    )
    cut = Cut(1, 100 * 160, 10.0, 10.001)
    run, _ = stopped_run(Tape((), blocks, (cut,), 0), 9.0, RATE)
    assert place <= run[0].frame // 160 <= place + 7
    truth = 5 + 1 + gap_ms / 1000
    last = last_sound(run, cut.played, RATE)
    assert last is not None
    assert abs(last - truth) < 0.0005
