"""The lexical hint on the running device: told like any hint, recorded like any, and off when nobody has the time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edgeagent.config.languages import floor_words
from edgeagent.detect.words import SOURCE, Words
from edgeagent.services.scripted_spotter import ScriptedSpotter
from edgeagent.turn.events import Hint
from edgeagent.units import samples
from tests.live.rig import VOICE, Rig


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    rig.conversation.say("one two three four five six seven eight nine ten")
    rig.until(lambda: rig.state == "speaking")
    yield rig
    rig.close()


def listening(rig: Rig, spotter: ScriptedSpotter) -> Words:
    words = rig.conversation.words = Words(spotter, rig.engine.clean, floor_words("en"))
    return words


def hints(rig: Rig) -> list[Hint]:
    return [told for told in rig.recorded.told if isinstance(told, Hint)]


def test_a_word_in_a_doubt_is_told_recorded_and_noted(rig: Rig) -> None:
    listening(rig, ScriptedSpotter([[(samples(400), "stop")]]))
    rig.turn(60)
    assert not hints(rig)
    rig.until(lambda: bool(hints(rig)), level=VOICE)
    (hint,) = hints(rig)
    assert hint.source == SOURCE
    assert hint.floor > 0
    assert [entry["text"] for entry in rig.notes.entries if entry["event"] == "words"] == ["stop"]
    rig.turn(3)
    assert [entry["source"] for entry in rig.entries("hint")] == [SOURCE]


def test_a_recogniser_that_dies_changes_nothing_but_the_hint(rig: Rig) -> None:
    listening(rig, ScriptedSpotter([[(0, "stop")]], dies=samples(600)))
    rig.until(lambda: rig.state == "yielding", level=VOICE)
    rig.turn(60, VOICE)
    assert rig.state in ("yielding", "hearing")


def test_a_paused_one_is_not_asked(rig: Rig) -> None:
    spotter = ScriptedSpotter([[(0, "stop")]])
    listening(rig, spotter).pause()
    rig.until(lambda: rig.state == "yielding", level=VOICE)
    assert not spotter.stretches
    assert not hints(rig)
