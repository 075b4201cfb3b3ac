"""flite: when its words sound, what it cannot speak, and what it is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.services.flite_talker import FliteTalker
from tests.services.talkers import loaded


@pytest.fixture(scope="module")
def talker() -> Iterator[FliteTalker]:
    talker = FliteTalker(settings.Talker())
    loaded(talker)
    yield talker
    talker.close()


@pytest.mark.parametrize("voice", ["slt", "kal16", "kal", "rms", "awb"])
def test_words_begin_where_their_sound_does(voice: str) -> None:
    talker = FliteTalker(settings.Talker(voice=voice, words_per_minute=120))
    loaded(talker)
    talk = talker.say("Only. Even. Ice. Tea.")  # each begins after a silence
    sound = np.abs(np.concatenate(list(talk)))
    talker.close()
    assert [word.text for word in talk.words] == ["Only.", "Even.", "Ice.", "Tea."]
    loud = 0.05 * sound.max()
    for word in talk.words:
        onset = word.start + int(np.argmax(sound[word.start : word.end] > loud))
        assert onset - word.start < 2000  # 125 ms: a flite voice breathes in, and a t is shut first
        assert sound[max(0, word.start - 320) : word.start].max(initial=0) < 2 * loud


def test_numbers_signs_and_quotes_are_words_as_they_are_written(talker: FliteTalker) -> None:
    text = 'In 1984 "it" cost $5.20, e.g. at 10:30 \u2014 Gr\u00f6\u00dfe; the the well-known Dr. Smith\'s -- ok?'
    talk = talker.say(text)
    sound = np.concatenate(list(talk))
    assert " ".join(word.text for word in talk.words) == text
    assert len(talk.words) > 12
    year = talk.words[1]
    assert year.text == "1984"
    assert year.end - year.start > 8_000  # four words to say
    assert talk.words[-1].end <= len(sound)


@trials(max_examples=40, deadline=None)
@given(text=st.text(st.sampled_from("ab cz. ,;!?-'\"0159$%&\n\t\u00e4\u65e5\u0928\u2014<>[]()\0"), max_size=40))
def test_whatever_is_written_is_survived(talker: FliteTalker, text: str) -> None:
    child = talker._child.pid
    talk = talker.say(text)
    assert all(len(block) for block in talk)
    assert " ".join(word.text for word in talk.words) in (
        "",
        " ".join(text.replace("\0", " ").split()),
        " ".join(text.split()),
    )
    assert talker._child.pid == child


def test_the_pace_is_that_of_the_setting() -> None:
    text = "The train to the north leaves every hour from platform nine, and it stops at four stations on its way."
    lengths = {}
    for pace in (100, 200):
        talker = FliteTalker(settings.Talker(words_per_minute=pace))
        loaded(talker)
        lengths[pace] = sum(map(len, talker.say(text)))
        talker.close()
    assert 1.7 < lengths[100] / lengths[200] < 2.1
    words_per_minute = len(text.split()) / (lengths[100] / 16_000) * 60
    assert 85 < words_per_minute < 115


def test_the_pace_changes_from_the_next_sentence_on(talker: FliteTalker) -> None:
    lengths = []
    for rate in (1.0, 0.5, 1.0):
        talker.pace(rate)
        lengths.append(sum(map(len, talker.say("The train to the north leaves every hour."))))
    assert lengths[1] > 1.7 * lengths[0]
    assert lengths[2] == pytest.approx(lengths[0], rel=0.02)


def test_an_unknown_voice_is_said_with_those_there_are() -> None:
    talker = FliteTalker(settings.Talker(voice="mary"))
    with closing(talker), pytest.raises(ServiceError, match=r"no voice 'mary'.*slt"):
        loaded_or_raise(talker)


def loaded_or_raise(talker: FliteTalker) -> None:
    try:
        talker.check()
    except ServiceError as error:
        if "cannot be loaded" in str(error):
            pytest.skip(str(error))
        raise
