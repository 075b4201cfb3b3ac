"""Speech that was not for the device: it goes on, and nobody is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from edgeagent.app import build_dialogue
from edgeagent.settings import Capture, Settings, Turns
from edgeagent.signal.bypass import Bypass
from edgeagent.signal.canceller import Cancelled
from edgeagent.turn import events as e
from edgeagent.turn.policy import Percept
from tests.live.rig import VOICE, LoudEar, Rig
from tests.live.test_dialogue import LONG, Replier, Understanding, ask, heard, interrupt, plans, quiet

NEAR_DBFS = -15.0
"""How loud the person here usually is; VOICE in the rig is at -30 dBFS."""


class LevelEar(LoudEar):
    """Also tells how loud it was."""

    def hear(self, cancelled: Cancelled, at: int) -> Percept:
        percept = super().hear(cancelled, at)
        return Percept(at, percept.near, percept.floor, power=float(np.square(cancelled.linear).mean()))


Make = Callable[..., Rig]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Rig] = []

    def one(replier: Replier, *texts: str, usual: float = NEAR_DBFS, turns: int = 5) -> Rig:
        settings = Settings(capture=Capture(on_turn="true"), turns=Turns(reply_timeout_ms=3000))
        understands = Understanding(*texts)
        rig = Rig(None, replier, understands, settings, LevelEar(), build_dialogue(settings), Bypass())
        made.append(rig)
        rig.door.tell(e.Remembered(0, usual, turns))
        rig.turn(30)
        return rig

    yield one
    for rig in made:
        rig.close()


def test_it_goes_on_when_somebody_far_away_has_stopped_it(make: Make) -> None:
    replier = Replier()
    rig = make(replier, "and then she said that")
    rig.speak(LONG)
    interrupt(rig)
    quiet(rig)
    assert plans(rig) == [("far", "resume")]
    assert LONG.endswith(heard(rig)[-1])
    assert not replier.asked


def test_nobody_answers_what_was_said_in_the_next_room(make: Make) -> None:
    replier = Replier()
    rig = make(replier, "what is for dinner")
    ask(rig)
    quiet(rig)
    assert plans(rig) == [("far", "silent")]
    assert not replier.asked
    assert rig.entries("no_reply")


def test_stop_counts_from_wherever_it_comes(make: Make) -> None:
    rig = make(Replier(), "stop")
    rig.speak(LONG)
    interrupt(rig)
    quiet(rig)
    assert plans(rig) == [("command", "silent")]


@pytest.mark.parametrize(("usual", "turns"), [(NEAR_DBFS, 0), (-28.0, 5)])
def test_who_is_not_known_yet_or_as_loud_as_ever_is_answered(make: Make, usual: float, turns: int) -> None:
    replier = Replier(["So it is."])
    rig = make(replier, "tell me a story", usual=usual, turns=turns)
    ask(rig)
    quiet(rig)
    assert plans(rig) == [("request", "reply")]
    assert len(replier.asked) == 1


def test_a_person_who_moves_away_is_answered_before_long(make: Make) -> None:
    """The memory of how loud they are follows."""
    replier = Replier(*[["So it is."] for _ in range(6)])
    rig = make(replier, *["tell me a story"] * 6)
    for _ in range(6):
        ask(rig)
        quiet(rig)
    kinds = [kind for kind, _ in plans(rig)]
    assert kinds[0] == "far"
    assert kinds[-1] == "request"
    assert VOICE == 1000
