"""The suppressor by itself: perfect reconstruction without echo, echo gone, near end kept."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.signal.suppressor import Suppressed, Suppressor
from edgeagent.units import HOP, RATE
from tests.signal.echo_world import Sound, level, voice


def run(error: Sound, echo: Sound) -> list[Suppressed]:
    suppressor = Suppressor()
    return [suppressor.process(error[i : i + HOP], echo[i : i + HOP]) for i in range(0, len(error) - HOP + 1, HOP)]


def clean(frames: list[Suppressed]) -> Sound:
    return np.concatenate([frame.clean for frame in frames[1:]])


def test_without_echo_the_sound_is_untouched() -> None:
    near = voice(2.0, 1)
    out = clean(run(near, np.zeros_like(near)))
    assert np.abs(out - near[: len(out)]).max() < 2e-5


def test_a_residual_that_follows_the_echo_goes_under_the_floor() -> None:
    echo = voice(4.0, 2)
    noise = 1e-5 * np.random.default_rng(3).standard_normal(len(echo)).astype(np.float32)
    residual = np.roll(echo, 40) * np.float32(0.1)
    out = clean(run(residual + noise, echo))
    assert level(out[RATE:]) < level(residual[RATE:]) - 20


def test_after_a_long_silence_of_ours_it_rests_and_begins_again_without_a_seam() -> None:
    near, echo = voice(9.0, 10), np.zeros(9 * RATE, np.float32)
    echo[RATE // 2 : RATE] = voice(0.5, 11)
    echo[7 * RATE :] = voice(2.0, 12)
    frames = run(near + np.roll(echo, 40) * np.float32(0.03), echo)
    out = clean(frames)
    resting = slice(6 * RATE, 7 * RATE - 2 * HOP)
    np.testing.assert_array_equal(out[resting], near[resting])
    at_rest = frames[6 * RATE // HOP]
    np.testing.assert_array_equal(at_rest.clean_power, at_rest.linear_power)
    assert not at_rest.echo_power.any()
    assert (at_rest.coherence, at_rest.changed) == (0.0, False)
    restless = clean(run(near + np.roll(echo, 40) * np.float32(0.03), np.where(echo == 0, np.float32(1e-12), echo)))
    apart = np.abs(out - restless)
    assert apart[5 * RATE // 2 :].max() < 0.02 * np.abs(near).max()


def test_the_noise_floor_is_followed_while_it_rests() -> None:
    noise = np.random.default_rng(13).standard_normal(12 * RATE).astype(np.float32)
    noise *= np.where(np.arange(noise.size) < 6 * RATE, 1e-4, 1e-2).astype(np.float32)
    echo = np.zeros_like(noise)
    echo[-RATE:] = voice(1.0, 14)
    always = np.full_like(echo, 1e-12)
    always[-RATE:] = echo[-RATE:]
    last = slice(-RATE // 2, None)
    assert abs(level(clean(run(noise, echo))[last]) - level(clean(run(noise, always))[last])) < 0.5


@pytest.mark.parametrize("near_to_echo_db", [-10, 0])
def test_near_end_over_a_well_cancelled_echo_keeps_its_energy(near_to_echo_db: float) -> None:
    echo = voice(6.0, 4)
    near = voice(6.0, 5, 0.07 * 10 ** (near_to_echo_db / 20))
    near[: 3 * RATE] = 0
    out = clean(run(near + np.roll(echo, 40) * np.float32(0.03), echo))
    part = slice(3 * RATE, 6 * RATE - 2 * HOP)
    kept = float(out[part] @ near[part]) / float(near[part] @ near[part])
    assert 20 * np.log10(kept) > -2.0


def test_spectra_are_those_of_the_frame() -> None:
    frames = run(voice(1.0, 6), voice(1.0, 7))
    for frame in frames[2:]:
        assert frame.clean_power.shape == frame.linear_power.shape == frame.echo_power.shape == (HOP + 1,)
        assert np.all(frame.clean_power <= frame.linear_power * 1.0001 + 1e-12)
        assert 0 <= frame.coherence <= 1.001


def test_coherence_tells_misadjustment_from_a_near_end() -> None:
    echo = voice(3.0, 8)
    leaking = run(echo * np.float32(0.3), echo)
    talking = run(voice(3.0, 9), echo)
    assert np.median([f.coherence for f in leaking[60:]]) > 0.9
    assert np.median([f.coherence for f in talking[60:]]) < 0.5
