"""A turn that is listened to before it is one: whatever the suspicions do, who works on it gets its sound whole."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.live.turns import AGAIN, Both, Turns
from edgeagent.ports import Sound
from edgeagent.signal.ring import Ring
from edgeagent.turn.actions import HandOver, OpenTurn, ReopenTurn

PRE_ROLL = 300
HOP = 256


class Ears:
    """See `turns.Listener`; checks what is promised to one. turns: of each its sound, and what became of it."""

    def __init__(self) -> None:
        self.open: int | None = None
        self.turns: list[tuple[int, list[Sound], list[str]]] = []

    def _begin(self, turn: int, how: str) -> None:
        self.open = turn
        self.turns.append((turn, [], [how]))

    def open_turn(self, turn: int, _audio: str) -> None:
        self._begin(turn, "open")

    def sound(self, turn: int, block: Sound) -> None:
        assert turn == self.open
        assert block.size
        self.turns[-1][1].append(block)

    def close_turn(self, turn: int, sound: Sound) -> None:
        assert turn == self.open
        assert self.turns[-1][2][-1] == "open"
        self.turns[-1][2].append("closed")
        self.whole = sound

    def drop_turn(self, turn: int) -> None:
        assert turn == self.open
        self.open = None
        self.turns[-1][2].append("dropped")

    def close(self) -> None: ...

    def sounds(self, ending: str) -> list[list[float]]:
        """Of the turns that ended so."""
        return [np.concatenate([np.zeros(0), *told]).tolist() for _, told, what in self.turns if what[-1] == ending]


class EarlyEars(Ears):
    """See `turns.Early`."""

    busy = False

    def suspect_turn(self, turn: int, _audio: str) -> bool:
        assert self.open is None or self.turns[-1][2][-1] == "closed"
        if not self.busy:
            self._begin(turn, "suspected")
        return not self.busy

    def open_turn(self, turn: int, audio: str) -> None:
        if self.turns and self.turns[-1][2] == ["suspected"]:
            assert turn == self.open
            self.turns[-1][2].append("open")
        else:
            super().open_turn(turn, audio)


class Stage:
    """A ring of numbered samples, and who hears them."""

    def __init__(self) -> None:
        self.ring = Ring(100_000)
        self.late, self.early = Ears(), EarlyEars()
        self.turns = Turns(self.ring, Both(self.late, self.early))
        self.write(2 * AGAIN)

    def write(self, count: int) -> None:
        self.ring.write(np.arange(self.ring.end, self.ring.end + count, dtype=np.float32))

    def opening(self, onset: int) -> OpenTurn:
        return OpenTurn(onset, 1, onset - PRE_ROLL)

    def doubt(self, onset: int, hops: int) -> None:
        for _ in range(hops):
            self.write(HOP)
            self.turns.stream()
            self.turns.suspect(self.opening(onset))

    def say(self, onset: int, hops: int) -> list[float]:
        """A turn from its opening to its end; what everybody should have got."""
        self.turns.open(self.opening(onset))
        for _ in range(hops):
            self.write(HOP)
            self.turns.stream()
        self.turns.close(HandOver(onset, 1, onset - PRE_ROLL, self.ring.end))
        return list(map(float, range(onset - PRE_ROLL, self.ring.end)))


overlaps = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 40), st.booleans(), st.booleans(), st.integers(0, 30)), max_size=12
)


@given(overlaps)
def test_a_turn_has_its_sound_once_and_without_a_gap_whether_or_not_it_was_suspected(
    lives: list[tuple[int, int, bool, bool, int]],
) -> None:
    stage, expected = Stage(), []
    for silence, doubt, busy, real, spoken in lives:
        stage.write(silence * HOP)
        stage.early.busy = busy
        onset = stage.ring.end - HOP
        stage.doubt(onset, doubt)
        if real:
            expected.append(stage.say(onset, spoken))
        stage.turns.trust()
    assert stage.late.sounds("closed") == stage.early.sounds("closed") == expected
    assert not stage.late.sounds("dropped")  # who does not listen early hears of turns only
    assert stage.early.turns[-1:] == [] or stage.early.turns[-1][2][-1] in ("closed", "dropped")


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 8)), min_size=1, max_size=200))
def test_flickering_suspicions_are_listened_to_once_a_second_at_most_and_one_at_a_time(
    flickers: list[tuple[int, int]],
) -> None:
    stage = Stage()
    begun = stage.ring.end
    for silence, doubt in flickers:
        stage.write(silence * HOP)
        stage.doubt(stage.ring.end, doubt)
        stage.turns.trust()
    passed = stage.ring.end - begun
    assert len(stage.early.turns) <= 1 + passed // AGAIN
    assert all(what == ["suspected", "dropped"] for _, _, what in stage.early.turns)
    heard = sum(map(len, stage.early.sounds("dropped")))
    assert heard <= passed + PRE_ROLL * len(stage.early.turns)
    starts = [told[0][0] for _, told, _ in stage.early.turns]
    assert all(later - sooner >= AGAIN - 8 * HOP for sooner, later in pairwise(starts))


def test_a_doubt_that_comes_too_soon_is_listened_to_when_the_second_is_over_and_has_missed_nothing() -> None:
    stage = Stage()
    stage.doubt(stage.ring.end, 3)
    stage.turns.trust()
    onset = stage.ring.end
    stage.doubt(onset, 10)
    assert len(stage.early.turns) == 1
    stage.doubt(onset, AGAIN // HOP)
    assert len(stage.early.turns) == 2
    assert stage.early.turns[1][1][0][0] == onset - PRE_ROLL
    expected = stage.say(onset, 5)
    assert stage.early.sounds("closed") == [expected]


def test_a_turn_that_begins_elsewhere_than_was_suspected_is_told_anew() -> None:
    stage = Stage()
    onset = stage.ring.end
    stage.doubt(onset, 3)
    stage.turns.open(OpenTurn(onset, 1, onset))
    assert [what for _, _, what in stage.early.turns] == [["suspected", "dropped"], ["open"]]
    assert stage.early.turns[1][1][0][0] == onset


def test_a_turn_that_is_taken_up_again_was_never_suspected() -> None:
    stage = Stage()
    onset = stage.ring.end - HOP
    first = stage.say(onset, 4)
    stage.turns.drop(onset)
    stage.turns.open(ReopenTurn(onset, 2, onset - PRE_ROLL))
    stage.turns.stream()
    assert [what for _, _, what in stage.early.turns] == [["open", "closed", "dropped"], ["open"]]
    assert np.concatenate(stage.early.turns[1][1]).tolist()[: len(first)] == first


def test_a_machine_that_is_too_slow_listens_to_turns_only() -> None:
    stage = Stage()
    onset = stage.ring.end
    stage.doubt(onset, 3)
    stage.turns.pause()
    assert stage.early.turns[-1][2] == ["suspected", "dropped"]
    stage.doubt(onset, 2 * AGAIN // HOP)
    assert len(stage.early.turns) == 1
    stage.turns.resume()
    stage.doubt(onset, 1)
    assert len(stage.early.turns) == 2
