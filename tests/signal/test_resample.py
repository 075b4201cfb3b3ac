"""The resampler: judged by what comes out, not by its coefficients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeagent.signal import Sound
from edgeagent.signal.resample import Resampler, resample

PAIRS = [(48_000, 16_000), (44_100, 16_000), (32_000, 16_000), (16_000, 48_000), (16_000, 44_100), (8_000, 16_000)]

pairs = pytest.mark.parametrize(("rate_in", "rate_out"), PAIRS)


def tone(hz: float, rate: int, ms: int = 400) -> Sound:
    wave: Sound = np.sin(2 * np.pi * hz / rate * np.arange(rate * ms // 1000)).astype(np.float32)
    return wave


def middle(sound: Sound) -> Sound:
    """Without the first and last quarter, where the filter sees the edge."""
    return sound[sound.size // 4 : -sound.size // 4]


def level_db(sound: Sound) -> float:
    return float(10 * np.log10(np.square(sound, dtype=np.float64).mean() + 1e-30))


@pytest.mark.parametrize(("rate_in", "rate_out"), [*PAIRS, (16_000, 16_000), (44_100, 48_000)])
@settings(max_examples=15)
@given(chunks=st.lists(st.integers(0, 700), max_size=12))
def test_chunks_never_matter_bit_for_bit(rate_in: int, rate_out: int, chunks: list[int]) -> None:
    sound = np.random.default_rng(5).standard_normal(2000).astype(np.float32)
    whole = Resampler(rate_in, rate_out).push(sound)
    parted = Resampler(rate_in, rate_out)
    out = [parted.push(piece) for piece in np.split(sound, np.cumsum(chunks))]
    np.testing.assert_array_equal(np.concatenate(out), whole)
    assert whole.dtype == np.float32


@pairs
def test_single_samples_give_the_same(rate_in: int, rate_out: int) -> None:
    sound = np.random.default_rng(6).standard_normal(500).astype(np.float32)
    single = Resampler(rate_in, rate_out)
    out = np.concatenate([single.push(sound[i : i + 1]) for i in range(sound.size)])
    np.testing.assert_array_equal(out, Resampler(rate_in, rate_out).push(sound))


@pairs
def test_counts_keep_pace(rate_in: int, rate_out: int) -> None:
    resampler = Resampler(rate_in, rate_out)
    assert sum(resampler.push(np.zeros(rate_in // 100, np.float32)).size for _ in range(100)) == rate_out


@pairs
@pytest.mark.parametrize("part", [0.01, 0.2, 7 / 16])
def test_the_pass_band_is_flat_and_in_time(rate_in: int, rate_out: int, part: float) -> None:
    hz = part * min(rate_in, rate_out)
    out = resample(tone(hz, rate_in), rate_in, rate_out)
    error = middle(out - tone(hz, rate_out))
    assert level_db(error) < level_db(tone(hz, rate_out)) - 60


@pytest.mark.parametrize("rate_in", [48_000, 44_100, 32_000])
@pytest.mark.parametrize("hz", [8_050, 8_500, 9_000, 10_500, 14_000, 15_900])
def test_what_would_fold_is_gone(rate_in: int, hz: float) -> None:
    out = middle(resample(tone(hz, rate_in), rate_in, 16_000))
    assert level_db(out) < level_db(tone(hz, rate_in)) - 70


@pytest.mark.parametrize("rate_out", [44_100, 48_000])
def test_no_images_when_the_rate_goes_up(rate_out: int) -> None:
    out = middle(resample(tone(1000, 16_000), 16_000, rate_out))
    spectrum = np.abs(np.fft.rfft(out * np.kaiser(out.size, 12))) ** 2
    hz = np.fft.rfftfreq(out.size, 1 / rate_out)
    assert spectrum[hz > 8_000].max() < 1e-7 * spectrum.max()


@pairs
def test_the_delay_is_the_promised_one(rate_in: int, rate_out: int) -> None:
    resampler = Resampler(rate_in, rate_out)
    click = np.zeros(2 * rate_in // 10, np.float32)
    click[rate_in // 10] = 1
    assert np.argmax(resampler.push(click)) == rate_out // 10 + resampler.delay
    assert resampler.delay / rate_out < 0.005


def test_equal_rates_pass_every_bit_at_once() -> None:
    sound = np.random.default_rng(7).standard_normal(300).astype(np.float32)
    resampler = Resampler(16_000, 16_000)
    np.testing.assert_array_equal(resampler.push(sound), sound)
    assert resampler.delay == 0


@pytest.mark.parametrize("n", [0, 1, 440, 441, 442])
def test_a_whole_sound_keeps_its_length(n: int) -> None:
    assert resample(np.ones(n, np.float32), 44_100, 16_000).size == np.ceil(n * 160 / 441)


def test_refuses_a_rate_of_nothing() -> None:
    with pytest.raises(ValueError, match="0 Hz"):
        Resampler(0, 16_000)
