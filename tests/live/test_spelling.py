"""The judge of what was heard: it must see a word too many, one too few, and one in a wrong place."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.dialogue.history import Line, Who
from edgeagent.ports import Pcm
from edgeagent.services.tone_talker import GAP, TONE
from tests.live.spelling import SpellingTalker, accounts_for, words_in


def spoken(talker: SpellingTalker, text: str) -> Pcm:
    return np.concatenate([np.round(20_000 * sound).astype(np.int16) for sound in talker.say(text)])


def test_a_word_is_heard_when_all_of_it_sounded_however_loud() -> None:
    talker = SpellingTalker()
    whole, cut = spoken(talker, "one two"), spoken(talker, "three four")[: TONE + GAP + TONE - 160]
    quieter = (whole * np.linspace(1, 0.1, whole.size)).astype(np.int16)
    assert words_in([*cut[: TONE // 2], *cut], talker.said) == ["three"]
    air = [*cut, *np.zeros(160, int), *quieter, *cut[: TONE - 1], *whole]
    assert words_in(air, talker.said) == ["three", "one", "two", "one", "two"]
    with pytest.raises(AssertionError, match="no word begins"):
        words_in(air[5:], talker.said)


def lines(*texts: str) -> list[Line]:
    return [Line(Who.DEVICE, number, text) for number, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("told", "air", "right"),
    [
        (["a b", "c"], "a b c", True),
        (["a b", "c"], "a b", False),
        (["a b"], "a b c", False),
        (["a b", "c"], "a c b", False),
        (["a b", "a b c"], "a b a b c", True),
        (["a b c"], "a b a b c", True),
        (["a b"], "a b a", True),
        (["a b c"], "a b b", False),
        (["a b", "a b c"], "a b c", False),
        ([], "", True),
    ],
)
def test_the_lines_are_what_was_heard(told: list[str], air: str, right: bool) -> None:
    assert accounts_for(lines(*told), air.split()) is right


def test_what_a_person_said_is_not_looked_for() -> None:
    assert accounts_for([Line(Who.PERSON, 0, "x"), *lines("a")], ["a"])


def test_what_sounds_still_may_be_more() -> None:
    assert accounts_for(lines("a b"), ["a", "b", "c"], more=True)
    assert not accounts_for(lines("a b c"), ["a", "b"], more=True)
