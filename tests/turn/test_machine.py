"""The turn machine: every pair decided once, invariants over random walks, and whole stories read aloud."""

from __future__ import annotations

import random
from itertools import pairwise, product
from typing import get_args

import pytest

from edgeagent.turn import actions as a
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.machine import IGNORED, TABLE, Limits, deadline, step
from edgeagent.turn.outputs import OUTPUTS, Gate, outputs

STATES = get_args(s.State)
LIMITS = Limits()


def test_every_pair_is_decided_once() -> None:
    assert set(TABLE) | IGNORED == set(product(STATES, e.EVENTS))
    assert not set(TABLE) & IGNORED


def test_every_state_has_its_own_light() -> None:
    assert set(OUTPUTS) == set(STATES)
    assert len({o.light for o in OUTPUTS.values()}) == len(STATES)


def test_the_gate_is_open_only_in_speaking_states() -> None:
    for state, out in OUTPUTS.items():
        assert (out.gate is not Gate.SHUT) == (state in s.AUDIBLE)
        assert out.amplifier == (out.gate is not Gate.SHUT)


def random_event(rng: random.Random, at: int, state: s.State) -> e.Event:
    """Any event, with fields that sometimes fit the state and sometimes are stale."""
    kind = rng.choice(e.EVENTS)
    utterance = rng.choice([getattr(state, "utterance", 0), rng.randrange(1000)])
    onset = at - rng.randrange(16_000)
    made: dict[type[e.Event], e.Event] = {
        e.SpeechStarted: e.SpeechStarted(at, onset),
        e.SpeechEnded: e.SpeechEnded(at, onset),
        e.Suspected: e.Suspected(at, onset),
        e.Judged: e.Judged(at, rng.choice(list(e.Verdict))),
        e.ReplyReady: e.ReplyReady(at, rng.randrange(1000)),
        e.ReplyFinished: e.ReplyFinished(at, utterance),
        e.ReplyFailed: e.ReplyFailed(at, utterance, "died"),
        e.NoReply: e.NoReply(at, rng.choice([getattr(state, "turn", 0), 5])),
        e.MicrophoneFailed: e.MicrophoneFailed(at, "zeros"),
        e.Failed: e.Failed(at, "card"),
    }
    return made.get(kind) or kind(at)


@pytest.mark.parametrize("seed", range(4))
def test_a_random_walk_keeps_the_invariants(seed: int) -> None:
    walk(seed, 25_000)


@pytest.mark.slow
def test_a_million_random_steps_keep_the_invariants() -> None:
    walk(99, 1_000_000)


def walk(seed: int, steps: int) -> None:
    rng = random.Random(seed)
    state: s.State = s.Starting()
    playing: set[int] = set()
    open_turn: int | None = None
    for at in range(0, steps * 256, 256):
        event = random_event(rng, at, state)
        before, (state, actions) = state, step(state, event, LIMITS)
        for action in actions:
            match action:
                case a.Play(utterance=u):
                    playing = {u}
                case a.Resume(utterance=u):
                    assert isinstance(before, s.Yielding)
                    assert before.utterance == u
                    playing = {u}
                case a.Halt(utterance=u) | a.Discard(utterance=u):
                    playing.discard(u)
                case a.OpenTurn(turn=turn):
                    assert open_turn is None
                    open_turn = turn
                case a.ReopenTurn(turn=turn):
                    assert isinstance(before, s.Thinking)
                    assert open_turn is None
                    open_turn = turn
                case a.CloseTurn(turn=turn, end=_):
                    assert turn == open_turn
                    open_turn = None
                case a.DropTurn(turn=turn):
                    assert turn == (before.turn if isinstance(before, s.Thinking) else open_turn)
                    open_turn = None
        # the onset is never lost: an open turn is named by the state, and the state's turn is the one opened
        assert (open_turn is not None) == isinstance(state, s.Hearing | s.Yielding)
        if isinstance(state, s.Hearing | s.Yielding):
            assert state.turn == open_turn
        if isinstance(state, s.AUDIBLE):
            assert state.utterance in playing or isinstance(event, e.ReplyFinished)
        elif isinstance(before, s.AUDIBLE) and not isinstance(event, e.ReplyFinished):
            assert not playing, f"{before} --{event}--> {state} left {playing} playing"
        if isinstance(event, e.Judged) and isinstance(before, s.Doubting) and event.verdict is e.Verdict.INTERRUPTION:
            assert outputs(state).gate is Gate.SHUT
        due = deadline(state)
        assert due is None or due > at


