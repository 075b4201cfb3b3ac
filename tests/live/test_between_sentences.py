"""What is said, or falls, over the end of a sentence of ours: who means it gets the floor, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edgeagent.ports import Sound
from edgeagent.settings import Activation, Settings
from edgeagent.turn import actions as a
from edgeagent.turn import events as e
from edgeagent.units import RATE, samples
from tests.live.rig import VOICE, Rig
from tests.live.test_dialogue import Understanding
from tests.turn.test_moderator import Bench


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()


def left(rig: Rig, utterance: int) -> int:
    """Samples of a sentence that have not sounded; one that is not there yet has many."""
    entry = rig.engine.moderator.ledger.entries.get(utterance)
    if entry is None or not entry.length or entry.playing_since is None:
        return 60 * RATE
    return entry.length - entry.position - (rig.engine.at - entry.playing_since)


@pytest.mark.parametrize("before_ms", [900, 480, 300, 150])
@pytest.mark.parametrize("second", [True, False], ids=["another waits", "the last"])
def test_a_word_near_the_end_of_a_sentence_gets_the_floor(rig: Rig, before_ms: int, second: bool) -> None:
    """Whether or not the next sentence is made already. (This ear takes some of it back: it cannot tell words.)"""
    rig.conversation.say("one two three four five six.")
    if second:
        rig.conversation.say("seven eight nine ten eleven twelve thirteen.")
    rig.until(lambda: rig.state == "speaking")
    rig.until(lambda: left(rig, 0) <= samples(before_ms))
    rig.turn(22, VOICE)
    rig.turn(300)
    assert [entry for entry in rig.entries("action") if entry["action"] == "open_turn"]


@pytest.mark.parametrize(("steps", "opens"), [(1, False), (30, True)], ids=["a knock", "a voice"])
def test_a_knock_at_the_end_of_a_sentence_gives_nobody_the_floor(steps: int, opens: bool) -> None:
    bench, length = Bench(), samples(3000)
    bench.tell(
        e.Ready(0), e.Scripted(0, 3, "One two three.", (), (), length), e.ReplyReady(0, 3), e.Playing(0, 3, 0, 0)
    )
    bench.hear(2960 - 16 * steps, 0.02)
    bench.hear(16 * steps, 0.85, floor=0.02)
    bench.hear(16, 0.02, floor=0.02)
    at = bench.moderator.at
    bench.tell(e.Ceased(at, 3, length, length, finished=True))
    bench.hear(100, 0.02, floor=0.02)
    at = bench.moderator.at
    bench.tell(e.Scripted(at, 4, "Four five six.", (), (), length), e.ReplyReady(at, 4))
    bench.hear(1000, 0.02, floor=0.02)
    assert bool(bench.actions(a.HandOver)) is opens
    assert (a.Discard(4) in bench.actions(a.Discard)) is opens


class Lengths(Understanding):
    """What was handed over, in seconds."""

    closed: tuple[float, ...] = ()

    def close_turn(self, _turn: int, sound: Sound) -> None:
        self.closed = (*self.closed, sound.size / RATE)


def test_what_was_said_while_it_slept_is_not_handed_over_when_it_speaks() -> None:
    heard = Lengths()
    rig = Rig(listener=heard, settings=Settings(activation=Activation("wake")))
    try:
        rig.turn(100)
        rig.turn(2000, VOICE)  # 20 s of talk in the room
        assert rig.state == "idle"
        rig.conversation.say("one two three four five six seven eight nine ten eleven twelve.")
        rig.until(lambda: rig.state != "idle", level=VOICE)
        rig.turn(80, VOICE)
        rig.turn(100)
        assert all(seconds < 4 for seconds in heard.closed)
    finally:
        rig.close()


@pytest.mark.parametrize("end", [0, -(10**9), 10**12])
def test_a_wake_word_on_another_clock_opens_no_past(end: int) -> None:
    rig = Rig(listener=(heard := Lengths()), settings=Settings(activation=Activation("wake")))
    try:
        rig.turn(3000, VOICE)
        rig.turn(100)
        rig.door.tell(e.Woken(0, "hey_jarvis", end))
        rig.turn(10)
        rig.turn(100, VOICE)
        rig.turn(150)
        (seconds,) = heard.closed
        assert seconds < 5
    finally:
        rig.close()
