"""Who is listened to while the device is silent: woken by a press or a word, and for a while after a turn."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.settings import Activation
from edgeagent.turn import actions as a
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.outputs import Impairment, Light
from edgeagent.units import samples
from tests.turn.test_moderator import PRE_ROLL, Bench

QUIET, VOICE = 0.02, 0.97
CLOSED: tuple[Literal["button", "wake"], ...] = ("button", "wake")


def bench(mode: Literal["open", "button", "wake"] = "wake", follow_up_ms: int = 8000) -> Bench:
    made = Bench(activation=Activation(mode, follow_up_ms))
    made.tell(e.Ready(0))
    made.hear(2000, QUIET)
    return made


def light(made: Bench) -> Light:
    return made.decided[-1].outputs.light


def called(made: Bench, mode: str) -> None:
    at = made.moderator.at
    made.tell(e.ButtonShort(at) if mode == "button" else e.Woken(at, "hey_jarvis", at))


def test_open_as_ever_nobody_has_to_wake_it() -> None:
    made = bench("open")
    made.hear(600, VOICE)
    assert isinstance(made.moderator.state, s.Hearing)
    assert not made.of("attention")
    assert light(made) is Light.HEARING


@pytest.mark.parametrize("mode", CLOSED)
def test_asleep_it_hears_nobody_and_shows_it(mode: Literal["button", "wake"]) -> None:
    made = bench(mode)
    made.hear(5000, VOICE)
    assert made.moderator.state == s.Idle()
    assert not made.actions(a.OpenTurn)
    assert light(made) is Light.ASLEEP


@pytest.mark.parametrize("mode", CLOSED)
def test_called_it_listens_and_shows_it(mode: Literal["button", "wake"]) -> None:
    made = bench(mode)
    called(made, mode)
    assert light(made) is Light.IDLE
    made.hear(3000, QUIET)
    made.hear(600, VOICE)
    assert isinstance(made.moderator.state, s.Hearing)


@pytest.mark.parametrize("mode", CLOSED)
def test_who_calls_and_says_nothing_is_not_listened_to_for_ever(mode: Literal["button", "wake"]) -> None:
    made = bench(mode)
    called(made, mode)
    made.hear(8100, QUIET)
    assert light(made) is Light.ASLEEP
    made.hear(600, VOICE)
    assert made.moderator.state == s.Idle()
    assert [entry["awake"] for entry in made.of("attention")] == [False, True, False]


def test_what_follows_the_wake_word_without_a_pause_is_the_turn_and_the_wake_word_is_not() -> None:
    """The server takes 300 ms to tell; the person speaks on meanwhile."""
    made = bench()
    made.hear(800, VOICE)
    end = made.moderator.at
    made.hear(300, VOICE)
    made.tell(e.Woken(made.moderator.at, "hey_jarvis", end))
    made.hear(1000, VOICE)
    made.hear(2500, QUIET)
    (handed,) = made.actions(a.HandOver)
    assert isinstance(handed, a.HandOver)
    assert handed.start == end


def test_a_wake_word_alone_opens_no_turn() -> None:
    made = bench()
    made.hear(800, VOICE)
    made.tell(e.Woken(made.moderator.at, "hey_jarvis", made.moderator.at))
    made.hear(3000, QUIET)
    assert not made.actions(a.OpenTurn)
    made.hear(1000, VOICE)
    (opened,) = made.actions(a.OpenTurn)
    assert isinstance(opened, a.OpenTurn)
    assert opened.start == opened.turn - PRE_ROLL


def spoken(made: Bench) -> None:
    """A turn, and its reply to the end."""
    made.hear(1000, VOICE)
    made.hear(1500, QUIET)
    assert isinstance(made.moderator.state, s.Thinking)
    made.tell(e.Scripted(made.moderator.at, 1, "Nine.", length=16_000), e.ReplyReady(made.moderator.at, 1))
    made.hear(1000, QUIET)
    made.tell(e.Ceased(made.moderator.at, 1, 16_000, 16_000, finished=True))


@pytest.mark.parametrize(("later_ms", "heard"), [(500, True), (7500, True), (8500, False)])
def test_after_a_reply_there_is_a_while_without_a_wake_word(later_ms: float, heard: bool) -> None:
    made = bench()
    called(made, "wake")
    spoken(made)
    made.hear(later_ms, QUIET)
    made.hear(600, VOICE)
    assert isinstance(made.moderator.state, s.Hearing) is heard


def test_while_it_speaks_anybody_may_interrupt() -> None:
    made = bench()
    made.tell(e.ReplyReady(made.moderator.at, 1))
    made.hear(500, QUIET)
    made.hear(900, VOICE)
    assert isinstance(made.moderator.state, s.Yielding)


def test_who_goes_on_before_the_answer_needs_no_wake_word() -> None:
    made = bench(follow_up_ms=0)
    called(made, "wake")
    made.hear(1000, VOICE)
    made.hear(1000, QUIET)
    assert isinstance(made.moderator.state, s.Thinking)
    made.hear(6000, QUIET)
    made.hear(600, VOICE)
    assert isinstance(made.moderator.state, s.Hearing)


def test_a_press_stops_our_voice_and_then_one_may_speak() -> None:
    made = bench("button")
    made.tell(e.ReplyReady(made.moderator.at, 1))
    made.hear(500, QUIET)
    made.tell(e.ButtonShort(made.moderator.at))
    assert made.actions(a.Halt)
    made.hear(1000, QUIET)
    made.hear(600, VOICE)
    assert isinstance(made.moderator.state, s.Hearing)


def test_a_press_calls_ones_own_turn_off_and_it_sleeps() -> None:
    made = bench("button")
    called(made, "button")
    made.hear(600, VOICE)
    made.tell(e.ButtonShort(made.moderator.at))
    assert light(made) is Light.ASLEEP
    made.hear(3000, QUIET)
    made.hear(600, VOICE)
    assert made.moderator.state == s.Idle()


def test_who_speaks_while_they_press_is_heard() -> None:
    made = bench("button")
    made.hear(200, VOICE)
    called(made, "button")
    made.hear(600, VOICE)
    assert isinstance(made.moderator.state, s.Hearing)


def test_without_a_wake_word_server_it_is_impaired_and_the_button_wakes_it() -> None:
    made = bench()
    made.tell(e.WakeWord(made.moderator.at, heard=False))
    assert made.moderator.impaired == {Impairment.WAKE}
    assert made.decided[-1].outputs.impaired
    called(made, "button")
    made.hear(600, VOICE)
    assert isinstance(made.moderator.state, s.Hearing)
    made.tell(e.WakeWord(made.moderator.at, heard=True))
    assert not made.moderator.impaired


def test_nothing_said_while_muted_is_in_a_turn_that_was_woken_after() -> None:
    made = bench("button")
    made.tell(e.ButtonLong(made.moderator.at))
    made.hear(3000, VOICE)
    made.tell(e.ButtonLong(made.moderator.at))
    unmuted = made.moderator.at
    assert light(made) is Light.ASLEEP
    called(made, "button")
    made.hear(600, VOICE)
    (opened,) = made.actions(a.OpenTurn)
    assert isinstance(opened, a.OpenTurn)
    assert opened.start >= unmuted


def test_nothing_said_asleep_is_in_the_turn_of_who_interrupts_what_it_says_by_itself() -> None:
    made = bench("button")
    made.hear(1000, VOICE)
    made.hear(100, QUIET)
    began = made.moderator.at
    made.tell(e.ReplyReady(began, 3), e.Playing(began, 3, 0, 0))
    made.hear(100, QUIET)
    made.hear(900, VOICE)
    (opened,) = made.actions(a.OpenTurn)
    assert isinstance(opened, a.OpenTurn)
    assert opened.start >= began


def test_a_word_that_is_told_late_takes_nothing_of_a_turn_that_is_open() -> None:
    made = bench()
    called(made, "button")
    made.hear(600, VOICE)
    (opened,) = made.actions(a.OpenTurn)
    made.tell(e.Woken(made.moderator.at, "hey_jarvis", made.moderator.at))
    made.hear(600, VOICE)
    made.hear(1500, QUIET)
    (handed,) = made.actions(a.HandOver)
    assert isinstance(opened, a.OpenTurn)
    assert isinstance(handed, a.HandOver)
    assert handed.start == opened.start


def test_a_detection_that_dates_itself_ahead_is_not_believed() -> None:
    made = bench()
    made.tell(e.Woken(made.moderator.at, "hey_jarvis", made.moderator.at + samples(10_000)))
    made.hear(300, QUIET)
    made.hear(1000, VOICE)
    (opened,) = made.actions(a.OpenTurn)
    assert isinstance(opened, a.OpenTurn)
    assert opened.start <= opened.turn


happenings = st.lists(
    st.tuples(
        st.sampled_from(["voice", "quiet", "press", "long", "word", "reply", "over", "none"]), st.integers(16, 3000)
    ),
    max_size=40,
)


@given(st.sampled_from(CLOSED), happenings)
def test_whatever_happens_no_turn_begins_asleep_and_it_always_falls_asleep(
    mode: Literal["button", "wake"], happened: list[tuple[str, int]]
) -> None:
    made = bench(mode, 3000)
    for number, (what, ms) in enumerate(happened):
        at = made.moderator.at
        match what:
            case "voice" | "quiet":
                made.hear(ms, VOICE if what == "voice" else QUIET)
            case "press":
                made.tell(e.ButtonShort(at))
            case "long":
                made.tell(e.ButtonLong(at))
            case "word":
                made.tell(e.Woken(at, "hey_jarvis", max(0, at - samples(ms))))
            case "reply":
                made.tell(e.ReplyReady(at, number))
            case "over":
                made.tell(e.ReplyFinished(at, getattr(made.moderator.state, "utterance", -1)))
            case "none":
                made.tell(e.NoReply(at, getattr(made.moderator.state, "turn", -1)))
        assert (light(made) is Light.ASLEEP) == (
            made.moderator.state == s.Idle() and not made.moderator.attention.awake(made.moderator.at)
        )
    awake = False
    for entry in made.entries:
        if entry["event"] == "attention":
            awake = bool(entry["awake"])
        assert awake or (entry["event"], entry.get("from")) != ("state", "idle") or entry["state"] != "hearing"
    made.tell(e.Failed(made.moderator.at, "card"), e.Recovered(made.moderator.at))
    if made.moderator.state == s.Muted():
        made.tell(e.ButtonLong(made.moderator.at))
    made.hear(100, QUIET)
    assert light(made) is Light.ASLEEP
