"""The shadow with its ear: a bad one, a slow machine and lost sound change nothing but what it says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from edgeagent.detect.backchannel import KINDS
from edgeagent.detect.beside import Beside
from edgeagent.detect.ear import Ear
from edgeagent.detect.near_end import CLASSES
from edgeagent.engine import Engine
from edgeagent.settings import Settings, Turns
from edgeagent.signal.bypass import Bypass
from edgeagent.store.journal import MemoryJournal
from edgeagent.turn import events as e
from edgeagent.turn.levels import Level
from edgeagent.units import HOP, RATE
from tests.detect.made_up import Breaking, Counting

NOBODY = [6.0] + [0.0] * (len(CLASSES) - 1)
SOMEBODY = [0.0, 6.0] + [0.0] * (len(CLASSES) - 2)
FLOOR = [6.0 * (kind == "floor") for kind in KINDS]


def ear(near: Sequence[float] = NOBODY) -> Ear:
    return Ear(Counting(near), Counting(FLOOR))


def lived(beside: Beside | None, told: Sequence[e.Event | e.Fact] = (), seconds: float = 4.0) -> MemoryJournal:
    """The journal of a device that speaks all the time and hears nobody."""
    journal = MemoryJournal()
    engine = Engine(Settings(), journal, Bypass(), ear(), beside)
    speaks = (e.Ready(0), e.Scripted(0, 0, "", length=60 * RATE), e.ReplyReady(0, 0), e.Playing(0, 0, 0, 0))
    for fact in (*speaks, *told):
        engine.tell(fact)
    sound = np.zeros(round(seconds * RATE) // HOP * HOP, np.float32)
    engine.reference(sound)
    engine.capture(sound)
    return journal


def said(journal: MemoryJournal) -> list[str]:
    return [str(entry["event"]) for entry in journal.entries if str(entry["event"]).startswith("shadow")]


def test_an_ear_that_hears_somebody_would_have_stopped() -> None:
    journal = lived(Beside(Turns(), ear(SOMEBODY)), seconds=8)
    assert said(journal) == ["shadow"]
    (told,) = (entry for entry in journal.entries if entry["event"] == "shadow")
    assert told["live"] == {"outcome": "nothing"}
    assert [entry for entry in journal.entries if entry is not told] == lived(None, seconds=8).entries


def test_models_that_fail_are_told_and_the_live_ear_stays_well() -> None:
    broken = Ear(Breaking(NOBODY, good=10), Counting(FLOOR))
    journal = lived(Beside(Turns(), broken), seconds=12)
    assert "shadow_failed" in said(journal)
    kept = [entry for entry in journal.entries if not str(entry["event"]).startswith("shadow")]
    assert kept == lived(None, seconds=12).entries


def test_a_machine_that_is_too_slow_asks_it_nothing() -> None:
    model = Counting(SOMEBODY)
    beside = Beside(Turns(), Ear(model, Counting(FLOOR)))
    asked = len(model.seen)
    journal = lived(beside, [e.Shed(0, Level.HINT), e.Shed(3 * RATE, Level.NOTHING)], seconds=4)
    assert said(journal) == []
    assert len(model.seen) - asked == pytest.approx(RATE / HOP, abs=2)


def test_it_hears_nothing_in_sound_that_was_lost() -> None:
    model = Counting(NOBODY)
    beside = Beside(Turns(), Ear(model, Counting(FLOOR)))
    asked = len(model.seen)
    lived(beside, [e.Lost(RATE, "overflow", 2 * RATE)], seconds=4)
    assert len(model.seen) - asked == pytest.approx(2 * RATE / HOP, abs=2)
