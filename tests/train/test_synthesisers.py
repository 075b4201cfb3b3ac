"""Text-to-speech that is installed, and what becomes of what is not."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from edgeagent.sim.noises import Wave
from tools.train import synthesisers
from tools.train.acts import Heard, Stage, synthetic_listener, synthetic_taker
from tools.train.corpus import Corpus, Part
from tools.train.synthesisers import ESPEAK, FESTIVAL, LISTENING, NOT_LEARNT_FROM, TAKING, VOWELS, say

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def test_nobody_is_heard_in_two_parts() -> None:
    for part in (Part.HELD_OUT, Part.DEV):
        assert not set(ESPEAK[part]) & set(ESPEAK[Part.TRAIN])


def test_festival_has_a_voice_for_what_is_measured_and_others_to_learn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    spoke: dict[Part, set[str]] = {part: set() for part in Part}
    monkeypatch.setattr(synthesisers, "installed", lambda: tuple(FESTIVAL))
    for part, voices in spoke.items():
        dice = np.random.default_rng(4)

        def heard(voice: str, _text: str, _stretch: float, voices: set[str] = voices) -> Wave:
            voices.add(voice)
            return np.ones(2000)

        monkeypatch.setattr(synthesisers, "_festival", heard)
        monkeypatch.setattr(synthesisers, "_espeak", lambda *_: None)
        for _ in range(200):
            say(LISTENING, part, dice)
    assert spoke[Part.HELD_OUT] == spoke[Part.DEV] == NOT_LEARNT_FROM
    assert spoke[Part.TRAIN] == set(FESTIVAL) - NOT_LEARNT_FROM


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


@pytest.mark.parametrize("part", Part)
def test_without_any_program_our_own_throat_speaks(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    for name in ("installed", "_espeak", "_festival"):
        monkeypatch.setattr(synthesisers, name, getattr(synthesisers, name).__wrapped__)
    stage = Stage(Corpus(), part, np.random.default_rng(2), swapped=False)
    for play, heard in ((synthetic_listener, Heard.BACKCHANNEL), (synthetic_taker, Heard.FLOOR)) * 5:
        made = play(stage)
        assert (made.heard, made.source) == (heard, "throat")
        assert made.sound.any()
