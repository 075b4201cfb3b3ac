"""Sounds stand in a scene at the level they were given, whatever their shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.sim.mix import FRAME, Mix, active_rms
from edgeagent.sim.noises import Wave
from edgeagent.sim.truth import Kind

NO_ROOM = np.ones(1)


def breaking_off(quiet: int, loud: int) -> Wave:
    """Loudest at its end: so many samples of almost nothing, then so many of 0.5."""
    return np.repeat([1e-3, 0.5], [quiet, loud])


@given(quiet=st.integers(0, 5).map(lambda frames: frames * FRAME), loud=st.integers(1, 2 * FRAME))
def test_the_level_of_a_sound_that_is_loudest_where_it_breaks_off(quiet: int, loud: int) -> None:
    assert active_rms(breaking_off(quiet, loud)) == pytest.approx(0.5)


@given(quiet=st.integers(0, 1000), loud=st.integers(1, 1000))
def test_it_is_put_into_the_scene_at_the_level_asked_for(quiet: int, loud: int) -> None:
    mix = Mix(4000)
    mix.happen(Kind.NOISE, breaking_off(quiet, loud), 1000, NO_ROOM, -20)
    assert 0.1 <= np.abs(mix.near()).max() <= 0.1 * np.sqrt(FRAME)  # quiet samples of the first loud frame count, too


def test_silence_has_a_level_that_leaves_it_silent() -> None:
    mix = Mix(1000)
    mix.happen(Kind.INTERRUPTION, np.zeros(500), 0, NO_ROOM, -20)
    assert not mix.near().any()