def tell(state: s.State, *events: e.Event) -> tuple[s.State, list[a.Action]]:
    said: list[a.Action] = []
    for event in events:
        state, actions = step(state, event, LIMITS)
        said += actions
    return state, said


def test_wait_no_stops_and_hands_the_turn_over() -> None:
    state, said = tell(
        s.Speaking(7),
        e.Suspected(16_000, onset=14_000),
        e.Judged(20_000, e.Verdict.INTERRUPTION),
        e.SpeechEnded(50_000, end=40_000),
    )
    assert said == [a.Halt(7), a.OpenTurn(14_000), a.Discard(7), a.CloseTurn(14_000, 40_000)]
    assert isinstance(state, s.Thinking)


def test_uh_huh_is_only_ducked() -> None:
    state, said = tell(s.Speaking(7), e.Suspected(16_000, onset=14_000), e.Judged(20_000, e.Verdict.FALSE_ALARM))
    assert state == s.Speaking(7)
    assert said == []


def test_a_stop_can_be_taken_back_until_the_turn_closes() -> None:
    yielding, _ = tell(s.Speaking(7), e.Suspected(16_000, 14_000), e.Judged(20_000, e.Verdict.INTERRUPTION))
    state, said = tell(yielding, e.Judged(24_000, e.Verdict.FALSE_ALARM))
    assert state == s.Speaking(7)
    assert said == [a.DropTurn(14_000), a.Resume(7)]
    closed, _ = tell(yielding, e.SpeechEnded(40_000, 30_000))
    assert tell(closed, e.Judged(41_000, e.Verdict.FALSE_ALARM)) == (closed, [])


def test_the_next_sentence_waits_and_follows_after_a_false_alarm() -> None:
    state, said = tell(
        s.Speaking(7),
        e.Suspected(16_000, 14_000),
        e.ReplyReady(17_000, 8),
        e.Judged(20_000, e.Verdict.FALSE_ALARM),
        e.ReplyFinished(30_000, 7),
    )
    assert state == s.Speaking(8)
    assert said == [a.Play(8)]


def test_who_speaks_over_our_last_word_has_the_floor() -> None:
    state, said = tell(s.Speaking(7), e.Suspected(16_000, 14_000), e.ReplyFinished(17_000, 7))
    assert isinstance(state, s.Hearing)
    assert said == [a.OpenTurn(14_000)]


def test_the_user_who_goes_on_before_we_answer_keeps_the_same_turn() -> None:
    thinking, _ = tell(s.Idle(), e.SpeechStarted(1000, 500), e.SpeechEnded(30_000, 20_000))
    state, said = tell(thinking, e.SpeechStarted(33_000, 32_000))
    assert said == [a.ReopenTurn(500)]
    _, said = tell(state, e.SpeechEnded(60_000, 50_000))
    assert said == [a.CloseTurn(500, 50_000)]


def test_a_turn_is_taken_up_again_until_it_is_as_long_as_one_may_be_and_then_another_begins() -> None:
    """However often somebody pauses, no turn outgrows the sound that is kept."""
    state: s.State = s.Hearing(500, 500 + LIMITS.turn)
    turns = []
    for at in range(20_000, 5 * LIMITS.turn, 20_000):
        event = e.SpeechStarted(at, at - 1000) if isinstance(state, s.Thinking) else e.SpeechEnded(at, at - 1000)
        state, said = tell(state, event)
        turns += [action for action in said if isinstance(action, a.OpenTurn | a.CloseTurn)]
        if isinstance(state, s.Hearing):
            assert at < state.until <= state.turn + LIMITS.whole
            assert state.until - at >= LIMITS.turn // 2
    opened = [action.turn for action in turns if isinstance(action, a.OpenTurn)]
    assert len(opened) > 2
    for turn, following in pairwise([500, *opened]):
        closed = [action.end for action in turns if isinstance(action, a.CloseTurn) and action.turn == turn]
        assert closed[-1] - turn <= LIMITS.whole
        assert 0 < following - closed[-1] <= 20_000


