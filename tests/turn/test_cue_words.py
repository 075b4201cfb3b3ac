"""Which words say something about the floor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.config.languages import floor_words
from edgeagent.turn.cue_words import WORTH, Cue, CueWords, cue, worth
from edgeagent.turn.hints import FLOOR_MOST, PERSON_MOST, SHARE

ENGLISH = floor_words("en")

texts = st.lists(
    st.sampled_from([*sorted(ENGLISH.all), "elephant", "the", "[unk]", "...", "YEAH!"]), max_size=8
).map(" ".join)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Cue.NOTHING),
        ("stop", Cue.TAKES),
        ("Wait!", Cue.TAKES),
        ("hold on", Cue.TAKES),
        ("no no no", Cue.TAKES),
        ("uh-huh", Cue.LISTENS),
        ("Yeah.", Cue.LISTENS),
        ("yeah yeah yeah", Cue.LISTENS),
        ("oh, right", Cue.LISTENS),
        ("I see", Cue.LISTENS),
        ("go on", Cue.LISTENS),  # begins with a word that takes the floor
        ("yeah, but", Cue.TAKES),
        ("okay okay what", Cue.TAKES),
        ("yeah i wanted to ask", Cue.TAKES),
        ("oh really yes okay", Cue.TAKES),
        ("elephant", Cue.NOTHING),
        ("yeah elephant", Cue.NOTHING),  # nobody knows yet
        ("the big elephant", Cue.TAKES),
        ("[unk] [unk]", Cue.NOTHING),
        ("?! -- ...", Cue.NOTHING),
        ("nobody", Cue.NOTHING),  # holds "no"
    ],
)
def test_what_a_text_says(text: str, expected: Cue) -> None:
    assert cue(text, ENGLISH) is expected


@given(texts, st.sampled_from(["stop", "wait", "hold on", "but"]))
def test_a_word_that_takes_the_floor_does_so_wherever_it_stands(text: str, word: str) -> None:
    assert cue(f"{word} . {text}", ENGLISH) is Cue.TAKES
    assert cue(f"{text} , {word}", ENGLISH) is Cue.TAKES


@given(texts)
def test_neither_case_nor_commas_matter(text: str) -> None:
    assert cue(text.upper(), ENGLISH) is cue(text, ENGLISH) is cue(", ".join(text.split()), ENGLISH)


@given(st.text())
def test_anything_may_be_said(text: str) -> None:
    assert worth(text, ENGLISH) == WORTH[cue(text, ENGLISH)]


def test_a_phrase_is_taken_together_only_where_it_stands_so() -> None:
    assert cue("of course", ENGLISH) is Cue.LISTENS
    assert cue("course of", ENGLISH) is Cue.NOTHING


def test_the_words_speak_for_and_against_and_stay_within_what_a_source_may_say() -> None:
    assert WORTH[Cue.NOTHING].floor == WORTH[Cue.NOTHING].person == 0.0
    assert WORTH[Cue.LISTENS].floor < 0.0 < WORTH[Cue.TAKES].floor
    for each in WORTH.values():
        assert abs(each.floor) <= SHARE * FLOOR_MOST
        assert 0.0 <= each.person <= SHARE * PERSON_MOST


def test_another_language_has_other_words() -> None:
    german = CueWords(frozenset({"halt", "moment mal"}), frozenset({"ja", "aha"}))
    assert cue("Moment mal!", german) is cue("ja, halt", german) is Cue.TAKES
    assert cue("aha", german) is Cue.LISTENS
    assert cue("stop", german) is cue("halt", ENGLISH) is Cue.NOTHING
    assert german.all == {"halt", "moment mal", "ja", "aha"}
