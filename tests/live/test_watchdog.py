"""What a live microphone never does is noticed, and what it may do is borne with."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.devices.rates import RATES
from edgeagent.live.standby import Standby
from edgeagent.live.watchdog import Watchdog
from edgeagent.ports import Sound
from edgeagent.signal.convert import to_float
from edgeagent.signal.resample import Resampler
from edgeagent.turn.events import Event, MicrophoneBack, MicrophoneFailed
from edgeagent.units import RATE

BLOCK = 160


def noise(seconds: float, level: float = 0.001) -> Sound:
    sound = np.random.default_rng(1).uniform(-level, level, round(seconds * RATE))
    return (np.rint(sound * 32768) / 32768).astype(np.float32)


def events(watchdog: Watchdog, sound: Sound) -> list[tuple[float, Event]]:
    """What is told, and at which second."""
    told = [(start / RATE, watchdog.hear(sound[start : start + BLOCK])) for start in range(0, sound.size, BLOCK)]
    return [(at, event) for at, event in told if event is not None]


@pytest.mark.parametrize(
    ("value", "after", "reason"), [(0.0, 8, "zeros"), (-1 / 32768, 2, "same value"), (0.25, 2, "same value")]
)
def test_stillness_is_a_fault(value: float, after: float, reason: str) -> None:
    watchdog = Watchdog()
    still = np.full(13 * RATE, value, np.float32)
    (at, event), (back_at, back) = events(watchdog, np.concatenate((noise(1), still, noise(1))))
    assert isinstance(event, MicrophoneFailed)
    assert reason in event.reason
    assert at == pytest.approx(1 + after, abs=0.02)
    assert isinstance(back, MicrophoneBack)
    assert 14.2 < back_at < 14.6


@pytest.mark.parametrize("value", [0.0, 0.25])
def test_what_never_moved_is_believed_at_no_moment_and_a_fault_soon(value: float) -> None:
    watchdog = Watchdog()
    still = np.full(3 * RATE, value, np.float32)
    for start in range(0, still.size, BLOCK):
        watchdog.hear(still[start : start + BLOCK])
        assert not watchdog.believed
        assert bool(watchdog.trouble) == (start + BLOCK >= 2 * RATE)


def test_sound_is_believed_at_once_at_the_start_and_after_a_while_when_it_comes_back() -> None:
    watchdog = Watchdog()
    watchdog.hear(noise(BLOCK / RATE))
    assert watchdog.believed
    watchdog.absent(1)
    assert not watchdog.believed
    watchdog.hear(noise(0.2))
    assert not watchdog.believed
    watchdog.hear(noise(0.2))
    assert watchdog.believed


def test_silence_between_words_of_a_gated_microphone_makes_sense() -> None:
    watchdog = Watchdog(still=True)
    watchdog.hear(np.zeros(BLOCK, np.float32))
    assert watchdog.believed
    watchdog.absent(1)
    watchdog.hear(np.zeros(RATE, np.float32))
    assert watchdog.believed
    watchdog.hear(np.full(3 * RATE, 0.25, np.float32))  # frozen is broken, all the same
    assert not watchdog.believed


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("value", [-1, 20_000])
def test_a_frozen_microphone_is_one_at_every_rate_of_a_card(rate: int, value: int) -> None:
    frozen = np.full(4 * rate, value, np.int16)
    sound = np.concatenate((noise(0.5), Resampler(rate, RATE).push(to_float(frozen))))
    assert ["one and the same" in getattr(event, "reason", "") for _, event in events(Watchdog(), sound)] == [True]


def test_the_last_bit_is_movement_enough_at_any_level() -> None:
    stir = to_float(np.random.default_rng(0).integers(32_000, 32_002, 10 * RATE).astype(np.int16))
    assert not events(Watchdog(), stir)


def test_overdriven_for_long_is_a_fault_and_loud_speech_is_not() -> None:
    square = np.sign(np.sin(np.arange(3 * RATE) / 10)).astype(np.float32)
    ((at, event),) = events(Watchdog(), square)
    assert isinstance(event, MicrophoneFailed)
    assert at == pytest.approx(2, abs=0.02)
    speech = np.clip(noise(4, 2.0), -1, 1) * np.repeat([1, 0.01] * 8, RATE // 4).astype(np.float32)
    assert not events(Watchdog(), speech)


def test_a_still_file_may_be_still() -> None:
    assert not events(Watchdog(still=True), np.zeros(30 * RATE, np.float32))


def test_absence_is_told_once() -> None:
    watchdog = Watchdog()
    told = [watchdog.absent(seconds / 10) for seconds in range(30)]
    assert [index for index, event in enumerate(told) if event] == [5]
    ((_, back),) = events(watchdog, noise(1))
    assert isinstance(back, MicrophoneBack)


def test_one_good_block_is_not_yet_a_microphone() -> None:
    watchdog = Watchdog()
    watchdog.absent(1)
    flicker = [watchdog.hear(block) for _ in range(20) for block in (noise(0.1), np.zeros(1600, np.float32))]
    assert not any(flicker)


def test_silence_keeps_pace_with_the_clock() -> None:
    standby = Standby(10.0)
    assert standby.missing(10.1) == 0
    given = [standby.missing(10.0 + tick / 100) for tick in range(20, 101)]
    assert sum(given) == RATE
    assert standby.came(11.0, 2 * RATE, lost=True) == RATE  # of two seconds lost one has been given
    assert standby.came(11.0, 100, lost=False) == 0
    assert standby.missing(11.1) == 0


def test_after_a_suspend_the_lost_time_is_left_out() -> None:
    standby = Standby(0.0)
    assert standby.missing(3600.0) == RATE
    assert standby.missing(3600.5) == RATE // 2


def test_silence_beyond_the_loss_counts_against_the_sound_behind_it() -> None:
    standby = Standby(0.0)
    assert standby.missing(0.215) == 3440
    taken = [
        standby.came(0.22, count, lost) for count, lost in ((3200, True), (160, False), (160, False), (160, False))
    ]
    assert taken == [3200, 160, 80, 0]


def test_frames_that_were_only_late_are_never_dropped() -> None:
    standby = Standby(0.0)
    assert standby.missing(0.215) == 3440
    assert [standby.came(0.22, 160, lost) for lost in (False, True)] == [0, 0]


def test_frames_that_stop_again_before_all_silence_is_counted_leave_time_going_on() -> None:
    standby = Standby(0.0)
    assert standby.missing(1.0) == RATE
    assert standby.came(1.0, 800, lost=True) == 800  # the card tells of a part of the gap only
    assert standby.came(1.0, 160, lost=False) == 160
    assert standby.missing(1.3) == 0.3 * RATE
