"""The engine thread against a card cranked by hand: order of the stop, exact ledger, faults of the card."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest

from edgeagent.engine import Engine
from edgeagent.errors import DeviceHung
from edgeagent.live import repair
from edgeagent.live.loop import CALM, GATHERED, RESTING
from edgeagent.ports import Card
from edgeagent.services.tone_talker import GAP, TONE
from edgeagent.settings import Settings
from edgeagent.signal.canceller import Canceller
from edgeagent.sim.replay import replay
from edgeagent.store.journal import MemoryJournal
from edgeagent.turn import events as e
from edgeagent.units import HOP, RATE
from tests.live.rig import BLOCK, STIR, VOICE, LoudEar, Rig

WORD = TONE + GAP
TEXT = "one two three four five six seven eight"


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setattr(repair, "RETRY_S", 0.01)
    rig = Rig()
    yield rig
    with suppress(DeviceHung):
        rig.close()


def speaking(rig: Rig, blocks: int = 60) -> None:
    rig.speak(TEXT, blocks)


def words(rig: Rig) -> str:
    return str(rig.entries("heard_words")[-1]["text_heard"])


def test_a_sentence_sounds_to_its_last_sample_before_the_amplifier_is_muted(rig: Rig) -> None:
    speaking(rig, 0)
    rig.until(lambda: rig.state == "idle")
    assert words(rig) == TEXT
    sounding = np.flatnonzero(rig.card.air)
    assert sounding[-1] - sounding[0] == pytest.approx(8 * WORD - GAP, abs=80)
    assert len(rig.card.air) - rig.card.buffered >= sounding[-1]  # all of it was in the air by then
    assert rig.log == ["lamp starting", "lamp idle", "amplify True", "lamp speaking", "amplify False", "lamp idle"]


def test_the_button_stops_at_once_in_the_right_order_and_the_ledger_is_exact(rig: Rig) -> None:
    speaking(rig)
    rig.log.clear()
    rig.inbox.post(lambda: rig.door.tell(e.ButtonShort(0)))
    rig.until(lambda: rig.state == "idle", most=3)
    assert rig.log == ["amplify False", "abort", "lamp idle"]
    assert rig.notes.entries[-1] == {
        "at": rig.engine.at, "event": "halted", "utterance": 0, "monotonic_s": rig.now, "took_ms": 0.0
    }  # fmt: skip
    rig.turn(3)
    sounded = np.flatnonzero(rig.card.air)
    ceased = rig.entries("ceased")[-1]
    assert ceased["offset"] == pytest.approx(sounded[-1] - sounded[0], abs=32)  # a tone begins and may end with zeros
    assert not ceased["finished"]
    count = len(rig.card.air)
    rig.turn(20)
    assert not any(rig.card.air[count:])
    assert len(rig.card.air) > count  # the output runs on


def test_a_false_alarm_goes_on_from_the_word_and_loses_none(rig: Rig) -> None:
    speaking(rig)
    rig.until(lambda: rig.state == "yielding", most=60, level=VOICE)
    rig.until(lambda: rig.state == "speaking", most=100)
    rig.until(lambda: rig.state == "idle")
    resumed = rig.entries("playing")
    assert resumed[-1]["offset"] % WORD == 0
    assert resumed[-1]["offset"] <= rig.entries("ceased")[0]["offset"]
    assert words(rig) == TEXT


def test_what_is_recorded_decides_the_same_again(rig: Rig) -> None:
    speaking(rig)
    rig.until(lambda: rig.state == "yielding", most=60, level=VOICE)
    rig.turn(30, VOICE)
    rig.wait(0.7)
    assert rig.state == "mic_lost"
    rig.turn(50)
    assert rig.entries("outage")
    journal = MemoryJournal()
    engine = Engine(Settings(), journal, Canceller(True), LoudEar())
    played, heard = np.concatenate(rig.recorded.played), np.concatenate(rig.recorded.heard)
    replay(engine, played, heard, rig.recorded.told, chunk=37)
    assert journal.lines() == rig.journal.lines()


def test_silence_takes_the_place_of_frames_and_the_microphone_is_given_up(rig: Rig) -> None:
    speaking(rig)
    at = rig.engine.at
    rig.wait(0.4)
    assert rig.engine.at == pytest.approx(at + 0.4 * RATE, abs=256)
    assert rig.state == "speaking"
    rig.wait(0.2)
    assert rig.state == "mic_lost"
    assert rig.log[-1] == "lamp mic_lost"
    assert rig.entries("lost")[0]["kind"] == "no_frames"
    assert len(words(rig)) > 0


def test_the_journal_says_how_long_an_outage_was(rig: Rig) -> None:
    for number, seconds in enumerate((0.3, 3.0)):
        rig.turn(50)
        begun, left = rig.engine.at, rig.now
        rig.wait(seconds)
        while rig.loop.gauge.reopened < number or rig.loop._repair.at_work:  # it is opened anew, at a time of its own
            rig.wait(0.05)
            time.sleep(0.001)
        silence, passed = rig.engine.at - begun, rig.now - left
        rig.turn(50)
        told = rig.entries("outage")[number]["frames"]
        assert told == pytest.approx(silence, abs=256)
        assert told == pytest.approx(passed * RATE, abs=0.05 * RATE)


def test_an_outage_that_lasts_to_the_end_is_told_there(rig: Rig) -> None:
    rig.turn(50)
    rig.wait(2.0)
    assert not rig.entries("outage")
    rig.loop.stop()
    rig.loop.run()
    assert rig.entries("outage")[0]["frames"] == pytest.approx(2.0 * RATE, abs=0.05 * RATE)


def test_frames_that_come_back_are_not_counted_twice(rig: Rig) -> None:
    rig.turn(50)
    at = rig.engine.at
    rig.wait(0.5)
    rig.turn(1, lost=round(0.5 * RATE))
    rig.turn(9)
    assert rig.engine.at == pytest.approx(at + 0.6 * RATE, abs=512)


def test_frames_that_come_for_a_moment_between_two_gaps_are_borne(rig: Rig) -> None:
    rig.turn(50)
    rig.wait(0.9)
    rig.turn(1, lost=800)  # of which the card tells less than there was
    at = rig.engine.at
    rig.wait(0.5)
    assert rig.engine.at == pytest.approx(at + 0.5 * RATE, abs=256)
    rig.turn(100)
    assert rig.state == "idle"


def test_the_end_of_a_file_is_no_lost_microphone(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.turn(50)
    monkeypatch.setattr(rig.card, "facts", lambda: {"finished": 1})
    rig.wait(2.0)
    assert rig.loop._over
    assert rig.state == "idle"
    rig.loop.run()
    assert not rig.entries("lost") + rig.entries("outage")


def test_a_dead_card_is_opened_anew(rig: Rig) -> None:
    speaking(rig)
    rig.plugged = False
    rig.wait(1.2)
    assert rig.state == "mic_lost"
    rig.plugged = True
    begun = time.monotonic()
    while not rig.loop.gauge.reopened:
        rig.wait(0.05)
        assert time.monotonic() - begun < 20
    rig.wait(0.9)  # its first frames may take a while
    rig.until(lambda: bool(rig.card.air))
    assert len(rig.cards) == 2
    assert "close" in rig.log
    rig.turn(40)
    assert rig.state == "idle"


def test_a_voice_stops_a_device_that_was_without_its_card_for_long(rig: Rig) -> None:
    """Then the player has rendered less than the engine has heard."""
    rig.plugged = False
    rig.wait(30.0)
    rig.plugged = True
    begun = time.monotonic()
    while not rig.loop.gauge.reopened:
        rig.wait(0.05)
        assert time.monotonic() - begun < 20
    rig.until(lambda: rig.state == "idle")
    speaking(rig, 100)
    rig.until(lambda: rig.state == "yielding", most=60, level=VOICE)
    assert not rig.entries("passed")


def test_a_library_that_hangs_in_the_stop_ends_the_run_with_the_journal_complete(rig: Rig) -> None:
    speaking(rig)
    rig.card.hangs = True
    rig.inbox.post(lambda: rig.door.tell(e.ButtonShort(0)))
    with pytest.raises(DeviceHung) as hung:
        rig.turn(5)
    assert hung.value.exit_code == 75
    rig.loop._give_up(hung.value)
    assert rig.state == "faulty"
    assert rig.log[-1] == "lamp faulty"
    assert words(rig).startswith("one")
    rig.card.hangs = False


def test_a_loudspeaker_that_takes_no_sound_is_a_fault_and_is_mended(rig: Rig) -> None:
    rig.turn(20)
    rig.card.silent = True  # as a split card whose output alone was pulled
    rig.turn(125)  # while nobody speaks the engine lets a tenth of a second gather
    assert [entry["state"] for entry in rig.entries("state")][:2] == ["idle", "faulty"]
    begun = time.monotonic()
    while len(rig.cards) == 1 or rig.state == "faulty":
        rig.turn()
        time.sleep(0.001)
        assert time.monotonic() - begun < 20
    assert rig.state == "idle"


@pytest.mark.parametrize("lost", [False, True])
def test_a_card_that_comes_back_deaf_after_a_fault_of_its_loudspeaker_is_shown(
    rig: Rig, lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault hides that the microphone is lost while the card is away."""
    monkeypatch.setattr(rig.loop._watchdog, "_still", False)
    rig.turn(20)
    rig.plugged, rig.card.silent = False, True
    rig.turn(125)
    assert rig.state == "faulty"
    rig.wait(0.7)
    rig.plugged = True
    begun = time.monotonic()
    while not rig.loop.gauge.reopened:
        rig.wait(0.05)
        time.sleep(0.001)
        assert time.monotonic() - begun < 20
    for _ in range(100):
        rig.now += BLOCK / RATE
        if not lost:
            rig.card.turn(np.full(BLOCK, 7, np.int16))
        rig.loop.round()
    assert rig.state == "mic_lost"
    assert [line for line in rig.log if line.startswith("lamp")][-1] == "lamp mic_lost"
    rig.until(lambda: rig.state == "idle", most=100)


