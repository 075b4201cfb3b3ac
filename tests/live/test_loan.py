"""The card lent and taken back: silent and said before, heard again after, whatever the borrower does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event

import pytest

from edgeagent.errors import DeviceError, DeviceHung
from edgeagent.live import guarded_card, loan, repair
from edgeagent.live.actuators import LendablePin
from edgeagent.live.loan import Loan, Recall
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.outputs import Light, outputs
from edgeagent.units import RATE
from tests.live.rig import PATIENCE_S, Rig


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setattr(repair, "RETRY_S", 0.01)
    rig = Rig()
    rig.until(lambda: rig.state == "idle")
    yield rig
    rig.loop.loan.give_back()
    with suppress(DeviceHung):
        rig.close()


def passes(rig: Rig, so: Callable[[], object]) -> None:
    """Time passes without frames until `so`: nobody cranks a card that is closed."""
    end = time.monotonic() + PATIENCE_S
    while not so():
        rig.wait(0.05)
        assert time.monotonic() < end, rig.log
        time.sleep(0.001)


def lent(rig: Rig, borrower: Callable[[], None] = lambda: None) -> Loan:
    """Asked for, until it is free."""
    asked = rig.loop.loan
    assert asked.ask(borrower) == ""
    rig.until(lambda: rig.state == "mic_lost", most=20)
    passes(rig, lambda: asked.answer() is not None)
    assert asked.answer() == ""
    return asked


def listening(rig: Rig, state: str = "idle") -> None:
    """The card is opened anew, and gives sound."""
    cards = len(rig.cards)
    passes(rig, lambda: len(rig.cards) > cards and not rig.loop._repair.at_work)
    rig.until(lambda: rig.state == state, most=60)


def test_it_is_silent_and_says_why_before_the_card_is_closed_and_listens_again_after(rig: Rig) -> None:
    rig.speak("one two three four five six seven eight")
    rig.log.clear()
    given = lent(rig)
    assert rig.log == ["amplify False", "abort", "lamp calibrating", "close"]
    assert rig.entries("microphone_failed")[-1]["reason"] == "calibrating"
    rig.wait(0.2)  # the next look at itself
    vitals = rig.loop.gauge.vitals
    assert (vitals.hears, vitals.excused, vitals.light, vitals.trouble) == (False, True, "calibrating", "calibrating")
    rig.wait(5.0)
    assert 0 < rig.entries("heard_words")[-1]["heard"] < 8
    assert rig.loop.gauge.vitals.excused
    given.give_back()
    listening(rig)
    rig.turn(20)
    vitals = rig.loop.gauge.vitals
    assert (vitals.hears, vitals.excused, vitals.light, vitals.reopened) == (True, False, "idle", 1)
    assert [note["end"] for note in rig.notes.entries if note["event"] == "loan_over"] == [loan.RETURNED]
    rig.conversation.say("nine ten")
    rig.until(lambda: rig.state == "speaking")


def test_what_was_lent_is_not_lost_and_what_is_missing_after_that_is(rig: Rig) -> None:
    given = lent(rig)
    rig.wait(5.0)
    given.give_back()
    listening(rig)
    assert rig.loop.gauge.lost == 0
    rig.wait(0.4)
    rig.turn(20)
    assert rig.loop.gauge.lost > 0
    given, before = lent(rig), rig.loop.gauge.lost
    rig.plugged = False
    given.give_back()
    passes(rig, lambda: rig.loop.gauge.vitals.trouble == "unplugged")
    rig.wait(1.0)
    rig.plugged = True
    listening(rig)
    assert rig.loop.gauge.lost >= before + RATE


def test_one_at_a_time_and_the_next_when_it_is_back(rig: Rig) -> None:
    given = lent(rig)
    assert given.ask(lambda: None) == loan.ALREADY
    assert given.answer() == ""
    given.give_back()
    passes(rig, lambda: len(rig.cards) > 1 and not rig.loop._repair.at_work)
    assert given.ask(lambda: None) == ""  # it is back, and gives no sound yet
    rig.wait(0.05)
    assert given.answer() == "its card is not ready"
    rig.until(lambda: rig.state == "idle", most=60)
    assert lent(rig).answer() == ""


def test_when_its_time_is_over_it_is_taken_back_from_whoever_has_it(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loan, "LONGEST_S", 0.05)
    ended = Event()
    assert rig.loop.loan.ask(ended.set) == ""
    rig.until(lambda: rig.state == "mic_lost", most=20)
    listening(rig)
    assert ended.is_set()
    assert rig.loop.loan.answer() not in ("", None)
    assert [note["end"] for note in rig.notes.entries if note["event"] == "loan_over"] == [loan.OVERDUE]


def test_it_is_excused_no_longer_than_its_time_whoever_hangs(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loan, "LONGEST_S", 0.05)
    hangs = Event()
    assert rig.loop.loan.ask(lambda: [None, None][hangs.wait(PATIENCE_S)]) == ""
    rig.until(lambda: rig.state == "mic_lost", most=20)
    passes(rig, lambda: not rig.loop.gauge.vitals.excused)
    assert rig.loop.loan.away
    hangs.set()
    listening(rig)


def test_a_card_that_does_not_come_back_is_no_calibration_any_more(rig: Rig) -> None:
    given = lent(rig)
    rig.plugged = False
    given.give_back()
    passes(rig, lambda: rig.log[-1] == "lamp mic_lost")
    assert rig.loop.gauge.vitals.trouble == "unplugged"
    assert not rig.loop.gauge.vitals.excused
    rig.plugged = True
    listening(rig)


def test_who_asks_and_does_not_want_it_any_more_leaves_no_trace(rig: Rig) -> None:
    rig.log.clear()
    assert rig.loop.loan.ask(lambda: None) == ""
    rig.loop.loan.give_back()
    rig.turn(30)
    assert (rig.state, rig.log) == ("idle", [])


def test_a_device_that_is_muted_or_deaf_does_not_lend(rig: Rig) -> None:
    rig.door.tell(e.ButtonLong(0))
    rig.until(lambda: rig.state == "muted")
    assert rig.loop.loan.ask(lambda: None) == ""
    rig.until(lambda: rig.loop.loan.answer() is not None, most=3)
    assert "muted" in (rig.loop.loan.answer() or "")
    rig.door.tell(e.ButtonLong(0))
    rig.until(lambda: rig.state == "idle")
    rig.wait(0.7)
    assert rig.state == "mic_lost"
    assert rig.loop.loan.ask(lambda: None) == ""
    rig.wait(0.05)
    assert rig.loop.loan.answer() == "the microphone gives no sound"


def test_a_microphone_that_is_not_believed_yet_after_a_repair_is_not_lent(rig: Rig) -> None:
    rig.wait(0.7)
    rig.door.tell(e.Failed(0, "the loudspeaker takes no sound"))
    rig.until(lambda: rig.state == "faulty")
    rig.door.tell(e.Recovered(0))
    rig.until(lambda: rig.state == "idle")
    asked = rig.loop.loan
    assert asked.ask(lambda: None) == ""
    rig.turn()
    assert asked.answer() == "the microphone gives no sound"
    rig.turn(60)
    assert rig.loop.gauge.vitals.hears
    assert lent(rig).answer() == ""


def test_a_sound_library_that_hangs_closing_is_the_end_and_nobody_gets_the_card(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded_card, "CLOSE_S", 0.05)
    let_go = Event()
    monkeypatch.setattr(rig.card, "close", lambda: let_go.wait(PATIENCE_S))
    asked = rig.loop.loan
    assert asked.ask(lambda: None) == ""
    rig.until(lambda: rig.state == "mic_lost", most=20)
    with pytest.raises(DeviceHung):
        passes(rig, lambda: False)
    assert "hangs" in (asked.answer() or "")
    repairer = rig.loop._repair._thread
    assert repairer is not None
    repairer.join(PATIENCE_S)
    assert len(rig.cards) == 1  # nobody asks a library that hangs for another
    let_go.set()


@pytest.mark.parametrize(("press", "then"), [(e.ButtonShort(0), "idle"), (e.ButtonLong(0), "muted")])
def test_a_press_of_the_button_ends_it(rig: Rig, press: e.Event, then: str) -> None:
    rig.door.record(Recall(rig.loop.loan))
    ended: list[bool] = []
    given = lent(rig, lambda: ended.append(True))
    rig.door.tell(e.ReplyFailed(0, 7, "gone"))
    assert not ended
    rig.door.tell(press)
    assert ended == [True]
    given.give_back()
    listening(rig, then)


def test_a_press_of_the_button_counts_while_the_card_is_still_on_its_way(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.door.record(Recall(rig.loop.loan))
    ended, let_go = Event(), Event()
    monkeypatch.setattr(rig.card, "close", lambda: let_go.wait(PATIENCE_S))
    asked = rig.loop.loan
    assert asked.ask(ended.set) == ""
    rig.until(lambda: rig.state == "mic_lost", most=20)
    rig.door.tell(e.ButtonShort(0))
    assert ended.is_set()
    asked.give_back()
    let_go.set()
    listening(rig)


def test_while_it_is_lent_the_pin_is_somebody_elses_and_a_busy_one_is_tried_again() -> None:
    class Pin:
        def __init__(self) -> None:
            if taken:
                raise DeviceError("GPIO 4 (amplifier) is busy")
            taken.append(self)
            self.levels: list[bool] = []

        def amplify(self, on: bool) -> None:
            self.levels.append(on)

        def close(self) -> None:
            taken.remove(self)

    taken: list[Pin] = []
    pin = LendablePin(Pin)
    pin.amplify(True)
    assert taken[0].levels == [True]
    pin.give_up()
    assert not taken
    pin.amplify(False)
    other = Pin()
    with pytest.raises(DeviceError):
        pin.take()
    other.close()
    pin.take()
    pin.take()
    assert len(taken) == 1
    pin.close()
    assert not taken


def test_its_light_is_another_than_that_of_a_microphone_that_is_lost() -> None:
    lent, lost = outputs(s.MicLost(s.CALIBRATING)), outputs(s.MicLost("only zeros"))
    assert (lent.light, lost.light) == (Light.CALIBRATING, Light.MIC_LOST)
    assert (lent.gate, lent.amplifier) == (lost.gate, lost.amplifier)
