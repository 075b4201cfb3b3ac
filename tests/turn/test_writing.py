"""What a word is where it is written."""

# ruff: noqa: RUF001 (full-width marks)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.turn.writing import written_words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello, (big) world! — yes", "Hello,|(big)|world!|—|yes"),
        ("今天很好，我们走吧。", "今|天|很|好，|我|们|走|吧。"),
        ("他说：「好」。", "他|说：|「好」。"),
        ("ラーメンとジュース", "ラー|メ|ン|と|ジュー|ス"),
        ("公園まで3.5キロ（約）です", "公|園|ま|で|3.5|キ|ロ|（約）|で|す"),
        ("他说OK了。", "他|说|OK|了。"),
        ("คุณสบายดีไหม ครับ", "คุณสบายดีไหม|ครับ"),
        ("아니요, 괜찮아요.", "아니요,|괜찮아요."),
        (" \n", ""),
    ],
)
def test_words_and_signs(text: str, found: str) -> None:
    assert "|".join(text[start:stop] for start, stop in written_words(text)) == found


@given(st.text(alphabet="ab 今きょー、。「」（）\n.-", max_size=60))
def test_all_that_is_no_blank_belongs_to_one_word(text: str) -> None:
    spans = written_words(text)
    assert [sign for start, stop in spans for sign in text[start:stop]] == [sign for sign in text if not sign.isspace()]
    assert all(start < stop for start, stop in spans)
