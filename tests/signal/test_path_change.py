"""That the echo path is another is noticed at once, and a person is not taken for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeagent.signal.fourier import forward, power
from edgeagent.signal.path_change import CHANCE, DOUBTFUL, NEWS, SETTLED, Moved, displaced
from edgeagent.signal.suppressor import WINDOW
from edgeagent.units import HOP, RATE
from tests.signal.echo_world import Sound, echo_of, room, voice


def shown(error: Sound, echo: Sound) -> NDArray[np.float64]:
    """For each frame of both in which the echo is loud: how much of the error is displaced echo."""
    both = np.stack([error, echo])
    spectra = [forward(both[:, at : at + 2 * HOP] * WINDOW) for at in range(0, len(error) - 2 * HOP + 1, HOP)]
    powers = [power(one) for one in spectra]
    loud = np.mean([one[1].sum() for one in powers])
    return np.array([displaced(one, of) for one, of in zip(spectra, powers, strict=True) if of[1].sum() > loud])


@pytest.mark.parametrize("further", [-3, -1, 0, 2])
def test_most_frames_show_another_path(further: int) -> None:
    shows = []
    for seed in range(1, 6):
        far = voice(2.0, seed)
        before, after = echo_of(far, room(seed), 100), echo_of(far, room(seed + 90), 100 + further)
        shows.append(shown(after - before, before))
    assert np.mean(np.concatenate(shows) > CHANCE) > 0.5
    assert np.mean(np.concatenate(shows) < DOUBTFUL) < 0.1


def test_a_person_is_no_other_path() -> None:
    shows = np.concatenate(
        [shown(voice(6.0, 50 + seed), echo_of(voice(6.0, seed), room(seed), 200)) for seed in range(10)]
    )
    assert np.mean(shows > CHANCE) < 0.02
    assert np.median(shows) < DOUBTFUL


def test_what_is_left_of_nothing_is_no_path() -> None:
    silence, sound = np.zeros(4 * HOP, np.float32), voice(4 * HOP / RATE, 4)
    for error, echo in ((silence, sound), (sound, silence), (silence, silence)):
        spectra = forward(np.stack([error, echo])[:, : 2 * HOP] * WINDOW)
        assert displaced(spectra, power(spectra)) < DOUBTFUL


def news(moved: Moved, signs: Sequence[bool], far: bool = True) -> list[bool]:
    return [moved.hop(sign, far) for sign in signs]


def test_the_first_sign_is_news_for_a_while() -> None:
    assert news(Moved(), [False, True, False] + [False] * NEWS) == [False] + [True] * NEWS + [False] * 2


def test_signs_all_the_time_are_no_news() -> None:
    moved = Moved()
    told = news(moved, [True, False, False, True] * SETTLED)
    assert sum(told) == NEWS
    assert not any(news(moved, [False] * SETTLED))
    assert news(moved, [True]) == [True]


def test_in_silence_nothing_settles() -> None:
    moved = Moved()
    news(moved, [True])
    news(moved, [False] * 10 * SETTLED, far=False)
    assert news(moved, [True]) == [False]
