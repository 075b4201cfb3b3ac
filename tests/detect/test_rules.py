"""What is left when a model fails: a person is whatever is clearly louder than the noise and than the echo."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from edgeagent.detect.rules import Rules
from edgeagent.detect.usual import UNKNOWN
from edgeagent.ports import Sound
from edgeagent.signal.bypass import Bypass
from edgeagent.signal.features import SIZE, Features
from edgeagent.signal.measure import Measure
from edgeagent.sim import noises
from edgeagent.units import HOP, RATE, samples
from tests.detect.mixture import alone, cancelled, during

USUAL, KNOWN = np.float32(UNKNOWN), np.float32(0)


@cache
def over_our_voice() -> Sound:
    """P(near) of each hop of the mixture."""
    measure, features, rules = Measure(), Features(), Rules()
    return np.array([rules.hear(features.push(measure.of(hop), USUAL, KNOWN))[0] for hop in cancelled("voice")])


def over(sound: np.ndarray) -> Sound:
    """P(near) of each hop of `sound`, nothing being played."""
    bypass, measure, features, rules = Bypass(), Measure(), Features(), Rules()
    hops = sound[: sound.size // HOP * HOP].reshape(-1, HOP).astype(np.float32)
    vectors = (features.push(measure.of(bypass.process(hop, hop)), USUAL, KNOWN) for hop in hops)
    return np.array([rules.hear(vector)[0] for vector in vectors])


@pytest.mark.parametrize("noise", [1e-4, 3e-3])
def test_a_clear_voice_over_noise_is_a_person(noise: float) -> None:
    dice = np.random.default_rng(1)
    sound = noise * dice.normal(size=6 * RATE)
    onset = 4 * RATE
    voice = noises.murmur(dice, samples(1000), voices=1)
    sound[onset : onset + voice.size] += 30 * noise * voice / np.sqrt(np.mean(voice**2))
    near = over(sound)
    assert (near[onset // HOP : (onset + RATE) // HOP] > 0.5).mean() > 0.5
    assert not (near[2 * RATE // HOP : onset // HOP - 1] > 0.5).any()


def test_digital_silence_is_nobody() -> None:
    assert not (over(np.zeros(2 * RATE)) > 0.1).any()


def test_an_echo_that_is_well_explained_is_nobody() -> None:
    assert np.mean(alone(over_our_voice()) > 0.5) < 0.1


def test_a_voice_over_ours_is_a_person() -> None:
    assert np.mean(during(over_our_voice(), 0) > 0.5) > 3 * np.mean(alone(over_our_voice()) > 0.5) + 0.3


def test_nothing_is_known_of_what_the_overlap_is() -> None:
    _, overlap = Rules().hear(np.zeros(SIZE, np.float32))
    assert overlap.floor + overlap.backchannel <= 1.0
    assert overlap.floor == 0.5
