"""From percepts to verdicts, on made-up percepts: no sound, no model."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.settings import Turns
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.machine import Limits, step
from edgeagent.turn.policy import WHOLE, Likely, Percept, Policy
from edgeagent.units import HOP, milliseconds, samples

QUIET, VOICE = 0.02, 0.97


def hops(ms: float) -> int:
    return samples(ms) // HOP


def live(
    percepts: Iterable[tuple[float, float]], state: s.State, turns: Turns | None = None
) -> list[tuple[float, e.Event, s.State]]:
    """Feed (near, floor) pairs; give (ms, event, state after it) for all that happened."""
    policy, happened = Policy(turns or Turns()), []
    for index, (near, floor) in enumerate(percepts):
        for event in policy.hear(Percept((index + 1) * HOP, near, floor), state):
            state, _ = step(state, event, Limits())
            happened.append((milliseconds(event.at), event, state))
    return happened


def overlap(
    ms: float, near: float = VOICE, floor: float = 0.9, before: float = 500, after: float = 1500
) -> list[tuple[float, float]]:
    return [(QUIET, 0.5)] * hops(before) + [(near, floor)] * hops(ms) + [(QUIET, floor)] * hops(after)


def test_silence_does_nothing() -> None:
    for state in (s.Idle(), s.Speaking(1), s.Thinking(1, 10**9)):
        assert live([(QUIET, 0.5)] * 1000, state) == []


def test_a_clear_voice_ducks_then_stops_and_the_turn_closes_after_patience() -> None:
    (suspected, stopped, ended) = live(overlap(1200), s.Speaking(1))
    assert isinstance(suspected[1], e.Suspected)
    assert 500 < suspected[0] <= 600
    assert stopped[1:] == (e.Judged(stopped[1].at, e.Verdict.INTERRUPTION), stopped[2])
    assert stopped[0] - suspected[0] <= 200
    assert isinstance(ended[1], e.SpeechEnded)
    assert ended[0] == pytest.approx(1700 + Turns().patience_ms, abs=2 * 16 + 16)


def test_the_onset_is_where_the_voice_began() -> None:
    happened = live(overlap(600), s.Speaking(1))
    assert isinstance(happened[0][1], e.Suspected)
    assert milliseconds(happened[0][1].onset) == pytest.approx(500, abs=16)


def test_a_weak_beginning_belongs_to_the_word() -> None:
    percepts = [(QUIET, 0.5)] * hops(500) + [(0.3, 0.5)] * hops(200) + [(VOICE, 0.9)] * hops(400)
    happened = live(percepts, s.Speaking(1))
    assert isinstance(happened[0][1], e.Suspected)
    assert milliseconds(happened[0][1].onset) == pytest.approx(500, abs=16)


@pytest.mark.parametrize("state", [s.Idle(), s.Speaking(1)])
def test_what_nobody_can_tell_after_a_turn_is_no_further_one(state: s.State) -> None:
    """The evidence of a turn is spent with it: an ear that knows nothing must not open another one without a voice."""
    percepts = [(QUIET, 0.5)] * 30 + [(VOICE, 0.95)] * 60 + [(0.49, 0.95)] * 400
    ends = [event for _, event, _ in live(percepts, state) if isinstance(event, e.SpeechEnded)]
    assert [event.end for event in ends] == [90 * HOP]


@given(st.lists(st.tuples(st.sampled_from([0.01, 0.3, 0.49, 0.6, 0.97]), st.integers(1, 60)), max_size=40))
def test_every_turn_ends_behind_its_beginning(stretches: list[tuple[float, int]]) -> None:
    percepts = [(near, 0.9) for near, count in stretches for _ in range(count)]
    for state in (s.Idle(), s.Speaking(1)):
        begun = 0
        for ms, event, _ in live(percepts, state):
            if isinstance(event, e.SpeechStarted | e.Suspected):
                begun = event.onset
            elif isinstance(event, e.SpeechEnded):
                assert begun < event.end <= samples(ms)


def test_a_single_step_ducks_for_a_tenth_of_a_second_and_neither_stops_nor_opens_a_turn() -> None:
    happened = live(overlap(16, near=0.999), s.Speaking(1))
    assert [type(event) for _, event, _ in happened] == [e.Suspected, e.Judged]
    assert isinstance(happened[-1][2], s.Speaking)
    assert happened[1][0] - happened[0][0] <= 130
    assert live(overlap(16, near=0.999), s.Idle()) == []


def test_what_was_surely_a_voice_is_waited_for() -> None:
    """Between two words our voice does not come back."""
    percepts = [(QUIET, 0.5)] * hops(500) + [(VOICE, 0.2)] * hops(160) + [(QUIET, 0.2)] * hops(600)
    _suspected, judged = live(percepts, s.Speaking(1))
    assert judged[0] - (500 + 160) > 200


def test_a_short_doubt_is_dismissed() -> None:
    percepts = [(QUIET, 0.5)] * 30 + [(VOICE, 0.5)] * 2 + [(0.4, 0.5)] * 20 + [(QUIET, 0.5)] * 60
    assert [type(event) for _, event, _ in live(percepts, s.Speaking(1))] == [e.Suspected, e.Judged]
    assert isinstance(live(percepts, s.Speaking(1))[-1][2], s.Speaking)


def test_a_backchannel_is_only_ducked_and_a_command_stops() -> None:
    uh_huh = live(overlap(400, floor=0.1), s.Speaking(1))
    assert [type(x[2]) for x in uh_huh] == [s.Doubting, s.Speaking]
    command = live(overlap(400, floor=0.95), s.Speaking(1))
    assert [type(x[2]) for x in command] == [s.Doubting, s.Yielding, s.Thinking]


def test_a_short_word_is_judged_when_it_is_over() -> None:
    word = live(overlap(250, floor=0.65), s.Speaking(1))
    assert [type(x[2]) for x in word] == [s.Doubting, s.Yielding, s.Thinking]
    assert 750 + 64 <= word[1][0] <= 750 + 200


def test_nothing_is_stopped_for_at_once_however_sure_it_is() -> None:
    happened = live(overlap(400, near=0.999, floor=0.999), s.Speaking(1))
    assert isinstance(happened[1][2], s.Yielding)
    assert happened[1][0] >= 16 * hops(500) + 160


def test_what_goes_on_stops_us_however_it_sounds() -> None:
    happened = live(overlap(1500, floor=0.3), s.Speaking(1))
    assert isinstance(happened[1][2], s.Yielding)
    assert 500 + 800 <= happened[1][0] <= 500 + 1400


def test_who_pauses_does_not_go_on_and_on() -> None:
    word, pause, again = [(VOICE, 0.1)] * hops(700), [(QUIET, 0.02)] * hops(300), [(VOICE, 0.24)] * hops(450)
    before, after = [(QUIET, 0.5)] * hops(500), [(QUIET, 0.05)] * hops(600)
    stopped = [isinstance(x[2], s.Yielding) for x in live(before + word + pause + again + after, s.Speaking(1))]
    assert not any(stopped)
    on_and_on = live(before + word + [(VOICE, 0.24)] * hops(300) + again + after, s.Speaking(1))
    assert isinstance(on_and_on[1][2], s.Yielding)


def test_a_stop_whose_cause_sounds_like_nothing_in_the_end_is_taken_back_within_a_second() -> None:
    before = [(QUIET, 0.5)] * hops(500)
    cough = before + [(VOICE, 0.95)] * hops(300) + [(QUIET, 0.05)] * hops(1500)
    taken_back = live(cough, s.Speaking(1))
    assert [type(x[2]) for x in taken_back] == [s.Doubting, s.Yielding, s.Speaking]
    assert taken_back[2][0] - taken_back[1][0] <= Turns().false_alarm_ms
    long = before + [(VOICE, 0.95)] * hops(1500) + [(QUIET, 0.05)] * hops(1500)
    assert [type(x[2]) for x in live(long, s.Speaking(1))] == [s.Doubting, s.Yielding, s.Thinking]


def test_a_word_that_is_clearly_one_needs_less_of_a_voice_and_a_click_is_none_all_the_same() -> None:
    def stops(ms: float, near: float, floor: float) -> bool:
        return any(isinstance(after, s.Yielding) for _, _, after in live(overlap(ms, near, floor), s.Speaking(1)))

    assert stops(320, 0.73, 0.97)
    assert not stops(320, 0.73, 0.7)
    assert not stops(320, 0.66, 0.97)
    assert not any(stops(ms, 0.999, 0.999) for ms in (16, 32, 48, 64))


def test_a_long_word_that_turned_out_to_take_nothing_is_taken_back_and_what_likely_does_stays() -> None:
    drawn_out = [(QUIET, 0.5)] * hops(500) + [(VOICE, 0.1)] * hops(800) + [(VOICE, 0.9)] * hops(200)
    taken_back = live(drawn_out + [(QUIET, 0.3)] * hops(1500), s.Speaking(1))
    assert [type(x[2]) for x in taken_back] == [s.Doubting, s.Yielding, s.Speaking]
    likely = live(drawn_out + [(QUIET, 0.6)] * hops(1500), s.Speaking(1))
    assert [type(x[2]) for x in likely] == [s.Doubting, s.Yielding, s.Thinking]


def test_a_blip_after_a_stop_was_taken_back_is_dismissed_like_any_other() -> None:
    """It belongs to the same overlap, but what was taken back is not still meant."""
    cough = [(QUIET, 0.5)] * hops(500) + [(VOICE, 0.95)] * hops(300) + [(QUIET, 0.05)] * hops(500)
    *_, doubted, dismissed = live([*cough, (VOICE, 0.05)] + [(QUIET, 0.05)] * hops(1000), s.Speaking(1))
    assert isinstance(doubted[1], e.Suspected)
    assert isinstance(dismissed[2], s.Speaking)
    assert dismissed[0] - doubted[0] <= 300


def test_after_a_turn_has_closed_the_next_voice_is_a_turn_of_its_own() -> None:
    turn = [(QUIET, 0.5)] * hops(500) + [(VOICE, 0.9)] * hops(800)
    happened = live(turn + [(QUIET, 0.5)] * hops(800) + [(VOICE, 0.9)] * hops(300), s.Idle())
    onsets = [event.onset for _, event, _ in happened if isinstance(event, e.SpeechStarted)]
    assert [round(milliseconds(onset), -2) for onset in onsets] == [500, 2100]


def test_uh_huh_that_goes_on_is_one_overlap_with_its_first_onset() -> None:
    uh_huh = [(QUIET, 0.5)] * hops(500) + [(VOICE, 0.1)] * hops(300) + [(QUIET, 0.1)] * hops(700)
    happened = live(uh_huh + [(VOICE, 0.95)] * hops(800), s.Speaking(1))
    second = [event for _, event, _ in happened if isinstance(event, e.Suspected)][1]
    assert milliseconds(second.onset) == pytest.approx(500, abs=16)


@pytest.mark.parametrize("overlap_ms", [300, 900])
def test_fewer_tolerated_false_stops_need_more(overlap_ms: int) -> None:
    rates = (0.2, 2.0, 6.0, 30.0, 120.0)
    floors = [f / 100 for f in range(5, 100, 5)]
    stops = [
        sum(
            any(isinstance(x[2], s.Yielding) for x in live(overlap(overlap_ms, floor=f), s.Speaking(1), Turns(rate)))
            for f in floors
        )
        for rate in rates
    ]
    assert all(more >= less for less, more in pairwise(stops))
    assert stops[-1] >= stops[0] + 5


def test_a_long_faint_noise_is_no_part_of_the_voice_after_it() -> None:
    percepts = [(0.2, 0.5)] * hops(60_000) + [(VOICE, 0.9)] * hops(600)
    (started,) = (event for _, event, _ in live(percepts, s.Idle()))
    assert isinstance(started, e.SpeechStarted)
    assert started.at - started.onset <= samples(1000)


def test_sound_that_comes_and_goes_does_not_make_a_voice_old() -> None:
    flicker = ([(0.6, 0.5)] * 2 + [(QUIET, 0.5)] * hops(500)) * 20
    happened = live(flicker + [(VOICE, 0.95)] * hops(600), s.Speaking(1))
    suspected = next(event for _, event, _ in happened if isinstance(event, e.Suspected))
    assert suspected.at - suspected.onset <= samples(2500)


def test_what_was_going_on_when_something_else_decided_is_not_heard_until_a_silence() -> None:
    policy, clock = Policy(Turns()), count(HOP, HOP)

    def hear(ms: float, near: float) -> list[e.Event]:
        return [x for _ in range(hops(ms)) for x in policy.hear(Percept(next(clock), near, 0.9), s.Idle())]

    assert hear(500, VOICE)
    policy.forget(after_patience=True)
    assert not hear(3000, VOICE)
    assert not hear(800, QUIET)
    started = hear(300, VOICE)[0]
    assert isinstance(started, e.SpeechStarted)
    assert milliseconds(started.onset) >= 500 + 3000 + 800 - 4 * 16


def test_a_short_patience_leaves_time_to_take_a_stop_back() -> None:
    cough = [(QUIET, 0.5)] * hops(500) + [(VOICE, 0.95)] * hops(300) + [(QUIET, 0.05)] * hops(1500)
    assert [type(x[2]) for x in live(cough, s.Speaking(1), Turns(patience_ms=250))][-1] is s.Speaking


@given(st.lists(st.tuples(st.floats(0.001, 0.999), st.floats(0.001, 0.999)), max_size=400))
def test_any_percepts_give_only_events_that_fit_the_state(percepts: list[tuple[float, float]]) -> None:
    policy, state = Policy(Turns()), s.Speaking(1)
    now: s.State = state
    for index, (near, floor) in enumerate(percepts):
        at = (index + 1) * HOP
        events = list(policy.hear(Percept(at, near, floor), now))
        assert len(events) <= 1
        for event in events:
            assert event.at == at
            if isinstance(event, e.Suspected | e.SpeechStarted):
                assert 0 <= event.onset < at
            now, _ = step(now, event, Limits())


@pytest.mark.parametrize(
    ("floor", "backchannel", "likely"),
    [
        (0.5, 0.3, "floor"),
        (0.3, 0.4, "backchannel"),
        (0.3, 0.3, "other"),
        (0.5, 0.5, "floor"),
        (0.25, 0.5, "backchannel"),
    ],
)
def test_what_is_heard_is_most_likely_one_of_three(floor: float, backchannel: float, likely: str) -> None:
    assert Percept(HOP, VOICE, floor, backchannel).likely == Likely(likely)


def test_what_was_heard_stays_known_when_the_ear_has_forgotten_it() -> None:
    policy, at = Policy(Turns()), 0
    for _ in range(hops(300)):
        at += HOP
        list(policy.hear(Percept(at, VOICE, 0.1, 0.8), s.Speaking(1)))
    ended = at
    for _ in range(hops(1000)):
        at += HOP
        knows = at - ended <= WHOLE
        list(policy.hear(Percept(at, QUIET, 0.1 if knows else 0.6, 0.8 if knows else 0.2), s.Doubting(1, 0, 10**9)))
    assert (policy.heard.floor, policy.heard.backchannel) == (0.1, 0.8)
