"""What a detector sees: levels above a floor that follows the noise, and against the person's usual level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgeagent.signal.features import FAR_MOST, LEVEL_OVER_ECHO, SIZE, TOP, Features
from edgeagent.signal.measure import BANDS, LEVELS, MEASURED
from edgeagent.units import HOP, RATE

USUAL, KNOWN = np.float32(1e-3), np.float32(0.5)
BAND_OF = 255.0
"""Band power of white noise of mean square 1."""

CLEAN = slice(0, BANDS)
OVER_USUAL = [LEVEL_OVER_ECHO + 1, LEVEL_OVER_ECHO + 2, LEVEL_OVER_ECHO + 3]
SECOND = RATE // HOP


def noise(power: float, hops: int, seed: int = 0) -> np.ndarray:
    """(hops, MEASURED) of a steady white noise of mean square `power`, no echo."""
    dice = np.random.default_rng(seed)
    bands = BAND_OF * power * dice.gamma(8.0, 1 / 8.0, (hops, BANDS))
    measured = np.zeros((hops, MEASURED), np.float32)
    measured[:, :BANDS] = measured[:, BANDS : 2 * BANDS] = bands
    measured[:, 3 * BANDS : LEVELS] = power
    return measured


def seen(measured: np.ndarray, usual: float = 1e-3, known: float = 0.5) -> np.ndarray:
    features = Features()
    return np.stack([features.push(hop, np.float32(usual), np.float32(known)) for hop in measured])


def test_many_scenes_at_once_are_as_one_by_one() -> None:
    scenes = np.stack([noise(10.0**-k, 60, k) for k in (3, 5, 7)])
    usual, known = np.array([1e-2, 1e-3, 1e-4], np.float32), np.array([0.0, 0.5, 1.0], np.float32)
    together = Features(3)
    many = np.stack([together.push(scenes[:, hop], usual, known) for hop in range(60)], axis=1)
    assert many.shape == (3, 60, SIZE)
    for row, scene, loud, sure in zip(many, scenes, usual, known, strict=True):
        np.testing.assert_allclose(row, seen(scene, loud, sure), rtol=1e-5, atol=1e-5)


def test_a_louder_microphone_changes_nothing_once_the_floor_has_settled() -> None:
    sound = noise(3e-8, 6 * SECOND)
    sound[5 * SECOND : 5 * SECOND + 20, :LEVELS] *= 300
    louder = sound.copy()
    louder[:, :LEVELS] *= 10**1.2
    plain, loud = seen(sound, 1e-5), seen(louder, 1e-5 * 10**1.2)
    np.testing.assert_allclose(plain[4 * SECOND :], loud[4 * SECOND :], atol=0.05)
    assert plain[5 * SECOND : 5 * SECOND + 20, CLEAN].mean() > 1.5


def test_the_floor_follows_the_noise() -> None:
    """At once when it becomes quieter, within seconds when it becomes louder."""
    quieter = seen(np.concatenate((noise(1e-6, 5 * SECOND), noise(1e-8, SECOND), noise(1e-6, 20))))
    assert quieter[5 * SECOND - 1, CLEAN].mean() < 0.1
    assert quieter[-1, CLEAN].mean() > 1.0
    louder = seen(np.concatenate((noise(1e-8, 5 * SECOND), noise(4e-8, 15 * SECOND))))
    assert louder[5 * SECOND + 5, CLEAN].mean() > 2 * louder[-1, CLEAN].mean()
    assert louder[-1, CLEAN].mean() < 0.1


def test_a_second_of_speech_does_not_raise_the_floor() -> None:
    voice = seen(np.concatenate((noise(1e-8, 5 * SECOND), noise(1e-5, SECOND))))
    first, last = voice[5 * SECOND + 5, CLEAN].mean(), voice[-1, CLEAN].mean()
    assert last > first - 0.1


def test_what_is_usual_moves_the_levels_against_it_and_nothing_else() -> None:
    near, far = (seen(noise(1e-4, 5), usual)[-1] for usual in (3e-5, 3e-4))
    moved = np.flatnonzero(~np.isclose(near, far))
    assert moved.tolist() == OVER_USUAL
    np.testing.assert_allclose((near - far)[OVER_USUAL], 1.0, atol=1e-3)
    assert near[-1] == KNOWN


def test_digital_silence_is_no_loud_event() -> None:
    silent = seen(np.zeros((3 * SECOND, MEASURED), np.float32))
    assert np.isfinite(silent).all()
    assert not silent[:, : 3 * BANDS].any()


@pytest.mark.parametrize("stronger", ["person", "echo"])
def test_the_person_is_weighed_against_the_echo(stronger: str) -> None:
    measured = noise(1e-4, 10)
    measured[:, 2 * BANDS : 3 * BANDS] = BAND_OF * (1e-6 if stronger == "person" else 1e-2)
    assert bool(seen(measured)[-1, LEVEL_OVER_ECHO] > 0) is (stronger == "person")


@given(arrays.arrays(np.float32, (6, MEASURED), elements=st.floats(0, 1e4, width=32)), st.floats(1e-5, 0.1))
def test_any_powers_give_numbers_of_about_unit_range(measured: np.ndarray, usual: float) -> None:
    got = seen(measured, usual)
    assert np.isfinite(got).all()
    assert ((got[:, : 3 * BANDS] >= 0) & (got[:, : 3 * BANDS] <= TOP)).all()
    assert (np.abs(got[:, LEVEL_OVER_ECHO : LEVEL_OVER_ECHO + 4]) <= FAR_MOST).all()
