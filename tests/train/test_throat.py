"""A throat of our own: the words that are asked for, by as many people, as sounds that a mouth could make."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.sim.noises import Wave
from edgeagent.units import RATE, samples
from tools.train.throat import LEAST_MS, LISTENING, PHONES, TAKING, listener, speak, taker


def between(sound: Wave, low: float, high: float) -> float:
    """The share of its power in a band."""
    frequency, power = np.fft.rfftfreq(sound.size, 1 / RATE), np.abs(np.fft.rfft(sound)) ** 2
    return float(power[(frequency >= low) & (frequency < high)].sum() / power.sum())


@pytest.mark.parametrize("words", [LISTENING, TAKING])
def test_every_word_can_be_spoken(words: dict[str, tuple[str, ...]]) -> None:
    dice = np.random.default_rng(1)
    for spoken in (way for ways in words.values() for way in ways):
        assert set(spoken) <= set(PHONES)
        sound = speak(spoken, dice)
        assert np.isfinite(sound).all()
        assert samples(0.9 * LEAST_MS) <= sound.size <= samples(3000)
        assert np.sqrt(np.mean(sound**2)) == pytest.approx(1.0, rel=1e-3)


def test_the_same_dice_speak_alike_and_others_do_not() -> None:
    first, again, other = (speak("mHm", np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert first.size != other.size or not np.allclose(first, other)


def test_a_hum_is_low_and_a_hiss_is_high() -> None:
    dice = np.random.default_rng(2)
    hums, hisses = ([between(speak(phones, dice), 3000, 8000) for _ in range(10)] for phones in ("m", "s"))
    assert max(hums) < 0.05
    assert min(hisses) > 0.8


def test_vowels_differ_where_formants_do() -> None:
    """The second formant of "i" lies where "a" has little."""
    dice = np.random.default_rng(5)
    bright, dark = (np.mean([between(speak(phones, dice), 1900, 3600) for _ in range(20)]) for phones in ("iii", "ooo"))
    assert bright > 5 * dark


def test_both_say_their_own_words() -> None:
    dice = np.random.default_rng(6)
    heard = {listener(dice)[1] for _ in range(200)}
    taken = {taker(dice)[1] for _ in range(200)}
    assert heard == set(LISTENING)
    assert taken == {*TAKING, ""}
