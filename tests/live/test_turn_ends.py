"""Asking a slow network about the end of a turn: in time, late, broken; and what it does to a whole device."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest

from edgeagent.errors import ModelError
from edgeagent.live.turn_ends import DEADLINE_S, LATE_MOST, LONGEST, PAUSE, REST_S, Asked, TurnEnds
from edgeagent.ports import Sound
from edgeagent.turn.events import Completeness
from tests.live.rig import VOICE, Rig
from tests.services.conftest import Eventually, eventually

__all__ = ["eventually"]

BLOCK = np.ones(160, np.float32)


class Slow:
    """Answers as soon as it may."""

    def __init__(self, complete: float = 0.9) -> None:
        self.may = Event()
        self.may.set()
        self.asked: list[Sound] = []
        self.complete_is = complete
        self.error: Exception | None = None

    def complete(self, sound: Sound) -> float:
        self.asked.append(sound)
        assert self.may.wait(10)
        if self.error:
            raise self.error
        return self.complete_is


class Asking:
    """A turn on a clock and an engine that stand still unless they are moved."""

    def __init__(self) -> None:
        self.judge = Slow()
        self.now, self.at, self.last_voice = 50.0, 0, 0
        self.told: list[tuple[float, int]] = []
        self.troubles: list[str] = []
        self.ends = TurnEnds(
            self.judge,
            lambda: (self.at, self.last_voice),
            lambda complete, upto: self.told.append((complete, upto)),
            self.troubles.append,
            lambda: self.now,
        )

    def goes_on(self, count: int, *, voice: bool) -> None:
        for _ in range(count):
            self.at += BLOCK.size
            self.last_voice = self.at if voice else self.last_voice
            self.ends.sound(1, BLOCK)


class Prompt(TurnEnds):
    """Answers before the next sample: the rig's clock would go on while a busy machine keeps its thread waiting."""

    def _put(self, question: Asked | None) -> None:
        self.answered = Event()
        super()._put(question)
        assert question is None or self.answered.wait(10)


@pytest.fixture
def asking() -> Asking:
    return Asking()


def test_each_pause_is_asked_about_once_with_the_turn_so_far(asking: Asking, eventually: Eventually) -> None:
    asking.ends.open_turn(1, "")
    asking.goes_on(50, voice=True)
    asking.goes_on(40, voice=False)
    eventually(lambda: asking.told)
    asking.goes_on(1000, voice=True)
    asking.goes_on(40, voice=False)
    eventually(lambda: len(asking.told) == 2)
    asking.ends.close()
    assert [sound.size for sound in asking.judge.asked] == [50 * 160 + PAUSE, LONGEST]
    assert asking.told == [(0.9, 50 * 160 + PAUSE), (0.9, 1090 * 160 + PAUSE)]


def test_a_turn_that_is_over_is_asked_about_no_more(asking: Asking) -> None:
    asking.goes_on(40, voice=False)
    asking.ends.open_turn(1, "")
    asking.ends.close_turn(1, BLOCK)
    asking.goes_on(40, voice=False)
    asking.ends.close()
    assert not asking.judge.asked


def test_late_answers_are_not_told_and_too_many_of_them_give_it_a_rest(asking: Asking, eventually: Eventually) -> None:
    asking.ends.open_turn(1, "")
    for count in range(LATE_MOST):
        asking.judge.may.clear()
        asking.goes_on(20, voice=True)
        asking.goes_on(40, voice=False)
        eventually(lambda: len(asking.judge.asked) > count)  # noqa: B023
        asking.now += DEADLINE_S + 0.01
        asking.judge.may.set()
    eventually(lambda: asking.troubles)
    asking.goes_on(20, voice=True)
    asking.goes_on(40, voice=False)
    asking.now += REST_S + 1
    asking.goes_on(20, voice=True)
    asking.goes_on(40, voice=False)
    eventually(lambda: asking.told)
    asking.ends.close()
    assert len(asking.told) == 1
    assert len(asking.judge.asked) == LATE_MOST + 1
    assert len(asking.troubles) == 1


def test_one_that_breaks_is_told_once_and_left_alone(asking: Asking, eventually: Eventually) -> None:
    asking.judge.error = ModelError("it is broken", "mend it")
    asking.ends.open_turn(1, "")
    for _ in range(2):
        asking.goes_on(20, voice=True)
        asking.goes_on(40, voice=False)
        eventually(lambda: asking.troubles)
    asking.ends.close()
    assert len(asking.troubles) == len(asking.judge.asked) == 1
    assert not asking.told


def test_a_slow_machine_asks_nothing(asking: Asking) -> None:
    asking.ends.open_turn(1, "")
    asking.ends.pause()
    asking.goes_on(20, voice=True)
    asking.goes_on(40, voice=False)
    asking.ends.resume()
    asking.ends.close()
    assert not asking.judge.asked


@pytest.mark.parametrize(("complete", "least_ms", "most_ms"), [(0.97, 250, 560), (0.5, 680, 900), (0.03, 1400, 2000)])
def test_the_whole_device_ends_a_turn_as_it_sounds(complete: float, least_ms: float, most_ms: float) -> None:
    rig, judge = Rig(), Slow(complete)
    ending = rig.engine.moderator.policy.temper.ending

    def told(complete: float, upto: int) -> None:
        rig.inbox.post(lambda: rig.door.tell(Completeness(0, "sound", complete, upto)))
        ends.answered.set()

    ends = Prompt(judge, lambda: (rig.engine.at, ending.last_voice), told, lambda _text: None)
    rig.conversation.attend(ends)
    rig.turn(60)
    rig.turn(80, VOICE)
    rig.until(lambda: bool(judge.asked))
    rig.until(lambda: bool(rig.entries("completeness")), most=4)
    rig.until(lambda: bool(rig.entries("speech_ended")))
    (ended,) = rig.entries("speech_ended")
    rig.close()
    assert least_ms <= (ended["at"] - ended["end"]) / 16 <= most_ms
