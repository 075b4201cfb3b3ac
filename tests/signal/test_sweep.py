"""The swept sine finds the room and the distortion that were put between loudspeaker and microphone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeagent.ports import Sound
from edgeagent.signal.sweep import HIGHEST_HZ, LOWEST_HZ, Room, room, sweep
from edgeagent.units import RATE

COUNT = 2 * RATE


def heard_in(played: Sound, path: Sound, noise: float = 1e-4, seed: int = 1) -> Sound:
    sound = np.convolve(played, path)[: len(played)]
    return (sound + noise * np.random.default_rng(seed).standard_normal(len(played))).astype(np.float32)


def played(gain: float = 0.5) -> Sound:
    return np.concatenate((np.zeros(3000, np.float32), gain * sweep(COUNT), np.zeros(RATE // 2, np.float32)))


def reverberant(delay: int, gain: float, seed: int) -> Sound:
    dice = np.random.default_rng(seed)
    path = np.zeros(delay + 1200)
    path[delay:] = 0.15 * dice.standard_normal(1200) * np.exp(-np.arange(1200) / 200)
    path[delay] = 1.0
    response: Sound = (gain * path).astype(np.float32)
    return response


def bent(sound: Sound, square: float, cube: float) -> Sound:
    curved: Sound = (sound + square * sound**2 + cube * sound**3).astype(np.float32)
    return curved


def tone_distortion(amplitude: float, square: float, cube: float) -> float:
    """Of a steady tone, read off its spectrum: harmonics over fundamental."""
    tone = (amplitude * np.sin(2 * np.pi * 500 * np.arange(RATE) / RATE)).astype(np.float32)
    lines = np.abs(np.fft.rfft(bent(tone, square, cube)))[500:4000:500]
    return float(np.sqrt(np.sum(lines[1:] ** 2)) / lines[0])


def found(reference: Sound, microphone: Sound) -> Room:
    result = room(reference, microphone, COUNT)
    assert result is not None
    return result


def test_a_sweep_goes_from_the_lowest_to_the_highest_and_never_beyond_full_scale() -> None:
    sound = sweep(COUNT)
    assert sound.dtype == np.float32
    assert 0.95 < np.abs(sound).max() <= 1
    crossings = np.flatnonzero(np.diff(np.signbit(sound)))
    periods = 2 * np.diff(crossings).astype(float) / RATE
    assert 1 / periods[:6].mean() == pytest.approx(LOWEST_HZ, rel=0.1)
    assert 1 / periods[-400:].mean() == pytest.approx(HIGHEST_HZ, rel=0.05)
    octave = np.searchsorted(crossings, [0.25 * COUNT, 0.5 * COUNT, 0.75 * COUNT])
    ratios = [np.diff(crossings[i - 9 : i + 9]).mean() for i in octave]
    assert ratios[0] / ratios[1] == pytest.approx(ratios[1] / ratios[2], rel=0.05)  # the same time for each octave


@settings(max_examples=30)
@given(delay=st.integers(0, 4000), gain_db=st.floats(-50, 0), seed=st.integers(0, 99))
def test_delay_and_gain_of_a_reverberant_room(delay: int, gain_db: float, seed: int) -> None:
    path = reverberant(delay, 10 ** (gain_db / 20), seed)
    reference = played()
    result = found(reference, heard_in(reference, path, noise=1e-6))
    assert result.delay == pytest.approx(delay, abs=0.6)
    spectrum = np.abs(np.fft.rfft(path, RATE))[np.geomspace(200, 2400, 500).astype(int)]  # octaves count alike
    assert result.gain_db == pytest.approx(10 * np.log10(np.mean(spectrum**2)), abs=1.0)
    again = np.roll(np.convolve(reference, result.response)[: len(reference)], result.first)
    clean = heard_in(reference, path, 0)
    hertz = np.fft.rfftfreq(len(clean), 1 / RATE)
    inside = (hertz > 150) & (hertz < 6500)  # the ends of the band are faded out
    left, whole = (np.sum(np.abs(np.fft.rfft(sound)[inside]) ** 2) for sound in (again - clean, clean))
    assert left < 1e-2 * whole


def test_an_echo_between_two_samples() -> None:
    spectrum = np.fft.rfft(played())
    hertz = np.fft.rfftfreq(len(played()), 1 / RATE)
    late = np.fft.irfft(spectrum * np.exp(-2j * np.pi * hertz * 80.4 / RATE), len(played())).astype(np.float32)
    assert found(played(), late).delay == pytest.approx(80.4, abs=0.1)


@pytest.mark.parametrize("delay", [-60, -10])
def test_stamps_that_are_a_little_wrong_put_the_echo_before_its_cause(delay: int) -> None:
    result = found(played(), np.roll(0.3 * played(), delay))
    assert result.delay == pytest.approx(delay, abs=0.2)


@given(square=st.floats(0.0, 0.4), cube=st.floats(-0.3, 0.3))
def test_distortion_is_that_of_a_steady_tone(square: float, cube: float) -> None:
    amplitude = 0.5
    true = tone_distortion(amplitude, square, cube)
    result = found(played(amplitude), heard_in(bent(played(amplitude), square, cube), reverberant(100, 0.3, 4), 1e-6))
    assert result.distortion == pytest.approx(true, rel=0.25, abs=0.004)


def test_noise_alone_is_told_as_doubt_and_not_as_distortion() -> None:
    results = [found(played(), heard_in(played(), reverberant(100, 0.1, s), 0.01, s)) for s in range(6)]
    assert all(result.doubt > 0.004 for result in results)
    assert np.median([result.distortion for result in results]) <= 2 * max(r.doubt for r in results)


@pytest.mark.parametrize("seed", range(5))
def test_where_there_is_no_echo_none_is_found(seed: int) -> None:
    noise = (0.01 * np.random.default_rng(seed).standard_normal(len(played()))).astype(np.float32)
    assert room(played(), noise, COUNT) is None
    assert room(played(), np.zeros_like(noise), COUNT) is None
    assert room(np.zeros_like(noise), noise, COUNT) is None
