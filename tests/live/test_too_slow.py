"""A machine on which the ear takes longer than the sound: nothing grows, all is told, and it comes back."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from edgeagent.engine import Engine
from edgeagent.live.capture import BACKLOG
from edgeagent.live.pace import TOO_LATE
from edgeagent.settings import Settings
from edgeagent.signal.canceller import Canceller
from edgeagent.sim.replay import replay
from edgeagent.store.journal import MemoryJournal
from edgeagent.turn import events as e
from edgeagent.units import HOP, RATE
from edgeagent.vitals import Vitals
from tests.live.rig import BLOCK, LoudEar, Rig, SlowEar

HOP_S = HOP / RATE


class Spotter:
    """A helper that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")


@pytest.fixture
def ear() -> SlowEar:
    return SlowEar()


@pytest.fixture
def rig(ear: SlowEar) -> Iterator[Rig]:
    rig = Rig(ear=ear)
    ear.spend = rig.spend
    yield rig
    rig.close()


def levels(rig: Rig) -> list[int]:
    return [entry["level"] for entry in rig.entries("shed")]


def lost(rig: Rig) -> int:
    return sum(entry["frames"] for entry in rig.entries("lost"))


def behind(rig: Rig) -> float:
    """Samples that have sounded and are not decided yet."""
    return rig.loop._path.timeline.at + rig.loop._path.capture.waiting - rig.engine.at


def test_a_machine_that_keeps_up_is_left_alone(rig: Rig, ear: SlowEar) -> None:
    ear.cost = 0.9 * HOP_S
    rig.live(20)
    assert levels(rig) == []
    assert lost(rig) == 0


def test_what_helps_is_left_out_and_no_more_and_comes_back(rig: Rig, ear: SlowEar) -> None:
    spotter = Spotter()
    rig.pace._helpers = [spotter]
    ear.cost, ear.spared = 1.1 * HOP_S, 0.3 * HOP_S
    rig.live(8)
    assert levels(rig) == [1, 2]
    assert lost(rig) == 0
    assert behind(rig) < TOO_LATE
    assert ear.every > 1
    ear.cost, ear.spared = 0.3 * HOP_S, 0.0
    rig.live(25)
    assert levels(rig) == [1, 2, 1, 0]
    assert ear.every == 1
    assert spotter.told == ["pause", "resume"]
    assert not rig.entries("impaired")


def test_a_machine_that_is_too_slow_whatever_is_left_out(rig: Rig, ear: SlowEar) -> None:
    """Sound is lost, and counted; the device is never far behind, its button answers, and its lamp says so."""
    ear.cost = 1.5 * HOP_S
    furthest, waited = 0.0, 0
    for _ in range(60):
        rig.live(1)
        furthest = max(furthest, behind(rig))
        waited = max(waited, rig.pace.most)
    assert levels(rig) == [1, 2, 3]
    assert rig.log[-1] == "lamp idle, impaired"
    assert waited < 2 * RATE
    assert furthest < 2 * RATE
    assert 5 * RATE < lost(rig) < 40 * RATE
    heard = np.concatenate(rig.recorded.heard).size
    came = len(rig.card.air) - rig.card.buffered
    assert heard + behind(rig) == pytest.approx(came, abs=3 * BLOCK + rig.card.buffered), "the index never slips"
    rig.inbox.post(lambda: rig.door.tell(e.ButtonLong(0)))
    rig.live(0.4)
    assert rig.state == "muted"


@pytest.mark.parametrize(("cost", "hears"), [(1.5, True), (4.0, False)])
def test_whether_it_still_hears_can_be_seen(rig: Rig, ear: SlowEar, cost: float, hears: bool) -> None:
    ear.cost = cost * HOP_S
    rig.live(30)
    assert rig.loop.gauge.vitals.hears is hears
    assert bool(rig.loop.gauge.vitals.trouble) is not hears


@pytest.mark.parametrize("cost", [6.0, 20.0, 60.0])
def test_one_that_is_far_behind_is_deaf_before_any_sound_is_given_up(rig: Rig, ear: SlowEar, cost: float) -> None:
    """A watchdog of five seconds bites within ten: what is decided then belongs to sound of seconds ago."""
    seen: list[Vitals] = []
    rig.loop.gauge.watchers.append(seen.append)
    ear.cost = 0.1 * HOP_S
    rig.live(2)
    assert seen[-1].hears
    ear.cost = cost * HOP_S
    slow = rig.now
    rig.live(20)
    fed = [vitals.monotonic_s - slow for vitals in seen if vitals.hears] + [20.0]
    assert next(before for before, after in pairwise(fed) if after - before > 5.0) < 5.0
    ear.cost = 0.1 * HOP_S
    rig.live(12)
    assert seen[-1].hears


def test_what_is_far_behind_leaves_all_out_at_once(rig: Rig, ear: SlowEar) -> None:
    ear.cost = 6.0 * HOP_S
    rig.live(6)
    assert levels(rig) == [3]
    assert rig.log[-1] == "lamp idle, impaired"


def test_and_when_it_is_fast_again_all_comes_back(rig: Rig, ear: SlowEar) -> None:
    ear.cost = 1.5 * HOP_S
    rig.live(10)
    before = lost(rig)
    ear.cost = 0.2 * HOP_S
    rig.live(40)
    assert levels(rig) == [1, 2, 3, 2, 1, 0]
    assert lost(rig) - before < RATE
    assert rig.log[-1] == "lamp idle"
    assert behind(rig) < 2 * BLOCK + HOP
    assert [entry["by"] for entry in rig.entries("impaired")] == [["slow"], []]


def test_what_was_shed_is_shed_again_in_a_replay(rig: Rig, ear: SlowEar) -> None:
    ear.cost = 1.5 * HOP_S
    rig.live(15)
    ear.cost = 0.2 * HOP_S
    rig.live(15)
    assert len(levels(rig)) >= 4
    played, heard = np.concatenate(rig.recorded.played), np.concatenate(rig.recorded.heard)
    for chunk in (37, 16_000):
        journal = MemoryJournal()
        engine = Engine(Settings(), journal, Canceller(True), LoudEar())
        replay(engine, played, heard, rig.recorded.told, chunk=chunk)
        assert journal.lines() == rig.journal.lines()


@pytest.mark.parametrize("seconds", [0.8, 2.0, 3.5])
def test_one_call_that_takes_long(rig: Rig, ear: SlowEar, seconds: float) -> None:
    """What the queue does not hold is lost and counted; the rest is heard; then all is as before."""
    ear.cost = 0.1 * HOP_S
    rig.live(5)
    rig.spend(seconds)
    assert rig.loop._path.capture.waiting <= BACKLOG * BLOCK
    rig.live(3)
    over = max(0.0, seconds - BACKLOG * BLOCK / RATE)
    assert lost(rig) == pytest.approx(over * RATE, abs=2 * BLOCK)
    assert ("overflow" in {entry["kind"] for entry in rig.entries("lost")}) == bool(over)
    assert behind(rig) < 2 * BLOCK + HOP
    assert levels(rig) == []
    assert rig.state == "idle"
    assert rig.log[-1] == "lamp idle"


def test_how_far_it_was_behind_is_in_the_notes(rig: Rig, ear: SlowEar) -> None:
    ear.cost = 1.5 * HOP_S
    rig.live(10)
    rig.loop.stop()
    rig.loop.run()
    last = [note for note in rig.notes.entries if note["event"] == "card"][-1]
    assert 0.1 * RATE < int(str(last["behind_ms"])) * RATE / 1000 < 2 * RATE
    assert last["left_out"] == 3
