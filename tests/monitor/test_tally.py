"""What is counted of a conversation is what its journal says of it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.monitor import tally
from edgeagent.monitor.tally import Distribution, Tally
from edgeagent.signal.canceller import Cancelled
from edgeagent.turn.events import ButtonShort
from edgeagent.turn.policy import Likely, Percept
from edgeagent.turn.states import CALIBRATING
from edgeagent.units import RATE
from edgeagent.vitals import Vitals
from tests.live.rig import VOICE, LoudEar, Rig

SENTENCE = "one two three four five six seven eight nine ten eleven twelve"


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()


class KindEar(LoudEar):
    """Takes whatever it has heard for one kind."""

    def __init__(self, kind: Likely) -> None:
        super().__init__()
        self.kind = kind

    def hear(self, cancelled: Cancelled, at: int) -> Percept:
        share = {kind: 0.8 if kind is self.kind else 0.1 for kind in Likely}
        return replace(super().hear(cancelled, at), floor=share[Likely.FLOOR], backchannel=share[Likely.BACKCHANNEL])


class Feeding(list[dict[str, object]]):
    """Entries that a tally gets as they come."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally

    def append(self, entry: dict[str, object]) -> None:
        super().append(entry)
        self.tally.write(entry)


def watched(rig: Rig) -> Tally:
    """A tally that hears what `rig` writes from now on."""
    tally = Tally(clock=lambda: 1_800_000_000.0)
    rig.journal.entries, rig.notes.entries = Feeding(tally), Feeding(tally)
    rig.loop.gauge.watchers.append(tally.look)
    return tally


def interrupted(rig: Rig) -> None:
    """The device speaks, and is stopped by somebody who goes on until their turn is over."""
    rig.speak(SENTENCE)
    rig.until(lambda: rig.state == "yielding", level=VOICE)
    rig.turn(150, VOICE)
    rig.until(lambda: rig.state not in ("yielding", "hearing"))


def test_a_stop_is_counted_with_its_latencies_and_with_what_was_heard(rig: Rig) -> None:
    tally = watched(rig)
    interrupted(rig)
    (suspected,), (judged,) = rig.entries("suspected"), rig.entries("judged")
    lasted_s = (judged["at"] - suspected["onset"]) / RATE
    assert sum(tally.stop.counts) == 1
    assert tally.stop.sum == pytest.approx(lasted_s)
    assert tally.duck.sum == pytest.approx((suspected["at"] - suspected["onset"]) / RATE)
    (halted,) = [note for note in rig.notes.entries if note["event"] == "halted"]
    assert tally.silence.sum == pytest.approx(float(str(halted["took_ms"])) / 1000)
    assert tally.counts["stop", "interruption"] == tally.counts["doubt", "stopped"] == tally.counts["turn", ""] == 1
    (overlap,) = tally.overlaps
    (heard,) = rig.entries("heard_words")
    assert (overlap.heard, overlap.of, overlap.text_heard) == (heard["heard"], heard["of"], heard["text_heard"])
    assert 0 < overlap.heard < overlap.of
    assert (overlap.outcome, overlap.cause, overlap.taken_back) == ("stopped", "interruption", False)
    assert overlap.stop_s == pytest.approx(lasted_s)
    assert tally.counts["words", ""] == overlap.heard


def test_a_false_alarm_is_held_and_a_stop_taken_back_is_told(rig: Rig) -> None:
    tally = watched(rig)
    told: list[str] = []
    tally.listeners.append(lambda what, _facts: told.append(what))
    rig.speak(SENTENCE)
    rig.until(lambda: rig.state == "doubting", level=VOICE)
    rig.until(lambda: rig.state == "speaking")
    assert (tally.counts["doubt", "held"], tally.overlaps[-1].outcome) == (1, "held")
    assert tally.counts["stop", "interruption"] == 0
    rig.until(lambda: rig.state == "yielding", level=VOICE)
    rig.until(lambda: rig.state in ("speaking", "thinking", "idle"))
    if rig.state == "speaking":
        assert tally.counts["taken_back", ""] == 1
        assert tally.overlaps[-1].taken_back
    else:
        assert tally.counts["taken_back", ""] == 0
    assert told.count("hold") == 1
    assert told.count("stop") == 1