def test_a_microphone_that_is_lost_during_a_fault_shows_when_that_is_mended(rig: Rig) -> None:
    rig.turn(20)
    rig.plugged = False
    while not rig.loop._repair.at_work:
        rig.card.silent = True
        rig.turn()
    rig.wait(1)
    assert rig.state == "faulty"
    rig.plugged = True
    begun = time.monotonic()
    while len(rig.cards) == 1 or rig.loop._repair.at_work:
        rig.wait(0.05)
        time.sleep(0.001)
        assert time.monotonic() - begun < 20
    rig.wait(0.5)
    assert (rig.state, rig.log[-1]) == ("mic_lost", "lamp mic_lost")
    rig.until(lambda: rig.state == "idle", most=60)


@pytest.mark.parametrize("before", range(20, 24))
def test_a_loudspeaker_that_is_mended_before_its_fault_is_decided_on_is_no_fault_for_ever(
    rig: Rig, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card that opens sooner than the engine comes to its next step."""
    mending, start = rig.loop._repair, rig.loop._repair.start

    def at_once(dead: Card) -> None:
        start(dead)
        assert mending._thread is not None
        mending._thread.join(20)

    monkeypatch.setattr(mending, "start", at_once)
    rig.turn(before)
    rig.card.silent = True
    rig.until(lambda: len(rig.cards) == 2)
    rig.turn(10)
    assert [entry["state"] for entry in rig.entries("state")] == ["idle", "faulty", "idle"]


def test_stopping_the_device_cuts_its_sentence_and_says_what_was_heard(rig: Rig) -> None:
    speaking(rig)
    rig.loop.stop()
    rig.loop.run()
    assert rig.log[-2:] == ["amplify False", "abort"]
    assert rig.entries("heard_words")[-1]["heard"] >= 1
    assert rig.card.air[-BLOCK:] != [0] * BLOCK  # the last that sounded was voice: nothing was played out


def test_mute_and_back(rig: Rig) -> None:
    rig.turn(5)
    rig.inbox.post(lambda: rig.door.tell(e.ButtonLong(0)))
    rig.turn(3)
    assert rig.state == "muted"
    rig.conversation.say(TEXT)
    rig.until(lambda: rig.entries("action")[-1]["action"] == "discard")
    rig.inbox.post(lambda: rig.door.tell(e.ButtonLong(0)))
    rig.turn(3)
    assert rig.state == "idle"
    assert not any(rig.card.air)


def test_who_has_muted_it_is_not_heard_because_the_card_was_away_for_a_moment(rig: Rig) -> None:
    rig.turn(5)
    rig.door.tell(e.ButtonLong(0))
    rig.until(lambda: rig.state == "muted")
    rig.wait(0.7)
    assert rig.state == "mic_lost"
    rig.turn(60)
    assert rig.state == "muted"


def awaited(rig: Rig) -> int:
    """Samples until which it would sleep now."""
    wanted: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rig.loop._path.capture, "wait", lambda _timeout, count: wanted.append(count))
        rig.loop._rest_until_needed()
    return wanted[0]


def test_a_press_is_decided_with_the_next_step_however_much_sound_is_gathered(rig: Rig) -> None:
    speaking(rig)
    rig.until(lambda: rig.engine.calm)
    assert awaited(rig) > CALM
    rig.inbox.post(lambda: rig.door.tell(e.ButtonShort(0)))
    rig.loop.round()  # woken by the press: no block of the card waits
    assert awaited(rig) <= HOP
    rig.door.tell(e.ButtonLong(10**9))  # what is yet to come hurries nobody
    rig.turn(5)  # two steps at least: the press, and what it has cut
    assert (rig.state, awaited(rig) > HOP) == ("idle", True)


def test_it_sleeps_for_a_step_and_longer_only_while_nobody_speaks(rig: Rig) -> None:
    rig.turn(3)
    assert (rig.state, awaited(rig), rig.pace.gathering) == ("idle", GATHERED, GATHERED)
    rig.until(lambda: rig.engine.rests)
    assert (rig.state, awaited(rig), rig.pace.gathering) == ("idle", RESTING, RESTING)
    rig.card.turn(np.int16(0) + STIR)
    rig.card.turn(np.int16(0) + STIR)
    assert awaited(rig) <= HOP, "there is a step already"
    speaking(rig)
    calm = 0
    for _ in range(10):
        rig.turn()
        at, wanted = rig.engine.at, awaited(rig)
        more = CALM if rig.engine.calm else 0
        calm += bool(more)
        wanted -= more
        assert 1 <= wanted <= HOP
        assert rig.pace.gathering == (wanted + more if more else 0)
        rig.door.hear(np.zeros(wanted - 1, np.float32), np.zeros(wanted - 1, np.float32))
        assert rig.engine.at == at
        rig.door.hear(np.zeros(1, np.float32), np.zeros(1, np.float32))
        assert rig.engine.at == at + HOP
    assert calm
