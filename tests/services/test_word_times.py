"""From a voice's marks to words: nothing of the text is lost, nothing is claimed twice, gaps are not words."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.services.word_times import WordTimes
from edgeagent.turn.events import Word

TEXTS = st.text(st.sampled_from("ab,.-— 1$ü\n天。"), max_size=40)
MARKS = st.lists(st.tuples(st.integers(0, 4_000), st.integers(-1, 45)), max_size=30)


def loud(*stretches: tuple[int, int], length: int = 4_000) -> np.ndarray:
    sound = np.zeros(length, np.float32)
    for start, stop in stretches:
        sound[start:stop] = 0.1
    return sound


def words_of(text: str, marks: list[tuple[int, int]], sound: np.ndarray, block: int = 10_000) -> tuple[Word, ...]:
    times = WordTimes(text)
    for mark in marks:
        times.mark(*mark)
    for start in range(0, len(sound), block):
        times.sound(sound[start : start + block])
    times.finish()
    return times.words


def test_a_word_ends_where_its_sound_does_or_where_the_next_begins() -> None:
    sound = loud((0, 900), (1_000, 3_000))
    assert words_of("Wait, I said no.", [(0, 0), (1_000, 6), (1_200, 8), (2_000, 13)], sound) == (
        Word(0, 900, "Wait,"),
        Word(1_000, 1_200, "I"),
        Word(1_200, 2_000, "said"),
        Word(2_000, 3_000, "no."),
    )


def test_a_word_that_begins_before_its_mark_does_not_lengthen_the_one_before_the_pause() -> None:
    marks = [(0, 0), (2_000, 7)]
    early = words_of("flour, and", marks, loud((0, 900), (1_940, 3_000)))
    assert early == (Word(0, 900, "flour,"), Word(2_000, 3_000, "and"))
    run_together = words_of("flour, and", marks, loud((0, 1_700), (1_940, 3_000)))
    assert run_together == (Word(0, 2_000, "flour,"), Word(2_000, 3_000, "and"))


@pytest.mark.parametrize(
    ("text", "positions", "expected"),
    [
        ("Hello, (big) world!", [0, 8, 13], ["Hello,", "(big)", "world!"]),
        ("cost 1,234 now", [0, 5, 6, 7, 8, 8, 11], ["cost", "1,234", "now"]),
        ("many of the men", [0, 5, 12], ["many", "of the", "men"]),
        ("yes — no", [0, 6], ["yes —", "no"]),
        ("- so it is", [2, 5, 8], ["- so", "it", "is"]),
        ("back and forth", [0, 9, 5, 9], ["back and", "forth"]),
        ("今天很好。我们去玩。", [0, 1, 2, 3, 5, 6, 7, 8], ["今", "天", "很", "好。", "我", "们", "去", "玩。"]),
        ("公園に行きましょう", [0, 0, 4], ["公園に行", "きましょう"]),
        ("nothing marked", [], []),
    ],
)
def test_marks_and_written_words_need_not_agree(text: str, positions: list[int], expected: list[str]) -> None:
    marks = [(100 * number, position) for number, position in enumerate(positions)]
    assert [word.text for word in words_of(text, marks, loud((0, 4_000)))] == expected


def test_a_word_is_known_only_when_its_end_is() -> None:
    times = WordTimes("one two")
    times.mark(0, 0)
    times.sound(loud((0, 1_000), length=1_000))
    assert not times.words
    times.mark(1_500, 4)
    times.sound(np.zeros(400, np.float32))
    assert not times.words
    times.sound(np.zeros(100, np.float32))
    assert [word.text for word in times.words] == ["one"]


@given(text=TEXTS, marks=MARKS)
def test_the_words_are_the_text_and_follow_each_other(text: str, marks: list[tuple[int, int]]) -> None:
    words = words_of(text, marks, loud((0, 1_000), (2_000, 3_500)))
    if words:
        assert "".join("".join(word.text for word in words).split()) == "".join(text.split())
    for word, following in pairwise(words):
        assert word.start <= word.end <= following.start
    assert all(0 <= word.start <= word.end <= 4_000 for word in words)


@given(text=TEXTS, marks=MARKS, block=st.sampled_from([1_000, 37, 160]))
def test_blocks_never_matter(text: str, marks: list[tuple[int, int]], block: int) -> None:
    sound = loud((0, 1_000), (2_000, 3_500))
    assert words_of(text, marks, sound, block) == words_of(text, marks, sound)
