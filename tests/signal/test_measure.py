"""What is measured of a hop: which bands, how loud, and whose."""

from __future__ import annotations

import numpy as np

from edgeagent.signal.bypass import Bypass
from edgeagent.signal.canceller import Canceller
from edgeagent.signal.measure import BANDS, LEVELS, LINEAR_POWER, MEASURED, Measure, mel_bank
from edgeagent.units import HOP, RATE

SILENCE = np.zeros(HOP, np.float32)
CLEAN, ECHO = slice(0, BANDS), slice(2 * BANDS, 3 * BANDS)


def measured(sound: np.ndarray) -> np.ndarray:
    """(hops, MEASURED) of `sound` heard without any canceller."""
    bypass, measure = Bypass(), Measure()
    return np.stack([measure.of(bypass.process(SILENCE, hop)) for hop in sound.reshape(-1, HOP).astype(np.float32)])


def test_a_higher_tone_is_in_a_higher_band() -> None:
    time = np.arange(20 * HOP) / RATE
    tones = [measured(0.1 * np.sin(2 * np.pi * hertz * time)) for hertz in (150, 400, 1000, 2500, 6000)]
    loudest = [int(tone[-1, CLEAN].argmax()) for tone in tones]
    assert loudest == sorted(set(loudest))
    assert all(tone[-1, CLEAN].max() > 100 * np.median(tone[-1, CLEAN]) for tone in tones)


def test_every_band_has_bins_of_its_own() -> None:
    bank = mel_bank()
    assert (bank > 0).any(axis=0).all()
    assert np.isfinite(bank).all()
    assert np.linalg.matrix_rank(bank) == BANDS


def test_levels_are_the_mean_squares_of_the_sound() -> None:
    dice = np.random.default_rng(1)
    for scale in (0.003, 0.1):
        got = measured(dice.normal(0, scale, 200 * HOP))[2:]
        for place in (LEVELS - 2, LINEAR_POWER):
            np.testing.assert_allclose(got[:, place].mean(), scale**2, rtol=0.05)


def test_the_echo_is_measured_apart_from_the_person() -> None:
    dice = np.random.default_rng(2)
    far = dice.normal(0, 0.05, (400, HOP)).astype(np.float32)
    microphone = np.convolve(far.ravel(), [0.0] * 300 + [0.5])[: far.size].reshape(far.shape).astype(np.float32)
    canceller, measure = Canceller(), Measure()
    for reference, heard in zip(far, microphone, strict=True):
        last = measure.of(canceller.process(reference, heard))
    assert last[ECHO].sum() > 100 * last[CLEAN].sum()
    assert last[-1] == 1.0
    assert not measured(np.zeros(4 * HOP))[:, -1].any()


def test_each_hop_is_a_vector_of_its_own() -> None:
    got = measured(np.zeros(3 * HOP))
    assert got.shape == (3, MEASURED)
    bypass, measure = Bypass(), Measure()
    first = measure.of(bypass.process(SILENCE, SILENCE))
    kept = first.copy()
    measure.of(bypass.process(SILENCE, np.ones(HOP, np.float32)))
    np.testing.assert_array_equal(first, kept)
    assert first.dtype == np.float32