@pytest.mark.parametrize("likely", Likely)
def test_a_false_alarm_is_counted_by_what_the_ear_took_it_for(likely: Likely) -> None:
    rig = Rig(ear=KindEar(likely))
    tally = watched(rig)
    told: list[tuple[str, Mapping[str, object]]] = []
    tally.listeners.append(lambda what, facts: told.append((what, facts)))
    rig.speak(SENTENCE)
    rig.until(lambda: rig.state == "doubting", level=VOICE)
    rig.until(lambda: rig.state == "speaking")
    rig.close()
    (judged,) = rig.entries("judged")
    assert {name: count for (what, name), count in tally.counts.items() if what == "false_alarm"} == {likely: 1}
    assert tally.overlaps[-1].likely == judged["likely"] == likely
    (hold,) = (facts for what, facts in told if what == "hold")
    assert (hold["outcome"], hold["likely"]) == ("held", likely)


def test_a_stop_that_is_taken_back_counts_as_what_it_was() -> None:
    tally = Tally()
    told: list[Mapping[str, object]] = []
    tally.listeners.append(lambda what, facts: told.append(facts) if what == "taken_back" else None)
    entries: list[dict[str, object]] = [
        {"at": 0, "event": "suspected", "onset": 0},
        {"at": 1, "event": "state", "state": "doubting", "from": "speaking"},
        {"at": 2, "event": "judged", "verdict": "interruption"},
        {"at": 2, "event": "state", "state": "yielding", "from": "doubting"},
        {"at": 3, "event": "judged", "verdict": "false_alarm", "likely": "backchannel"},
        {"at": 3, "event": "state", "state": "speaking", "from": "yielding"},
    ]
    for entry in entries:
        tally.write(entry)
    assert [facts["likely"] for facts in told] == ["backchannel"]
    assert (tally.counts["doubt", "held"], tally.counts["false_alarm", "backchannel"]) == (0, 1)


def test_a_stop_taken_back_counts_no_word_twice() -> None:
    tally = Tally()
    for heard in (3, 8):
        tally.write({"at": 0, "event": "heard_words", "utterance": 4, "heard": heard, "of": 8, "text_heard": ""})
    assert tally.counts["words", ""] == 8


def test_what_was_heard_is_told_with_its_place_in_time() -> None:
    tally, told = Tally(), list[tuple[str, object]]()
    tally.listeners.append(lambda what, facts: told.append((what, dict(facts))))
    tally.write({"at": 3 * RATE, "event": "heard_words", "utterance": 4, "heard": 3, "of": 8, "text_heard": "a b c"})
    assert told == [("heard", {"utterance": 4, "heard": 3, "of": 8, "at_s": 3.0})]


def test_the_button_stops_for_another_reason_and_is_no_doubt(rig: Rig) -> None:
    tally = watched(rig)
    rig.speak(SENTENCE, 30)
    rig.door.tell(ButtonShort(0))
    rig.until(lambda: rig.state == "idle")
    assert tally.counts["stop", "button"] == 1
    assert sum(tally.stop.counts) == 0
    assert tally.overlaps[-1].cause == "button"


def test_the_seconds_in_the_states_add_up_to_the_sound(rig: Rig) -> None:
    tally = watched(rig)
    interrupted(rig)
    rig.turn(20)
    spent = tally.state_s()
    assert sum(spent.values()) == pytest.approx(tally.vitals.at / RATE)
    states = [(entry["at"], entry["state"]) for entry in rig.entries("state")]
    begun = next(at for at, state in states if state == "speaking")
    doubted = next(at for at, state in states if state == "doubting")
    assert spent["speaking"] == pytest.approx((doubted - begun) / RATE)


def cut_in(first: Callable[[], object], at: int, other: Callable[[], object]) -> bool:
    """Does `first`, and before line `at` of the tally's in it the `other`, as another thread may. Whether it came so
    far."""
    lines = itertools.count()

    def traced(frame: FrameType, event: str, _value: object) -> Any:
        if frame.f_code.co_filename != tally.__file__:
            return None
        if event == "line" and next(lines) == at:
            other()
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        first()
    finally:
        sys.settrace(before)
    return next(lines) > at


