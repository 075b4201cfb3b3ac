"""Runs and their sound without a socket: whatever order Home Assistant's tasks write in, nothing old is ever new."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeagent.services.satellite_runs import NO_WORDS, NOBODY, OWED_S, PING, Run, Runs
from edgeagent.services.satellite_talk import SatelliteTalk
from edgeagent.services.wyoming_wire import Message

RATE, PIECE = 16_000, 512
FORM: dict[str, object] = {"rate": RATE, "width": 2, "channels": 1}


def pong(run: Run) -> Message:
    return Message("pong", {"text": f"{PING}{run.number}"})


@dataclass
class Stream:
    """One task of Home Assistant's that sends a voice, piece by piece. Every piece holds its number."""

    number: int
    pieces: int
    sent: int = -1

    @property
    def over(self) -> bool:
        return self.sent > self.pieces

    def next(self) -> Message:
        self.sent += 1
        times = {"timestamp": 32 * max(0, self.sent - 1)}
        if self.sent == 0:
            return Message("audio-start", {**FORM, **times})
        if self.sent > self.pieces:
            return Message("audio-stop", times)
        return Message("audio-chunk", {**FORM, **times}, np.full(PIECE, self.number, np.int16).tobytes())


def heard(talk: SatelliteTalk) -> list[int]:
    """The numbers in what it gives."""
    talk.fail("the test is over")  # nothing if it has ended
    found: list[int] = []
    try:
        for sound in talk:
            found += np.rint(sound[:: PIECE // 2] * 32768).astype(int).tolist()
    except Exception:
        assert talk.over
    return found


SCHEDULES = st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=30), min_size=2, max_size=4)
"""For each run what happens until the next: 0 or 1, its own next message; 2 or more, a piece of an older voice."""


@settings(max_examples=300)
@given(SCHEDULES)
def test_whatever_the_order_an_utterance_has_its_own_sound_only(schedules: list[list[int]]) -> None:
    """Some runs after each other, each interrupted at any moment, the voices of all the older ones still coming."""
    runs = Runs(1.0)
    streams: list[Stream] = []
    ours: list[Run] = []
    for number, schedule in enumerate(schedules, 1):
        run, _ = runs.begin(number, 0.0)
        ours.append(run)
        mine = Stream(number, 12)
        steps = iter([pong(run), Message("transcript", {"text": "x"}), Message("synthesize", {"text": f"{number}"})])
        for what in schedule:
            late = [stream for stream in streams if not stream.over]
            if what >= 2 and late:
                assert not runs.take(late[what % len(late)].next(), 0.0).announced
            elif (message := next(steps, None)) is not None:
                runs.take(message, 0.0)
            elif not mine.over:
                assert not runs.take(mine.next(), 0.0).announced
        if mine.sent >= 0:
            streams.append(mine)
    for run in ours:
        assert set(heard(run.talk)) <= {run.number, 0}


def test_what_sounds_before_a_text_is_an_announcement_where_no_run_was_called_off_before_its_voice() -> None:
    runs = Runs(1.0)
    first, _ = runs.begin(1, 0.0)
    assert runs.take(Stream(1, 3).next(), 0.0).announced  # Home Assistant does not know of the run yet
    runs.take(pong(first), 0.0)
    assert runs.take(Stream(1, 3).next(), 0.0).announced
    runs.take(Message("transcript", {"text": "x"}), 0.0)
    second, _ = runs.begin(2, 0.0)
    runs.take(pong(second), 0.0)
    assert runs.take(Stream(1, 3).next(), 0.0).dropped  # the first run's, perhaps
    assert runs.take(Stream(5, 3).next(), 0.0).announced  # which has but one
    third, _ = runs.begin(3, 0.0)
    for message in (pong(third), Message("transcript", {"text": "y"}), Stream(3, 3).next()):
        assert not runs.take(message, 0.0).announced
    assert third.voiced
    runs.begin(4, 0.0)
    assert runs.take(Stream(4, 3).next(), 0.0).announced


