"""When our voice ended, by a microphone in a room: found to its sample, and known how surely."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeagent.sim.noises import murmur
from edgeagent.units import RATE, samples
from tools.probe.silence import EARLY, End, Wave, Way, end_of, learn, onset_of, sharp

LEARNT = samples(1800)
HANDED = LEARNT + samples(150)
"""What the loudspeaker was given."""


def voice(seed: int, count: int = HANDED) -> Wave:
    return 0.1 * murmur(np.random.default_rng(seed), count, 1)


def room(seed: int, delay: int, decay: int) -> Wave:
    """A direct sound after `delay` samples and a diffuse decay."""
    dice = np.random.default_rng(seed)
    response = 0.05 * dice.normal(size=6 * decay) * np.exp(-np.arange(6 * decay) / decay)
    response[0] = 0.4
    return np.concatenate((np.zeros(delay), response))


def recorded(sound: Wave, response: Wave, end: int, noise: float, seed: int) -> Wave:
    heard = sound.copy()
    heard[end:] = 0
    echo = np.convolve(heard, response)[: sound.size + samples(130)]
    echo = np.pad(echo, (0, sound.size + samples(130) - echo.size))
    return echo + noise * np.random.default_rng(seed).normal(size=echo.size)


def found(sound: Wave, recording: Wave, told: int) -> tuple[Way, End | None]:
    way = learn(sharp(sound), sharp(recording), 0, LEARNT)
    return way, end_of(sharp(sound), sharp(recording), way, told)


@given(
    seed=st.integers(0, 1000),
    end=st.integers(LEARNT, LEARNT + samples(60)),
    delay=st.integers(0, samples(20)),
    decay=st.integers(20, 200),
    mistaken=st.integers(-samples(30), samples(30)),
)
@settings(max_examples=15)
def test_the_end_lies_where_it_is_said_to_lie(seed: int, end: int, delay: int, decay: int, mistaken: int) -> None:
    """Whatever the room, and whatever the card tells: `told` only says where to look."""
    sound = voice(seed)
    recording = recorded(sound, room(seed, delay, decay), end, 0.0005, seed)
    way, found_end = found(sound, recording, end + mistaken)
    assert found_end is not None
    silent = np.flatnonzero(np.abs(sound[found_end.low : end + 1]) > 0.02)  # what lies between was loud: then it shows
    assert found_end.low - samples(1) <= end <= found_end.high + samples(1) or not silent.size
    assert way.delay == delay
    if found_end.unsure <= samples(3):
        assert abs(found_end.at - end) <= samples(3)


@pytest.mark.parametrize("late_ms", [0, 10, 40])
def test_sound_that_went_on_although_the_card_was_told_to_stop_is_noticed(late_ms: int) -> None:
    sound, told = voice(3), LEARNT + samples(20)
    end = told + samples(late_ms)
    _, found_end = found(sound, recorded(sound, room(3, 80, 60), end, 0.0002, 3), told)
    assert found_end is not None
    assert abs(found_end.at - end) <= samples(2)
    assert found_end.unsure <= samples(3)


def sung(seed: int, pitches: dict[int, int]) -> Wave:
    """Harmonics of each pitch in Hz for so many milliseconds, and nothing between them: a voice of a synthesiser."""
    dice, parts = np.random.default_rng(seed), []
    for pitch, lasts_ms in pitches.items():
        turns = 2 * np.pi * pitch * np.arange(samples(lasts_ms)) / RATE
        parts.append(sum(np.cos(n * turns + dice.uniform(0, 6)) / n for n in range(1, 7000 // pitch)))
    return 0.05 * np.concatenate(parts)


@pytest.mark.parametrize("decay", [20, 60])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_voice_that_moves_on_to_another_pitch_is_still_known_for_ours(seed: int, decay: int) -> None:
    """What was learnt at the harmonics of some pitches holds for others, as far as a room is small: six times less is
    left of the echo there than there was of it."""
    sound = sharp(sung(seed, {110: 600, 116: 600, 111: 600, 123: 600}))
    heard = sharp(
        recorded(sung(seed, {110: 600, 116: 600, 111: 600, 123: 600}), room(seed, 80, decay), sound.size, 5e-4, 1)
    )
    way = learn(sound, heard, 0, LEARNT)
    later = slice(LEARNT + samples(120), sound.size)
    echo = np.convolve(sound, way.response)[EARLY:]
    assert np.std(heard[later] - echo[later]) < np.std(heard[later]) / 6


def test_in_a_pause_of_ours_it_says_that_it_does_not_know() -> None:
    sound, end = voice(4), LEARNT + samples(40)
    sound[end - samples(30) : end + samples(30)] = 0
    _, found_end = found(sound, recorded(sound, room(4, 80, 60), end, 0.0002, 4), end)
    assert found_end is not None
    assert found_end.unsure >= samples(50)


def test_a_microphone_that_hears_us_badly_says_nothing() -> None:
    sound = voice(5)
    way, found_end = found(sound, recorded(sound, room(5, 80, 60), LEARNT, 0.2, 5), LEARNT)
    assert way.gain_db < 6
    assert found_end is None


def test_hum_and_offset_do_no_harm() -> None:
    sound, end = voice(6), LEARNT + samples(30)
    recording = recorded(sound, room(6, 80, 60), end, 0.0002, 6)
    recording += 0.05 + 0.02 * np.sin(2 * np.pi * 100 * np.arange(recording.size) / RATE)
    _, found_end = found(sound, recording, end)
    assert found_end is not None
    assert abs(found_end.at - end) <= samples(2)


@given(start=st.integers(samples(300), samples(600)), seed=st.integers(0, 100), late_ms=st.integers(60, 300))
@settings(max_examples=20)
def test_somebody_who_begins_is_found_within_10_ms(start: int, seed: int, late_ms: int) -> None:
    """Whenever the device notices, and whatever clicked before."""
    dice = np.random.default_rng(seed)
    recording = 0.001 * dice.normal(size=samples(1200))
    noticed = start + samples(late_ms)
    assert onset_of(recording, samples(280), noticed) is None
    recording[samples(150) : samples(155)] += 0.3  # seldom enough not to be the floor, and long ago
    recording[start:] += 0.02 * dice.normal(size=recording.size - start)
    at = onset_of(recording, samples(280), noticed)
    assert at is not None
    assert abs(at - start) <= samples(10)