def test_a_stale_finish_of_an_old_utterance_changes_nothing() -> None:
    assert step(s.Speaking(8), e.ReplyFinished(1, 7), LIMITS) == (s.Speaking(8), ())


def test_in_half_duplex_nothing_heard_stops_us_but_the_button_does() -> None:
    state, said = tell(s.Speaking(7), e.EchoDoubted(1), e.Suspected(2, 1), e.Judged(3, e.Verdict.INTERRUPTION))
    assert state == s.HalfDuplex(7)
    assert said == []
    state, said = tell(state, e.ButtonShort(4))
    assert state == s.Idle()
    assert said == [a.Halt(7), a.Discard(7), a.CallOff()]


def test_mute_calls_everything_off_and_a_second_long_press_lifts_it() -> None:
    state, said = tell(s.Speaking(7, waiting=(8,)), e.ButtonLong(1))
    assert state == s.Muted()
    assert said == [a.Halt(7), a.Discard(7), a.Discard(8), a.CallOff()]
    assert tell(state, e.SpeechStarted(2, 1), e.ReplyReady(3, 9)) == (s.Muted(), [a.Discard(9)])
    assert tell(state, e.ButtonLong(4)) == (s.Idle(), [])


WORKING = (
    s.Idle(),
    s.Hearing(1, 9),
    s.Thinking(1, 9),
    s.Speaking(7),
    s.Doubting(7, 1, 9),
    s.Yielding(7, 1, 9),
    s.HalfDuplex(7),
)


@pytest.mark.parametrize(
    "event", [e.ButtonShort(4), e.ButtonLong(4), e.MicrophoneFailed(4, "away"), e.Failed(4, "card")]
)
def test_whatever_stops_the_device_calls_off_what_is_being_thought_of(event: e.Event) -> None:
    for state in WORKING:
        assert a.CallOff() in tell(state, event)[1], state


def test_errors_win_over_everything() -> None:
    for state in (
        s.Starting(),
        s.Idle(),
        s.Hearing(1, 9),
        s.Speaking(7),
        s.Doubting(7, 1, 9),
        s.Muted(),
        s.MicLost("x"),
    ):
        assert isinstance(step(state, e.Failed(5, "card"), LIMITS)[0], s.Faulty)


BEGINNINGS = (e.MicrophoneFailed(5, "away"), e.Failed(5, "card"))
ENDS = {s.MicLost: e.MicrophoneBack(9), s.Faulty: e.Recovered(9)}


@pytest.mark.parametrize("fault", BEGINNINGS)
@pytest.mark.parametrize(
    ("before", "presses", "after"),
    [(s.Muted(), 0, s.Muted()), (s.Muted(), 1, s.Idle()), (s.Idle(), 1, s.Muted()), (s.Speaking(7), 2, s.Idle())],
)
def test_who_has_muted_the_device_is_not_heard_because_its_card_was_away(
    fault: e.Event, before: s.State, presses: int, after: s.State
) -> None:
    state, _ = tell(before, fault)
    for _ in range(presses):
        state, said = tell(state, e.ButtonLong(7))
        assert not said
    if isinstance(state, s.MicLost):
        state, _ = tell(state, e.MicrophoneFailed(8, "still away"))
        assert isinstance(tell(state, e.Failed(8, "card"))[0], s.Faulty)
    assert tell(state, ENDS[type(state)])[0] == after


def test_a_sentence_that_fails_while_somebody_has_the_floor_is_not_waited_for() -> None:
    yielding = s.Yielding(7, 1, 99, (8, 9))
    assert tell(yielding, e.ReplyFailed(5, 8, "died")) == (s.Yielding(7, 1, 99, (9,)), [a.Discard(8)])
    assert tell(yielding, e.ReplyFailed(5, 10, "died")) == (yielding, [a.Discard(10)])
    assert tell(yielding, e.ReplyFailed(5, 7, "died")) == (yielding, [])  # what was made of it may yet be taken up


def test_a_failed_talker_leaves_the_device_listening() -> None:
    state, said = tell(s.Speaking(7), e.ReplyFailed(5, 7, "stalled"))
    assert state == s.Idle()
    assert said == [a.Discard(7)]
