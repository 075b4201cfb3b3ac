"""What was said, as far as it was heard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeagent.dialogue.history import LINES, History, Line, Who


def test_a_sentence_stands_as_far_as_it_was_heard() -> None:
    history = History()
    history.heard(0, "The next train", whole=False)
    history.said(100, "which train?")
    assert history.lines == (
        Line(Who.DEVICE, 0, "The next train", interrupted=True),
        Line(Who.PERSON, 100, "which train?"),
    )


def test_one_that_goes_on_after_a_false_alarm_stands_once_and_whole() -> None:
    history = History()
    history.heard(0, "The next", whole=False)
    history.heard(0, "The next train leaves.", whole=True)
    assert history.lines == (Line(Who.DEVICE, 0, "The next train leaves."),)


def test_nobody_heard_a_word_and_nobody_said_one() -> None:
    history = History()
    history.heard(0, "", whole=False)
    history.said(7, "")
    assert history.lines == ()


def test_an_estimate_is_marked_and_a_whole_sentence_is_none() -> None:
    history = History()
    history.heard(0, "About so", whole=False, estimated=True)
    history.heard(1, "All of it.", whole=True, estimated=True)
    assert [line.estimated for line in history.lines] == [True, False]


def test_a_turn_that_goes_on_stands_once() -> None:
    history = History()
    history.said(7, "I want")
    history.said(7, "I want a ticket")
    assert [line.text for line in history.lines] == ["I want a ticket"]


@given(st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=900))
def test_it_is_bounded_and_in_order(events: list[tuple[int, bool]]) -> None:
    history = History()
    for number, ours in events:
        if ours:
            history.heard(number, f"u{number}", whole=True)
        else:
            history.said(number, f"t{number}")
    assert len(history.lines) <= LINES
    assert len({(line.who, line.number) for line in history.lines}) == len(history.lines)
