"""Synthesised sounds are what their names say, in what tells them from speech, and come back bit for bit."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from edgeagent.errors import SceneError
from edgeagent.sim import noises
from edgeagent.sim.acoustics import TAPS, Model, loudspeaker, room
from edgeagent.sim.noises import Wave
from edgeagent.units import RATE


def dice(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def band(sound: Wave, low: float, high: float) -> float:
    """Share of the energy between two frequencies."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    frequency = np.fft.rfftfreq(sound.size, 1 / RATE)
    return float(power[(frequency >= low) & (frequency < high)].sum() / power.sum())


@pytest.mark.parametrize("name", noises.BACKGROUNDS)
def test_backgrounds_have_unit_level(name: str) -> None:
    sound = noises.BACKGROUNDS[name](dice(), 3 * RATE)
    assert sound.shape == (3 * RATE,)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(sound, noises.BACKGROUNDS[name](dice(), 3 * RATE))
    assert not np.array_equal(sound, noises.BACKGROUNDS[name](dice(2), 3 * RATE))


@pytest.mark.parametrize(("slope", "octave_db"), [(0.0, 3.0), (1.0, 0.0), (2.0, -3.0)])
def test_the_colour_is_right(slope: float, octave_db: float) -> None:
    sound = noises.coloured(dice(), 20 * RATE, slope)
    step = 10 * np.log10(band(sound, 2000, 4000) / band(sound, 1000, 2000))
    assert step == pytest.approx(octave_db, abs=0.3)


@pytest.mark.parametrize("make", [*noises.EVENTS.values(), noises.hum], ids=[*noises.EVENTS, "hum"])
def test_events_are_short_loud_and_finite(make: object) -> None:
    assert callable(make)
    for seed in range(10):
        sound = make(dice(seed))
        assert 0.2 * RATE < sound.size < 1.6 * RATE
        assert np.isfinite(sound).all()
        assert 1 < np.abs(sound).max() < 15
        np.testing.assert_array_equal(sound, make(dice(seed)))


def test_a_hum_is_low_and_clatter_is_high() -> None:
    assert band(noises.hum(dice()), 80, 700) > 0.9
    assert band(noises.clatter(dice()), 900, 8000) > 0.9
    assert band(noises.knock(dice()), 50, 500) > 0.6


def test_babble_is_made_of_its_clips() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    assert band(noises.babble(dice(), 2 * RATE, [tone]), 950, 1050) > 0.99


@pytest.mark.parametrize("model", Model)
@pytest.mark.parametrize("rt60", [0.25, 0.5])
def test_rooms_decay_as_asked(model: Model, rt60: float) -> None:
    if model is Model.IMAGE:
        pytest.importorskip("pyroomacoustics")
    response = room(dice(), model, rt60, 1.0)
    assert response.size <= TAPS
    assert np.argmax(np.abs(response)) == 8
    assert np.abs(response).max() == 1
    left = 10 * np.log10(np.cumsum(response[::-1] ** 2)[:0:-1] / np.sum(response**2))
    fall = np.argmax(left < -20) - np.argmax(left < -5)
    assert 4 * fall / RATE == pytest.approx(rt60, rel=0.4)
    np.testing.assert_array_equal(response, room(dice(), model, rt60, 1.0))


@pytest.mark.parametrize("model", Model)
def test_nearer_is_drier(model: Model) -> None:
    if model is Model.IMAGE:
        pytest.importorskip("pyroomacoustics")

    def direct(distance: float) -> float:
        responses = [room(dice(seed), model, 0.4, distance) for seed in range(5)]
        return float(np.mean([np.sum(r[:40] ** 2) / np.sum(r**2) for r in responses]))

    assert direct(0.2) > 0.8 > 0.7 > direct(2.0)


def test_a_missing_room_package_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyroomacoustics", None)
    with pytest.raises(SceneError, match=r"\.\[sim\]"):
        room(dice(), Model.IMAGE, 0.3, 1.0)


def test_a_small_loudspeaker_has_no_bass_and_is_causal() -> None:
    response = loudspeaker(dice())
    gain = 20 * np.log10(np.abs(np.fft.rfft(response, RATE)))
    assert gain[60] < gain[1000] - 15
    assert np.sum(response[:64] ** 2) > 0.9 * np.sum(response**2)
