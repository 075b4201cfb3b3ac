"""A device with a flight recorder: each stop, hold and press of the button is on the disk with its onset."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeagent.engine import Engine
from edgeagent.live.door import Door
from edgeagent.settings import Flight as Kept
from edgeagent.settings import Settings
from edgeagent.signal.canceller import Canceller
from edgeagent.store.clips import Clip, read_clips
from edgeagent.store.flight import Flight
from edgeagent.store.journal import MemoryJournal, TeeJournal
from edgeagent.store.occasions import Kind
from edgeagent.turn import events as e
from edgeagent.units import HOP, RATE
from tests.live.rig import BLOCK, VOICE, LoudEar, Rig

TEXT = "one two three four five six seven eight nine ten " * 4

LOUD = VOICE / 2 / 32_768


class Recorded(Rig):
    """With a recorder, speaking."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(flight=Kept(str(folder), before_s=1, after_s=1))
        self.folder = folder
        self.flight = Flight(settings, {}, pytest.fail)
        super().__init__(settings=settings, follower=self.flight)
        self.speak(TEXT, 100)

    def clips(self) -> list[Clip]:
        """All of them, the oldest first, when the device has stopped."""
        self.close()
        self.flight.close()
        return list(read_clips(self.folder, pytest.fail))[::-1]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Recorded]:
    yield (made := Recorded(tmp_path))
    made.flight.close()


def onset(clip: Clip) -> int:
    """Where the person is first heard in the clip's own sound, in samples of the session."""
    return clip.start + int(np.flatnonzero(np.abs(clip.sound("mic")) > LOUD)[0])


def test_a_stop_is_kept_from_before_its_onset_to_after_the_stop(rig: Recorded) -> None:
    began = rig.engine.at
    rig.until(lambda: rig.state == "yielding", level=VOICE)
    stopped = rig.entries("judged")[0]["at"]
    rig.turn(100, VOICE)  # what ends soon is taken back
    rig.until(lambda: rig.state == "thinking", most=200)
    rig.turn(150)
    (clip,) = rig.clips()
    assert clip.occasion.kind is Kind.STOP
    assert clip.occasion.stopped == clip.occasion.decided == stopped
    assert clip.occasion.saying == TEXT
    assert abs(onset(clip) - began) <= HOP
    assert abs(onset(clip) - clip.occasion.onset) <= 2 * HOP
    assert clip.start <= clip.occasion.onset - RATE + HOP
    assert clip.stop >= stopped + RATE
    played = np.concatenate(rig.recorded.played)[clip.start : clip.stop]
    heard = np.concatenate(rig.recorded.heard)[clip.start : clip.stop]
    assert np.abs(clip.sound("reference") - played).max() <= 1 / 32_768
    np.testing.assert_array_equal(clip.sound("mic"), heard)
    assert np.abs(clip.sound("clean")[onset(clip) - clip.start :][:RATE]).max() > LOUD
    assert clip.trace["near"][(stopped - clip.first) // HOP] == pytest.approx(0.99)
    assert {"action": "halt"}.items() <= next(one for one in clip.journal if one["event"] == "action").items()


def test_a_hold_and_a_press_are_kept_each_by_itself(rig: Recorded) -> None:
    rig.turn(3, VOICE)
    rig.until(lambda: rig.state == "speaking" and bool(rig.entries("judged")), most=200)
    rig.turn(100)
    pressed = rig.engine.at
    rig.door.tell(e.ButtonShort(0))
    rig.until(lambda: rig.state == "idle")
    rig.turn(150)
    hold, press = rig.clips()
    assert (hold.occasion.kind, press.occasion.kind) == (Kind.HOLD, Kind.BUTTON)
    assert abs(onset(hold) - hold.occasion.onset) <= 2 * HOP
    assert press.occasion.onset == pressed
    assert press.start == (pressed - RATE) // HOP * HOP
    assert press.stop == pressed + RATE
    assert any(entry["event"] == "button_short" for entry in press.journal)


@pytest.mark.parametrize("size", [1, 37, 160, 5000])
def test_the_recorder_changes_no_decision(tmp_path: Path, size: int) -> None:
    voice = np.zeros(8 * RATE, np.float32)
    voice[3 * RATE : 3 * RATE + 700] = voice[5 * RATE : 6 * RATE] = 0.1
    journals = []
    for folder in (None, tmp_path):
        kept = Settings(flight=Kept(str(folder), before_s=1, after_s=1))
        flight = Flight(kept, {}, pytest.fail) if folder else None
        journals.append(MemoryJournal())
        journal = TeeJournal(journals[-1], flight) if flight else journals[-1]
        door = Door(Engine(Settings(), journal, Canceller(drift=False), LoudEar()))
        if flight:
            door.follow(flight)
        for told in (e.Ready(0), e.Scripted(0, 0, "", length=10 * RATE), e.ReplyReady(0, 0), e.Playing(0, 0, 0, 0)):
            door.tell(told)
        for start in range(0, voice.size, size):
            door.hear(np.zeros_like(voice[start : start + size]), voice[start : start + size])
        if flight:
            flight.close()
    assert journals[0].lines() == journals[1].lines()
    assert [clip.occasion.kind for clip in read_clips(tmp_path, pytest.fail)] == [Kind.STOP, Kind.HOLD]


def test_large_pieces_are_followed_step_by_step(tmp_path: Path) -> None:
    """After the engine was held up the card hands over many periods at once."""
    flight = Flight(Settings(flight=Kept(str(tmp_path), before_s=1, after_s=1)), {}, pytest.fail)
    rig = Rig(follower=flight)
    silence = np.zeros(50 * BLOCK + 7, np.float32)
    rig.door.hear(silence, silence)
    assert [thought.at for thought in flight._thoughts] == list(range(HOP, silence.size // HOP * HOP + 1, HOP))
    assert rig.engine.at == silence.size // HOP * HOP
    rig.close()
    flight.close()