def test_a_run_that_was_called_off_before_it_was_understood_costs_no_announcement() -> None:
    runs = Runs(1.0)
    run, _ = runs.begin(1, 0.0)
    runs.take(pong(run), 0.0)
    run, _ = runs.begin(2, 0.0)
    runs.take(pong(run), 0.0)
    assert runs.take(Stream(2, 3).next(), 0.0).announced


def test_a_text_that_crosses_the_end_of_its_run_may_still_bring_a_voice() -> None:
    runs = Runs(1.0)
    run, _ = runs.begin(1, 0.0)
    runs.take(pong(run), 0.0)
    run, _ = runs.begin(2, 0.0)
    for message in (Message("transcript", {"text": "x"}), pong(run), Stream(1, 3).next()):
        assert not runs.take(message, 0.0).announced


def test_what_a_run_that_was_called_off_may_still_say_is_not_waited_for_for_ever() -> None:
    for now, lost in ((OWED_S - 1, True), (OWED_S + 1, False)):
        runs = Runs(1.0)
        run, _ = runs.begin(1, 0.0)
        for message in (pong(run), Message("transcript", {"text": "x"})):
            runs.take(message, 0.0)
        run, _ = runs.begin(2, 0.0)
        runs.take(pong(run), 0.0)
        assert runs.take(Stream(2, 3).next(), now).dropped == lost


def test_the_voice_of_a_turn_that_was_none_is_no_announcement_once_that_is_clear() -> None:
    runs = Runs(1.0)
    run, _ = runs.begin(1, 0.0)
    for message in (pong(run), Message("transcript", {"text": "x"})):
        runs.take(message, 0.0)
    run, _ = runs.begin(NOBODY, 0.0)
    for message in (pong(run), Message("error", {"code": NO_WORDS}), Stream(1, 3).next()):
        assert not runs.take(message, 1.0).announced


def test_the_newest_run_that_is_not_disturbed_has_all_of_its_sound() -> None:
    runs = Runs(1.0)
    old, _ = runs.begin(1, 0.0)
    late, new = Stream(1, 20), Stream(2, 9)
    for message in (pong(old), Message("transcript", {"text": "x"}), late.next(), late.next(), late.next()):
        runs.take(message, 0.0)
    run, _ = runs.begin(2, 0.0)
    for message in (pong(run), late.next(), Message("transcript", {"text": "y"}), late.next()):
        runs.take(message, 0.0)
    while not new.over:
        runs.take(new.next(), 0.0)
        if not late.over:
            runs.take(late.next(), 0.0)
    assert heard(run.talk) == [2] * 18
    assert set(heard(old.talk)) == {1}


def test_a_run_that_is_nobodys_says_nothing_whatever_is_made_of_silence() -> None:
    runs = Runs(1.0)
    run, messages = runs.begin(NOBODY, 0.0)
    assert [message.kind for message in messages] == ["run-pipeline", "ping"]
    voice = Stream(1, 3)
    for message in (pong(run), Message("transcript", {"text": "thank you"}), Message("synthesize", {"text": "Sure."})):
        runs.take(message, 0.0)
    while not voice.over:
        assert not runs.take(voice.next(), 0.0).announced
    assert not heard(run.talk)
    assert runs.take(Stream(2, 1).next(), 0.0).announced  # what comes behind it is news


def test_a_voice_that_was_called_off_while_it_was_made_does_not_silence_the_next() -> None:
    runs = Runs(1.0)
    old, _ = runs.begin(1, 0.0)
    still, new = Stream(1, 20), Stream(2, 9)
    for message in (pong(old), Message("transcript", {"text": "x"}), still.next(), still.next(), still.next()):
        runs.take(message, 0.0)
    run, _ = runs.begin(2, 0.0)
    for message in (pong(run), Message("transcript", {"text": "y"})):
        runs.take(message, 1.0)
    while not new.over:
        runs.take(new.next(), 1.5)
    assert heard(run.talk) == [2] * 18
