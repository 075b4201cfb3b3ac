"""What is said during a doubt becomes hints that add up to the latest belief."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from edgeagent.config.languages import floor_words
from edgeagent.detect.words import LONGEST, PIECE, PRE_ROLL, SOURCE, Words
from edgeagent.services.scripted_spotter import ScriptedSpotter
from edgeagent.signal.ring import Ring
from edgeagent.turn import states as s
from edgeagent.turn.cue_words import WORTH, Cue
from edgeagent.turn.events import Hint
from edgeagent.turn.hints import Hints
from edgeagent.units import HOP, samples

ENGLISH = floor_words("en")
ONSET = samples(1000)
FAR = 10**9
DOUBT = s.Doubting(1, ONSET, FAR)
YIELD = s.Yielding(1, ONSET, FAR)


class World:
    """A ring that grows by hops, and what the words make of it."""

    def __init__(self, *script: Sequence[tuple[int, str]], dies: int = -1, delay: int = 0) -> None:
        self.ring = Ring(samples(20_000))
        self.spotter = ScriptedSpotter(script, dies)
        self.words = Words(self.spotter, self.ring, ENGLISH, delay)
        self.told: list[Hint] = []
        self.at = 0

    def live(self, ms: float, state: s.State, hops: int = 1) -> None:
        """So long in `state`, `hops` at a time."""
        until = self.at + samples(ms)
        while self.at < until:
            for _ in range(hops):
                self.ring.write(np.arange(self.ring.end, self.ring.end + HOP, dtype=np.float32))
            self.at = self.ring.end + HOP
            self.told += self.words.hear(state, self.at)

    def weigh(self) -> tuple[float, float]:
        hints = Hints()
        for hint in self.told:
            hints.take(hint)
        return hints.weigh(self.at)


def belief(kind: Cue) -> tuple[float, float]:
    return WORTH[kind].person, WORTH[kind].floor


def test_nothing_is_recognised_without_a_doubt() -> None:
    world = World([(0, "stop")])
    for state in (s.Idle(), s.Speaking(1), s.Hearing(0, FAR), s.HalfDuplex(1), s.Muted(), YIELD):
        world.live(500, state)
    assert not world.spotter.stretches
    assert not world.told


def test_the_recogniser_gets_the_sound_from_before_the_onset_without_a_gap() -> None:
    world = World([])
    world.live(1300, s.Speaking(1))
    world.live(500, DOUBT)
    world.live(300, YIELD)
    (stretch,) = world.spotter.stretches
    heard = np.concatenate(stretch.heard)
    assert stretch.start == ONSET - PRE_ROLL
    assert np.array_equal(heard, np.arange(stretch.start, stretch.start + heard.size))
    assert world.ring.end - PIECE < stretch.start + heard.size <= world.ring.end
    assert all(piece.size % PIECE == 0 for piece in stretch.heard)


def test_a_word_is_told_once_with_its_worth() -> None:
    world = World([(samples(500), "stop")])
    world.live(1200, s.Speaking(1))
    world.live(600, DOUBT)
    (hint,) = world.told
    assert (hint.source, hint.person, hint.floor) == (SOURCE, *belief(Cue.TAKES))
    assert ONSET + samples(200) <= hint.at <= ONSET + samples(200) + PIECE + 2 * HOP


def test_what_is_told_adds_up_to_the_latest_belief() -> None:
    world = World([(samples(400), "yeah"), (samples(800), "yeah but"), (samples(1300), "elephant")])
    world.live(1200, s.Speaking(1))
    sums = []
    for _ in range(120):
        before = len(world.told)
        world.live(16, DOUBT)
        if len(world.told) > before:
            sums.append(world.weigh())
    assert len(sums) == 3
    for told, kind in zip(sums, (Cue.LISTENS, Cue.TAKES, Cue.NOTHING), strict=True):
        assert told == pytest.approx(belief(kind), abs=1e-9)


def test_a_new_doubt_is_a_new_stretch_and_adds_to_what_is_left() -> None:
    world = World([(0, "uh-huh")], [(0, "stop")])
    world.live(1200, s.Speaking(1))
    world.live(300, DOUBT)
    world.live(16, s.Speaking(1))
    world.live(300, s.Doubting(1, world.at - samples(50), FAR))
    assert [stretch.cancelled for stretch in world.spotter.stretches] == [True, False]
    assert len(world.told) == 2
    hints = Hints()
    for hint in world.told:
        hints.take(hint)
    assert hints.weigh(world.told[-1].at) == pytest.approx(belief(Cue.TAKES))


def test_a_doubt_that_follows_between_two_calls_is_a_new_one() -> None:
    world = World([], [])
    world.live(1200, s.Speaking(1))
    world.live(300, DOUBT)
    world.live(300, s.Doubting(1, ONSET + samples(400), FAR))
    assert [stretch.start for stretch in world.spotter.stretches] == [ONSET - PRE_ROLL, ONSET + samples(400) - PRE_ROLL]


def test_the_end_of_a_doubt_cancels_what_is_being_recognised() -> None:
    world = World([(samples(900), "stop")])
    world.live(1200, s.Speaking(1))
    world.live(200, DOUBT)
    world.live(1000, s.Speaking(1))
    assert world.spotter.stretches[0].cancelled
    assert not world.told


def test_a_stretch_is_bounded() -> None:
    world = World([])
    world.live(1200, s.Speaking(1))
    world.live(9000, DOUBT)
    (stretch,) = world.spotter.stretches
    assert sum(piece.size for piece in stretch.heard) == LONGEST
    assert stretch.finished


@pytest.mark.parametrize("hops", [1, 2, 5])
def test_the_same_sound_in_larger_blocks_is_the_same_sound(hops: int) -> None:
    world = World([(samples(500), "stop")])
    world.live(1280, s.Speaking(1), hops)
    world.live(640, DOUBT, hops)
    (stretch,) = world.spotter.stretches
    heard = np.concatenate(stretch.heard)
    assert np.array_equal(heard, np.arange(stretch.start, stretch.start + heard.size))
    assert [(hint.person, hint.floor) for hint in world.told] == [belief(Cue.TAKES)]


def test_in_a_simulation_the_answer_comes_later_by_what_it_would_have_taken() -> None:
    at_once, later = World([(samples(500), "stop")]), World([(samples(500), "stop")], delay=samples(60))
    for world in (at_once, later):
        world.live(1200, s.Speaking(1))
        world.live(600, DOUBT)
    assert later.told[0].at == at_once.told[0].at + samples(60)


def test_a_pause_gives_up_at_once_and_a_resume_begins_with_the_next_doubt() -> None:
    world = World([(samples(600), "stop")])
    world.live(1200, s.Speaking(1))
    world.live(100, DOUBT)
    world.words.pause()
    assert world.spotter.stretches[0].cancelled
    world.live(1000, DOUBT)
    world.words.resume()
    world.live(500, DOUBT)
    assert len(world.spotter.stretches) == 1
    world.live(100, s.Speaking(1))
    world.live(700, s.Doubting(1, world.at, FAR))
    assert len(world.spotter.stretches) == 2
    assert [hint.floor for hint in world.told] == [WORTH[Cue.TAKES].floor]


def test_a_recogniser_that_dies_takes_its_hint_back_and_disturbs_nothing() -> None:
    world = World([(samples(400), "stop")], dies=samples(800))
    world.live(1200, s.Speaking(1))
    world.live(1500, DOUBT)
    assert world.spotter.facts() == {"died": 1}
    assert len(world.told) == 2
    assert world.weigh() == pytest.approx((0.0, 0.0), abs=1e-9)


def test_a_loss_longer_than_the_ring_ends_the_stretch() -> None:
    world = World([(samples(600), "stop")])
    world.live(1200, s.Speaking(1))
    world.live(100, DOUBT)
    world.ring.write_silence(samples(60_000))
    world.live(500, DOUBT)
    assert world.spotter.stretches[0].cancelled
    assert not world.told
