"""Text-to-speech that is installed, and what becomes of what is not."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from edgeagent.sim.noises import Wave
from tools.train import synthesisers
from tools.train.acts import Heard, Stage, act, synthetic_listener, synthetic_taker
from tools.train.corpus import Corpus, Part
from tools.train.sayings import ENGLISH, LISTENING, TAKING, Words
from tools.train.synthesisers import FESTIVAL, NATIVE, NOT_LEARNT_FROM, VOWELS, say

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")

MEASURED = (Part.HELD_OUT, Part.DEV, Part.UNHEARD)


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> dict[Part, set[tuple[str, str]]]:
    """Every program is there, and says nothing but by whom it was asked in which part: filled by `ask`."""
    spoke: dict[Part, set[tuple[str, str]]] = {part: set() for part in Part}
    now: list[Part] = []

    def speaker(program: str, voiced: bool = True) -> object:
        def heard(first: str, *_: object) -> Wave:
            spoke[now[-1]].add((program, first if voiced else ""))
            return np.ones(2000)

        return heard

    for program in ("espeak", "festival", "flite"):
        monkeypatch.setattr(synthesisers, f"_{program}", speaker(program))
    monkeypatch.setattr(synthesisers, "_open_jtalk", speaker("openjtalk", voiced=False))
    monkeypatch.setattr(synthesisers, "installed", lambda: tuple(FESTIVAL))
    monkeypatch.setattr(synthesisers, "_is_there", lambda _: True)
    monkeypatch.setattr(synthesisers, "_jtalk_is_there", lambda: True)
    for part in Part:
        now.append(part)
        dice = np.random.default_rng(4)
        for _ in range(1200):
            say(LISTENING, part, dice)
    return spoke


def test_nobody_is_heard_where_models_are_measured_who_was_learnt_from(
    everything: dict[Part, set[tuple[str, str]]],
) -> None:
    for part in MEASURED:
        assert everything[part]
        assert not everything[part] & everything[Part.TRAIN]


def test_one_program_is_never_learnt_from(everything: dict[Part, set[tuple[str, str]]]) -> None:
    programs = {part: {program for program, _ in spoke} for part, spoke in everything.items()}
    assert programs[Part.TRAIN] == {"espeak", "festival", "flite"}
    assert programs[Part.UNHEARD] == {"flite", "openjtalk"}


def test_every_voice_is_heard_somewhere(everything: dict[Part, set[tuple[str, str]]]) -> None:
    voices = {voice for program, voice in everything[Part.TRAIN] if program == "festival"}
    assert voices == set(FESTIVAL) - NOT_LEARNT_FROM
    languages = {voice.split("+")[0] for program, voice in everything[Part.TRAIN] if program == "espeak"}
    assert languages == {"en", "en-us", *NATIVE}


def test_every_language_has_words_that_can_be_spoken() -> None:
    for words in (LISTENING, TAKING):
        for language in FESTIVAL.values():
            assert [text for text in words[language] if VOWELS & set(text) or not text.isascii()]
        assert set(NATIVE) | {ENGLISH, "ja"} <= set(words)


def test_no_word_is_on_both_sides_of_a_language() -> None:
    for language, words in LISTENING.items():
        assert not set(words) & set(TAKING[language])


def test_where_nothing_was_learnt_from_nobody_else_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoken(_words: Words, part: Part, _dice: np.random.Generator) -> synthesisers.Said:
        return synthesisers.Said(np.ones(2000), "hai", str(part))

    monkeypatch.setattr("tools.train.acts.say", spoken)
    stage = Stage(Corpus(), Part.UNHEARD, np.random.default_rng(3), swapped=False)
    made = [act(stage) for _ in range(40)]
    assert {one.source for one in made} == {"unheard"}
    assert {one.heard for one in made} == {Heard.FLOOR, Heard.BACKCHANNEL}


@needs_espeak
def test_what_is_said_is_one_of_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthesisers, "festival_voices", lambda _: ())
    dice = np.random.default_rng(1)
    said = say(TAKING, Part.HELD_OUT, dice)
    assert said is not None
    assert said.text in (*TAKING["en"], *TAKING["it"])
    assert said.sound.size > 1000
    assert said.sound.any()


@pytest.mark.parametrize("part", Part)
def test_without_any_program_our_own_throat_speaks(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(synthesisers, "installed", synthesisers.installed.__wrapped__)
    monkeypatch.setattr(synthesisers, "_jtalk_is_there", lambda: False)
    stage = Stage(Corpus(), part, np.random.default_rng(2), swapped=False)
    for play, heard in ((synthetic_listener, Heard.BACKCHANNEL), (synthetic_taker, Heard.FLOOR)) * 5:
        made = play(stage)
        assert (made.heard, made.source) == (heard, "throat")
        assert made.sound.any()