@pytest.mark.parametrize("cut", ["reader", "writer"])
def test_whoever_reads_meanwhile_never_sees_the_seconds_in_a_state_become_less(cut: str) -> None:
    """Prometheus would take that for a restart of the device, and add all of them once more."""
    counted, steps = Tally(), itertools.count(1)
    moves = itertools.cycle(itertools.pairwise(("idle", "speaking", "doubting", "speaking", "idle")))
    seen: list[dict[str, float]] = []
    counted.write({"at": 0, "event": "state", "state": "idle", "from": "starting"})

    def go_on() -> None:
        at, (before, state) = next(steps) * RATE, next(moves)
        counted.write({"at": at, "event": "state", "state": state, "from": before})
        counted.look(Vitals(at=at + RATE // 2))

    def read() -> None:
        seen.append(counted.state_s())

    line = 0
    while cut_in(read, line, go_on) if cut == "reader" else cut_in(go_on, line, read):
        read()
        line += 1
    assert line > 3
    for one, following in itertools.pairwise(seen):
        assert all(following.get(state, 0.0) >= spent for state, spent in one.items())


def test_a_microphone_that_is_lost_is_trouble_and_so_is_a_card_that_gets_worse(rig: Rig) -> None:
    tally = watched(rig)
    rig.turn(50)
    rig.wait(1.5)
    events = [entry["event"] for _, entry in tally.troubles]
    assert "lost" in events
    assert events.count("microphone_failed") == 1
    tally.write({"at": 1, "event": "card", "overflows": 7, "worse": {"overflows": 2}})
    tally.write({"at": 2, "event": "card", "overflows": 9, "worse": {"overflows": 2}})
    tally.write({"at": 3, "event": "card", "overflows": 9, "worse": {}})
    assert tally.counts["card", "overflows"] == 4


def test_what_is_kept_to_look_at_is_bounded() -> None:
    tally = Tally()
    for at in range(1000):
        tally.write({"at": at, "event": "lost", "kind": "overflow", "frames": 1})
        tally.write({"at": at, "event": "suspected", "onset": at})
        tally.write({"at": at, "event": "state", "state": "doubting", "from": "speaking"})
        tally.write({"at": at, "event": "state", "state": "speaking", "from": "doubting"})
    assert len(tally.troubles) < 100
    assert len(tally.overlaps) < 100


VALUES = st.one_of(
    st.none(),
    st.integers(-9, 10**9),
    st.floats(),
    st.sampled_from(["doubting", "halt", "yielding", "false_alarm", "other"]),
)
EVENTS = st.sampled_from(
    ["state", "action", "halted", "heard_words", "heard", "kept", "card", "judged", "suspected", "ear_upset", "lost"]
)
KEYS = st.sampled_from(
    [
        "at",
        "state",
        "from",
        "onset",
        "action",
        "took_ms",
        "utterance",
        "heard",
        "of",
        "turn",
        "worse",
        "verdict",
        "likely",
    ]
)


@given(st.lists(st.tuples(EVENTS, st.dictionaries(KEYS, VALUES)), max_size=12))
def test_no_entry_whatever_it_holds_stops_the_engine(entries: list[tuple[str, dict[str, object]]]) -> None:
    tally = Tally()
    for event, facts in entries:
        tally.write({"event": event, **facts})
    tally.write({})


def test_what_building_the_device_has_cost_is_no_time_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    spent = iter([2.5, 2.5, 2.75])
    monkeypatch.setattr("edgeagent.monitor.tally.time.thread_time", lambda: next(spent))
    tally = Tally()
    tally.look(Vitals(1600))
    assert tally.engine_cpu_s == 0.0
    tally.look(Vitals(3200))
    assert tally.engine_cpu_s == 0.25


def test_a_duration_counts_in_the_first_bound_that_holds_it() -> None:
    durations = Distribution((0.1, 0.2))
    for value in (0.1, 0.15, 0.2, 0.3):
        durations.add(value)
    assert durations.counts == [1, 2, 1]


def test_a_card_that_is_lent_is_no_trouble_until_it_should_be_back() -> None:
    tally = Tally()
    deaf: list[dict[str, object]] = [
        {"at": 0, "event": "microphone_failed", "reason": CALIBRATING},
        {"at": 1, "event": "lost", "kind": "no_frames", "frames": 100},
        {"at": 2, "event": "outage", "frames": 16_000},
    ]
    for entry in deaf:
        tally.write(entry)
    assert not tally.troubles
    tally.write({"at": 3, "event": "microphone_failed", "reason": "the card is busy"})
    tally.write(deaf[1])
    assert [entry["event"] for _, entry in tally.troubles] == ["microphone_failed", "lost"]
    tally.write(deaf[0])
    tally.write({"at": 4, "event": "microphone_back"})
    tally.write(deaf[2])
    assert len(tally.troubles) == 3
