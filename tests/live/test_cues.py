"""What is told of an utterance that a hard stop cuts: once, and as it was heard."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.live.cues import Cues
from edgeagent.signal.playback import Playback
from edgeagent.turn.events import Ceased, Playing

BLOCK = 256


@pytest.fixture
def playback() -> Playback:
    """It sounds, in the middle of utterance 7."""
    player = Playback()
    player.load(7)
    player.feed(7, np.full(100 * BLOCK, 0.1, np.float32))
    player.aim(1.0)
    player.play(7)
    for _ in range(10):
        player.render(BLOCK)
    return player


def ends(facts: list[Playing | Ceased]) -> list[tuple[int, bool]]:
    return [(fact.offset, fact.finished) for fact in facts if isinstance(fact, Ceased)]


@pytest.mark.parametrize("faded", [False, True])  # whether the card asks for a block between the gate and the abort
def test_a_hard_stop_tells_once_how_far_it_was_heard(playback: Playback, faded: bool) -> None:
    playback.aim(0.0)
    if faded:
        playback.render(BLOCK)
    playback.take_back(2 * BLOCK)
    assert ends(Cues(playback).all()) == [(playback.position(7), False)]
    assert not playback.cues


def test_an_utterance_that_was_rendered_to_its_end_has_not_sounded_to_it(playback: Playback) -> None:
    playback.seal(7)
    while playback.position(7) < 100 * BLOCK:
        playback.render(BLOCK)
    playback.render(BLOCK)
    playback.take_back(3 * BLOCK)
    assert ends(Cues(playback).all()) == [(98 * BLOCK, False)]


def test_one_that_ran_dry_and_went_on_has_ceased_twice(playback: Playback) -> None:
    playback.halt()
    playback.render(BLOCK)
    playback.aim(1.0)
    playback.play(7, 20 * BLOCK)
    playback.render(BLOCK)
    playback.take_back(BLOCK // 2)
    assert len(ends(Cues(playback).all())) == 2
