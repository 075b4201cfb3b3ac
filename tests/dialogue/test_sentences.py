"""Sentences out of a stream."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.dialogue.sentences import LONGEST, Sentences, sentences


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. Rao lives at No. 7, e.g. in May. Yes.", ["Dr. Rao lives at No. 7, e.g. in May.", "Yes."]),
        ("It costs 3.50 euros. Really?!", ["It costs 3.50 euros.", "Really?!"]),
        ('"Stop." She left.', ['"Stop."', "She left."]),
        ("今日は雨です。明日は?", ["今日は雨です。", "明日は?"]),
        ("यह सही है। और?", ["यह सही है।", "और?"]),
        ("یہ ٹھیک ہے۔ اور؟ جی۔", ["یہ ٹھیک ہے۔", "اور؟", "جی۔"]),  # noqa: RUF001
        ("ᱱᱚᱣᱟ ᱾ ᱟᱨ", ["ᱱᱚᱣᱟ ᱾", "ᱟᱨ"]),
        ("1. Milk\n2. Bread\n", ["1. Milk", "2. Bread"]),
        ("Wait... what", ["Wait...", "what"]),
        ("It leaves at 9. You change.", ["It leaves at 9.", "You change."]),
        ("Am 5. Mai. Der 2. Weltkrieg! Im 19. Jahrhundert", ["Am 5. Mai.", "Der 2. Weltkrieg!", "Im 19. Jahrhundert"]),
        ("Je 5. května. Den 3. til 5. maj", ["Je 5. května.", "Den 3. til 5. maj"]),
        ("It leaves at 9. You", ["It leaves at 9.", "You"]),
        ("Es ist der 5.\nSie sind 6. Du bist 7.", ["Es ist der 5.", "Sie sind 6.", "Du bist 7."]),
        ("   \n ", []),
        ("Would you like more? 🙂", ["Would you like more?"]),
        ('She said yes. " ** Fine. —\n', ["She said yes.", '" ** Fine.']),
        ("🙂 Yes! 👍👍", ["Yes!"]),
    ],
)
def test_sentences(text: str, found: list[str]) -> None:
    assert sentences(text) == found


@given(st.text(alphabet='ab .!?\n。"D3*`', max_size=60), st.data())
def test_pieces_never_matter(text: str, data: st.DataObject) -> None:
    splitter, found, at = Sentences(), [], 0
    while at < len(text):
        step = data.draw(st.integers(1, len(text) - at))
        found += splitter.feed(text[at : at + step])
        at += step
    assert found + splitter.rest() == sentences(text)


def said(text: str) -> str:
    """What a voice makes of it at least."""
    return "".join(sign for sign in text if sign.isalnum())


@given(st.text(max_size=1200).filter(lambda text: "](" not in text and "```" not in text))
def test_no_word_is_lost_and_none_is_endless(text: str) -> None:
    found = sentences(text)
    assert said("".join(found)) == said(text)
    assert all(map(said, found))
    assert all(len(sentence) <= LONGEST for sentence in found[:-1])


def test_a_book_in_one_paragraph_takes_as_long_as_its_length() -> None:
    line = 'The fox jumps over the dog, "and so on." Then it rests. '

    def took(lines: int) -> float:
        begun = process_time()
        assert len(sentences(line * lines)) == 2 * lines
        return process_time() - begun

    assert took(48_000) < 4 * 24 * took(2_000)


def test_the_first_sentence_does_not_wait_for_the_second() -> None:
    splitter = Sentences()
    assert splitter.feed("Hello there. ") == ["Hello there."]
    assert splitter.feed("How ") == []
