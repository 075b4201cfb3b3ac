"""What is left out when the engine is too slow, and taken up again: in order, one at a time, not to and fro."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.live.pace import SELDOM, TOO_LATE, TRIED, Pace
from edgeagent.turn.levels import Level
from edgeagent.units import RATE, samples

BLOCK = 160
SECOND = RATE // BLOCK


class Machine:
    """Takes blocks as fast as it can. cost: blocks of time that a block takes at each level."""

    def __init__(self, *cost: float) -> None:
        self.cost = cost
        self.pace = Pace()
        self.waiting = 0.0
        self.levels: list[Level] = []
        self.dropped = 0

    def live(self, seconds: float, late: int = 1) -> None:
        """late: blocks in which the callbacks come together."""
        time = 0.0
        due = 0.0
        while time < seconds * SECOND:
            if self.waiting < 1:  # asleep until the next callbacks
                time = due = max(time, due + late)
                self.waiting += late
            self.waiting -= 1
            took = self.cost[min(self.pace.level, len(self.cost) - 1)]
            time += took
            while due + late <= time:
                due += late
                self.waiting += late
            if (level := self.pace.look(int(self.waiting * BLOCK), BLOCK)) is not None:
                self.levels.append(level)
            if self.pace.hopeless:
                self.dropped += 1
                self.pace.dropped()
                self.pace.lost.count(0, int(self.waiting * BLOCK))
                self.waiting = 0.0


@pytest.mark.parametrize("late", [1, 6, 15])
def test_a_machine_that_keeps_up_leaves_nothing_out_however_late_its_callbacks(late: int) -> None:
    machine = Machine(0.9)
    machine.live(60, late)
    assert machine.levels == []
    assert machine.pace.most <= late * BLOCK


@pytest.mark.parametrize(("cost", "level"), [((1.2, 0.9), 1), ((1.2, 1.1, 0.9), 2), ((1.2, 1.1, 1.05, 0.9), 3)])
def test_one_level_after_the_other_until_it_keeps_up(cost: tuple[float, ...], level: int) -> None:
    machine = Machine(*cost)
    machine.live(9)
    assert machine.levels == list(range(1, level + 1))
    assert machine.waiting * BLOCK < TOO_LATE
    assert not machine.dropped


def test_when_nothing_helps_what_waits_is_dropped_and_the_device_is_never_far_behind() -> None:
    machine = Machine(1.3)
    machine.live(60)
    assert machine.levels == [1, 2, 3]
    assert machine.dropped > 5
    assert machine.pace.most < 3 * TOO_LATE


@pytest.mark.parametrize(("cost", "deaf"), [(0.9, False), (1.5, False), (3.0, True)])
def test_it_is_deaf_when_most_of_the_sound_is_given_up(cost: float, deaf: bool) -> None:
    machine = Machine(cost)
    machine.live(60)
    assert machine.pace.lost.most is deaf
    machine.cost = (0.5,)
    machine.live(10)
    assert not machine.pace.lost.most


def test_it_all_comes_back_level_by_level() -> None:
    machine = Machine(1.3, 1.2, 1.1, 0.9)
    machine.live(9)
    machine.cost = (0.5,)
    machine.live(35)
    assert machine.levels == [1, 2, 3, 2, 1, 0]


def test_what_proves_too_much_is_tried_ever_more_seldom() -> None:
    machine = Machine(1.2, 0.9)
    machine.live(1200)
    tried = machine.levels.count(Level.NOTHING)
    assert machine.levels[:5] == [1, 0, 1, 0, 1]
    assert 5 <= tried <= 1200 * RATE / TRIED / 8
    before = len(machine.levels)
    machine.live(2 * SELDOM / RATE + 60)
    assert len(machine.levels) > before, "but it is tried"


@pytest.mark.parametrize("seconds", [0.5, 1.9])
def test_a_stall_is_no_slowness(seconds: float) -> None:
    machine = Machine(0.1)
    machine.live(5)
    machine.waiting += seconds * SECOND
    machine.live(20)
    assert machine.levels == []


@given(st.lists(st.tuples(st.integers(0, 40_000), st.integers(1, 1024)), max_size=3000))
def test_whatever_waits_levels_come_back_one_by_one_and_helpers_follow(looks: list[tuple[int, int]]) -> None:
    class Spotter:
        paused = False

        def pause(self) -> None:
            assert not self.paused
            self.paused = True

        def resume(self) -> None:
            assert self.paused
            self.paused = False

    spotter = Spotter()
    pace, before = Pace([spotter]), Level.NOTHING
    for waiting, taken in looks:
        level = pace.look(waiting, taken)
        if level is not None:
            assert level == before - 1 or level > before
            before = level
        assert pace.level == before
        assert spotter.paused == (before >= Level.HINT)


def test_what_waits_on_purpose_is_no_queue() -> None:
    pace, block = Pace(), samples(10)
    for _ in range(1000):
        pace.gathering = 10 * block
        for left in range(9, -1, -1):
            assert pace.look(left * block, block) is None
    assert pace.most == 0
    pace.gathering = 10 * block
    pace.look(12 * block, block)
    assert pace.most == 3 * block
