"""Words of a voice that tells no times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.errors import ServiceError
from edgeagent.report.timeline import remark
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.services.flite_talker import FliteTalker
from edgeagent.settings import Talker
from edgeagent.signal.pauses import pauses
from edgeagent.turn.estimate import words
from edgeagent.turn.events import Ceased, Scripted, Word
from edgeagent.turn.heard import Ledger

TEXTS = (
    "The next train to the city leaves at nine in the morning, from platform seven.",
    "I am listening through my own voice, so you never have to wait for me to finish.",
    "You change once. There is a restaurant on board, and you may take your dog with you, if it is small.",
    "When you arrive, somebody will be waiting for you with a key to the house.",
    "It was a quiet evening, and nobody thought of the weather until the windows began to rattle.",
    "A ticket costs five euros, and children travel free if they are with their parents.",
    "All right, I stopped. Shall I tell you something else?",
    "The museum opens at nine, closes at five, and is free on Sundays.",
)


@pytest.fixture(scope="module", params=[EspeakTalker, FliteTalker])
def spoken(
    request: pytest.FixtureRequest,
) -> Iterator[list[tuple[str, int, tuple[Word, ...], tuple[tuple[int, int], ...]]]]:
    """Sentences of a voice that does tell: text, length, words, pauses."""
    try:
        with closing(request.param(Talker())) as talker:
            made = []
            for text in TEXTS:
                talk = talker.say(text)
                sound = np.concatenate(list(talk))
                made.append((text, sound.size, talk.words, pauses(sound)))
            yield made
    except ServiceError as missing:
        pytest.skip(str(missing))


def heard(spoken: tuple[Word, ...], at: int) -> int:
    """Words of the text up to a sample; a voice may speak two of them as one."""
    return sum(len(word.text.split()) for word in spoken if word.end <= at)


def test_wherever_it_is_cut_the_guess_is_nearly_always_right_to_a_word(
    spoken: list[tuple[str, int, tuple[Word, ...], tuple[tuple[int, int], ...]]],
) -> None:
    off = []
    for text, length, true, silences in spoken:
        guess = words(text, length, silences)
        assert [word.text for word in guess] == text.split()
        for at in range(0, length, 400):
            off.append(heard(guess, at) - heard(true, at))
    wrong = np.abs(off)
    assert np.mean(wrong <= 1) > 0.98
    assert np.mean(wrong == 0) > 0.7
    assert wrong.max() <= 2


def test_after_a_pause_a_word_is_where_it_is_whatever_came_before() -> None:
    """The first phrase is spoken much more slowly than the second."""
    text = "One two three four, five six seven eight."
    found = words(text, 64_000, [(35_000, 42_000)])
    assert [word.text for word in found if word.end <= 35_000] == ["One", "two", "three", "four,"]
    assert found[4].start >= 42_000


def test_a_pause_within_a_word_is_none_between_two() -> None:
    text = "One responsibility more, and that is all."
    plain = words(text, 48_000, [(24_000, 28_000)])
    found = words(text, 48_000, [(10_000, 11_000), (24_000, 28_000)])
    assert max(abs(a.end - b.end) for a, b in zip(plain, found, strict=True)) < 2000


def test_a_long_text_takes_no_time_to_speak_of() -> None:
    text = "word and word after word, again and again. " * 250
    silences = [(n * 5000, n * 5000 + 1000) for n in range(1, 700)]
    begun = perf_counter()
    words(text, 3_600_000, silences)
    assert perf_counter() - begun < 1.0


@given(
    st.lists(st.sampled_from(["a", "and", "platform", "nine,"]), max_size=20).map(" ".join),
    st.integers(0, 200_000),
    st.lists(st.tuples(st.integers(0, 100_000), st.integers(1, 20_000)), max_size=5),
)
def test_words_follow_each_other_within_the_sound(text: str, length: int, silences: list[tuple[int, int]]) -> None:
    gaps = sorted((start, start + count) for start, count in silences)
    found = words(text, length, gaps)
    assert [word.text for word in found] == text.split()
    places = [place for word in found for place in (word.start, word.end)]
    assert places == sorted(places)
    assert not length or not found or places[-1] <= length


def test_signs_without_blanks_share_the_sound_by_their_number() -> None:
    text = "今天的天气非常好，我们一起去公园散步吧。"  # noqa: RUF001 (a full-width comma)
    ledger = Ledger()
    ledger.note(Scripted(0, 1, text, pauses=((36_000, 40_000),), length=88_000))
    ledger.note(Ceased(0, 1, 64_000, 0, finished=False))
    heard = ledger.heard(1)
    assert heard.of == 18
    assert heard.text_heard.removeprefix(text[:9]) in ("我们一起", "我们一起去")
    assert heard.text_heard + heard.text_unheard == text
    assert ledger.left(1) == "我们一起去公园散步吧。"


def test_the_ledger_marks_a_guess_and_says_about() -> None:
    ledger = Ledger()
    ledger.note(Scripted(0, 1, "one two, three four", length=64_000))
    ledger.note(Ceased(0, 1, 34_000, 0, finished=False))
    heard = ledger.heard(1)
    assert (heard.words, heard.of, heard.estimated) == (2, 4, True)
    assert (heard.text_heard, heard.text_unheard) == ("one two,", "three four")
    said = remark({"event": "heard_words", "heard": 2, "of": 4, "estimated": True, "text_heard": "one two,"})
    assert said == 'heard about 2 of 4 words: "one two,"'


def test_all_of_it_is_no_guess() -> None:
    ledger = Ledger()
    ledger.note(Scripted(0, 1, "one two", length=16_000))
    ledger.note(Ceased(0, 1, 16_000, 0, finished=True))
    assert (ledger.heard(1).words, ledger.heard(1).estimated) == (2, False)


def test_what_is_left_begins_with_the_phrase_that_was_cut() -> None:
    ledger = Ledger()
    text = "First, this is said and then that."
    parts = text.split()
    timed = tuple(Word(i * 4000, i * 4000 + 4000, part) for i, part in enumerate(parts))
    ledger.note(Scripted(0, 1, text, timed, length=28_000))
    ledger.note(Ceased(0, 1, 18_000, 0, finished=False))
    assert ledger.left(1) == "this is said and then that."
    ledger.note(Ceased(0, 1, 28_000, 0, finished=True))
    assert ledger.left(1) == ""
    assert Ledger().left(5) == ""
