"""The loudspeaker model by itself and in the echo filter: what it learns, and what it must not learn."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.signal.echo_filter import EchoFilter
from edgeagent.signal.loudspeaker import CORNER, Loudspeaker
from edgeagent.units import HOP, RATE
from tests.signal.echo_world import Sound, echo_of, level, room, voice


def small_loudspeaker(far: Sound, corner: float, most: float) -> Sound:
    """What a small driver gives: a high-pass, sample by sample, and then never more than `most`."""
    w = np.tan(np.pi * corner / RATE)
    a1, a2 = 2 * (w * w - 1) / (1 + 1.4142 * w + w * w), (1 - 1.4142 * w + w * w) / (1 + 1.4142 * w + w * w)
    gain = 1 / (1 + 1.4142 * w + w * w)
    given = np.zeros(len(far) + 2)
    x = np.concatenate([np.zeros(2), far.astype(np.float64)])
    for n in range(2, len(x)):
        given[n] = gain * (x[n] - 2 * x[n - 1] + x[n - 2]) - a1 * given[n - 1] - a2 * given[n - 2]
    return np.asarray(most * np.tanh(given[2:] / most), np.float32)


def learnt(far: Sound, microphone: Sound) -> tuple[Loudspeaker, Sound]:
    """The model behind an echo filter that has heard everything, and what the filter left."""
    filter_ = EchoFilter()
    left = [
        filter_.process(far[at : at + HOP], microphone[at : at + HOP], True).error
        for at in range(0, len(far) - HOP + 1, HOP)
    ]
    return filter_.far.loudspeaker, np.concatenate(left)


@pytest.mark.parametrize("corner", [60.0, 220.0])
def test_finds_the_corner_and_the_curve(corner: float) -> None:
    far = voice(20.0, 1)
    microphone = echo_of(small_loudspeaker(far, corner, 0.12), room(2, 0.15), 100)
    model, left = learnt(far, microphone)
    assert model.corner == pytest.approx(corner, rel=0.1)
    assert model.curve.sum() > 0.2
    end = slice(16 * RATE, len(left))
    assert level(microphone[end]) - level(left[end]) > 30  # without the model: 7


def test_a_loudspeaker_that_bends_nothing_is_left_alone() -> None:
    far = voice(12.0, 3)
    model, _ = learnt(far, echo_of(far, room(4), 100))
    assert np.abs(model.curve).max() < 0.1
    assert model.corner == pytest.approx(CORNER, rel=0.1)


def test_a_person_is_not_taken_for_distortion() -> None:
    far, near = voice(12.0, 5), voice(12.0, 6)
    near[: 2 * RATE] = 0
    model, _ = learnt(far, echo_of(far, room(7), 100) + near)
    assert np.abs(model.curve).max() < 0.3


def test_a_whole_span_is_given_as_its_hops_are() -> None:
    far = voice(2.0, 8)
    model = Loudspeaker()
    model.curve[:] = 0.3, 0.4
    hops = [model.push(far[at : at + HOP]) for at in range(0, len(far) - HOP + 1, HOP)]
    span = far[: len(hops) * HOP][-8 * HOP :]
    assert np.abs(model.give(span)[HOP:] - np.concatenate(hops[-7:])).max() < 2e-3  # the level has moved meanwhile
