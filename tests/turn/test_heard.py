"""The ledger of what was heard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.turn.events import Ceased, Playing, Scripted, Word
from edgeagent.turn.heard import LOOK_BACK, UTTERANCES_KEPT, Ledger
from edgeagent.units import samples

MS = 16


def words(*timed: tuple[int, int, str]) -> tuple[Word, ...]:
    return tuple(Word(start * MS, end * MS, text) for start, end, text in timed)


FORECAST = words(
    (0, 100, "The"),
    (100, 600, "forecast"),
    (600, 700, "is"),
    (700, 1100, "rain,"),
    (1150, 1400, "and"),
    (1400, 1900, "then"),
    (2150, 2500, "snow."),
)


def ledger(offset_ms: float, script: tuple[Word, ...] = FORECAST, pauses: tuple[tuple[int, int], ...] = ()) -> Ledger:
    book = Ledger()
    book.note(Scripted(0, 1, " ".join(w.text for w in script), script, pauses))
    book.note(Playing(0, 1, 0, dac=0))
    book.note(Ceased(0, 1, round(offset_ms * MS), dac=0, finished=False))
    return book


def test_a_half_played_word_is_not_heard() -> None:
    heard = ledger(1099).heard(1)
    assert (heard.words, heard.of) == (3, 7)
    assert heard.text_heard == "The forecast is"
    assert heard.text_unheard == "rain, and then snow."


def test_a_word_is_heard_with_its_last_sample() -> None:
    assert ledger(1100).heard(1).words == 4


def test_resume_at_the_phrase_that_was_broken_off() -> None:
    assert ledger(1500).resume_point(1) == 1150 * MS  # punctuation before "and"
    assert ledger(2300).resume_point(1) == 2150 * MS  # 250 ms of silence before "snow."


def test_resume_at_the_word_when_the_phrase_began_too_long_ago() -> None:
    long = words(*((i * 400, i * 400 + 380, f"w{i}") for i in range(12)))
    assert ledger(4150, long).resume_point(1) == 4000 * MS


def test_between_two_phrases_nothing_was_broken_and_nothing_is_repeated() -> None:
    assert ledger(2000).resume_point(1) == 2000 * MS


def test_without_word_times_resume_at_a_breath_within_reach() -> None:
    breaths = ((1000 * MS, 1080 * MS), (2000 * MS, 2100 * MS), (2300 * MS, 2330 * MS))
    assert ledger(2500, (), breaths).resume_point(1) == 2100 * MS  # the last one is too short to be a breath
    assert ledger(3700, (), breaths).resume_point(1) == 3700 * MS  # the last breath is out of reach: the exact sample
    assert ledger(700, (), breaths).resume_point(1) == 700 * MS


def test_what_was_heard_stays_heard_after_going_back() -> None:
    book = ledger(1500)
    book.note(Playing(9, 1, 1150 * MS, dac=99))
    book.note(Ceased(9, 1, 1200 * MS, dac=100, finished=False))
    assert book.heard(1).words == 5
    assert book.resume_point(1) == 1150 * MS


def test_frames_that_an_abort_took_back_were_not_heard() -> None:
    book = ledger(1120)
    assert book.heard(1).words == 4
    book.note(Ceased(9, 1, 1090 * MS, dac=0, finished=False))
    assert book.heard(1).words == 3


def test_an_abort_before_the_first_sound_means_nothing_was_heard() -> None:
    assert ledger(0).heard(1).words == 0
    assert ledger(0).resume_point(1) == 0


def test_words_still_being_made_are_unheard() -> None:
    book = Ledger()
    book.note(Scripted(0, 1, "one, two three four", words((0, 300, "one,"), (300, 600, "two"))))
    book.note(Ceased(9, 1, 400 * MS, dac=0, finished=False))
    heard = book.heard(1)
    assert (heard.text_heard, heard.text_unheard) == ("one,", "two three four")


def test_old_utterances_are_forgotten() -> None:
    book = Ledger()
    for utterance in range(10_000):
        book.note(Scripted(0, utterance, "x"))
    assert len(book.entries) == UTTERANCES_KEPT


@st.composite
def scripts(draw: st.DrawFn) -> tuple[Word, ...]:
    at, made = 0, []
    for gap, length, stop in draw(
        st.lists(st.tuples(st.integers(0, 6000), st.integers(1, 12_000), st.booleans()), max_size=12)
    ):
        made.append(Word(at + gap, at + gap + length, "word." if stop else "word"))
        at += gap + length
    return tuple(made)


@given(scripts(), st.integers(0, 150_000))
def test_resuming_loses_no_word_and_repeats_little(script: tuple[Word, ...], offset: int) -> None:
    book = ledger(offset / MS, script)
    point = book.resume_point(1)
    unheard = script[book.heard(1).words :]
    assert point <= offset
    assert not unheard or point <= max(unheard[0].start, 0) or point == offset <= unheard[0].start
    broken = [w for w in script if w.start < offset < w.end]
    reach = max([LOOK_BACK, *(offset - w.start for w in broken)])
    assert offset - point <= reach


PLAYERS_COUNT = samples(77_000)
"""No place in the engine's time: it stands still in stops, and where there is no card."""


def asking(text: str, length: int = samples(3000)) -> Ledger:
    ledger = Ledger()
    ledger.note(Scripted(0, 1, text, length=length))
    ledger.note(Playing(samples(500), 1, 0, PLAYERS_COUNT))
    return ledger


@pytest.mark.parametrize("text", ["Shall I go on?", 'He asked: "Really?"', "続けますか？", "هل أتابع؟ "])  # noqa: RUF001
def test_a_question_is_asked_when_its_end_is_near(text: str) -> None:
    ledger = asking(text)
    assert not ledger.asked(1, samples(1500))
    assert ledger.asked(1, samples(3000))
    ledger.note(Ceased(samples(3000), 1, samples(2500), samples(3000), finished=False))
    assert ledger.asked(1, samples(9000))


def test_what_is_no_question_or_has_no_known_end_is_not_asked() -> None:
    assert not asking("Is that so? Well, I go on.").asked(1, samples(3400))
    assert not asking("Shall I go on?", length=0).asked(1, samples(3400))
    assert not Ledger().asked(7, 0)


@pytest.mark.parametrize("dac", [0, PLAYERS_COUNT])
def test_a_sentence_may_be_stopped_until_its_end_is_near_whatever_the_player_has_counted(dac: int) -> None:
    ledger = Ledger()
    ledger.note(Scripted(0, 1, "Once upon a time.", length=samples(3000)))
    ledger.note(Playing(samples(40_000), 1, 0, dac))
    assert ledger.may_stop(1, samples(42_000))
    assert not ledger.may_stop(1, samples(42_800))


def test_a_stop_in_the_middle_of_a_question_leaves_it_unasked() -> None:
    ledger = asking("Shall I go on?")
    ledger.note(Ceased(samples(1500), 1, samples(1000), samples(1500), finished=False))
    assert not ledger.asked(1, samples(9000))
