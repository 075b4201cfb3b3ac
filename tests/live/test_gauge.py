"""What can be seen of a running device from outside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from edgeagent.live import repair
from edgeagent.live.gauge import Level
from edgeagent.units import RATE
from edgeagent.vitals import SILENT_DBFS, Vitals
from tests.live.rig import BLOCK, VOICE, Rig


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setattr(repair, "RETRY_S", 0.001)
    rig = Rig()
    yield rig
    rig.close()


@pytest.fixture
def seen(rig: Rig) -> list[Vitals]:
    seen: list[Vitals] = []
    rig.loop.gauge.watchers.append(seen.append)
    return seen


def test_ten_times_a_second_and_the_last_stays(rig: Rig, seen: list[Vitals]) -> None:
    rig.turn(3 * RATE // BLOCK)
    assert len(seen) == pytest.approx(30, abs=1)
    assert rig.loop.gauge.vitals is seen[-1]
    assert all(earlier.at < later.at for earlier, later in pairwise(seen))


def test_that_it_begins_to_hear_is_seen_at_once(rig: Rig, seen: list[Vitals]) -> None:
    rig.turn(2)  # a hop of sound
    assert [vitals.hears for vitals in seen] == [False, True]


def test_it_shows_the_state_the_card_and_both_levels(rig: Rig, seen: list[Vitals]) -> None:
    rig.turn(50)
    assert (seen[-1].state, seen[-1].light, seen[-1].card) == ("idle", "idle", "crank")
    assert (seen[-1].hears, seen[-1].trouble) == (True, "")
    assert not seen[0].hears  # nothing came yet
    assert seen[-1].loudspeaker_dbfs == SILENT_DBFS
    rig.speak("one two three four five six seven eight", 30)
    assert seen[-1].state == "speaking"
    assert seen[-1].loudspeaker_dbfs > -40
    rig.turn(20, VOICE)
    assert -31 < seen[-1].microphone_dbfs < -29  # 1000 of 32768
    assert seen[-1].person > 0.9


def test_a_microphone_that_is_gone_shows_within_a_second_and_so_does_its_return(rig: Rig, seen: list[Vitals]) -> None:
    rig.turn(100)
    rig.wait(1.2)
    assert not seen[-1].hears
    assert "no sound" in seen[-1].trouble
    assert seen[-1].state == "mic_lost"
    begun = time.monotonic()
    while rig.loop._repair.at_work:  # none of our time passes
        rig.loop.round()
        time.sleep(0.001)
        assert time.monotonic() - begun < 20
    rig.until(lambda: rig.loop.gauge.vitals.hears)
    assert seen[-1].state == "idle"
    assert seen[-1].reopened == 1


def test_lost_frames_are_counted_once_whether_the_card_tells_or_not(rig: Rig, seen: list[Vitals]) -> None:
    rig.turn(50)
    rig.turn(1, lost=480)
    rig.turn(50)
    assert seen[-1].lost == 480
    rig.wait(0.4)  # silence has been given for them already when the card tells
    rig.turn(1, lost=6400)
    rig.turn(50)
    assert seen[-1].lost == pytest.approx(480 + 6400, abs=BLOCK)


def test_a_level_that_is_no_number_is_silence() -> None:
    level = Level()
    level.hear(np.full(160, np.nan, np.float32))
    assert level.take()[0] == SILENT_DBFS
    level.hear(np.ones(160, np.float32))
    assert level.take() == (0.0, 1.0)
