"""Text-to-speech that is installed, and what becomes of what is not."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from tools.train import synthesisers
from tools.train.acts import Heard, Stage, synthetic_listener, synthetic_taker
from tools.train.corpus import Corpus, Part
from tools.train.synthesisers import ESPEAK, FESTIVAL, FESTIVAL_OF, LISTENING, TAKING, VOWELS, say

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def test_nobody_is_heard_in_two_parts() -> None:
    for part in (Part.HELD_OUT, Part.DEV):
        assert not set(ESPEAK[part]) & set(ESPEAK[Part.TRAIN])
        assert not set(FESTIVAL_OF[part]) & set(synthesisers.set_of_festival())


def test_every_language_has_words_that_can_be_spoken() -> None:
    for language in FESTIVAL.values():
        for words in (LISTENING, TAKING):
            assert [text for text in words[language] if VOWELS & set(text)]


@needs_espeak
def test_what_is_said_is_one_of_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthesisers, "FESTIVALS", 0.0)
    dice = np.random.default_rng(1)
    said = say(TAKING, Part.HELD_OUT, dice)
    assert said is not None
    assert said.text in TAKING["en"]
    assert said.sound.size > 1000
    assert said.sound.any()


def test_without_any_program_our_own_throat_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(synthesisers, "set_of_festival", lambda: ())
    monkeypatch.setattr(synthesisers, "_espeak", synthesisers._espeak.__wrapped__)
    stage = Stage(Corpus(), Part.TRAIN, np.random.default_rng(2), swapped=False)
    for play, heard in ((synthetic_listener, Heard.BACKCHANNEL), (synthetic_taker, Heard.FLOOR)):
        made = play(stage)
        assert (made.heard, made.source) == (heard, "throat")
        assert made.sound.any()
