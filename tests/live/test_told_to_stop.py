"""What follows "stop" where it is to be acknowledged: a word, and the silence that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from edgeagent import config
from edgeagent.app import build_dialogue
from edgeagent.dialogue.dialogue import Dialogue as Spoken
from edgeagent.dialogue.history import Who
from edgeagent.errors import ConfigError
from edgeagent.settings import Capture, Dialogue, Settings, Turns
from tests.live.rig import Rig
from tests.live.test_dialogue import LONG, Replier, Understanding, ask, heard, interrupt, quiet

SETTINGS = Settings(
    capture=Capture(on_turn="true"),
    turns=Turns(reply_timeout_ms=3000),
    dialogue=Dialogue(stop="acknowledge"),
)


@pytest.fixture
def replier() -> Replier:
    return Replier()


@pytest.fixture
def understanding() -> Understanding:
    return Understanding()


@pytest.fixture
def rig(replier: Replier, understanding: Understanding) -> Iterator[Rig]:
    """It is saying something."""
    made = Rig(None, replier, understanding, SETTINGS, dialogue=build_dialogue(SETTINGS))
    made.turn(30)
    made.speak(LONG)
    yield made
    made.close()


@pytest.mark.parametrize("key", ["stop", "hold"])
def test_no_setting_lets_it_talk_on(key: str) -> None:
    for wanted in ("resume", "reply", "offer", "repeat"):
        with pytest.raises(ConfigError, match=rf"dialogue\.{key}.*silent"):
            config.loads(f"dialogue: {{{key}: {wanted}}}", "edgeagent.yaml")


def spoken(rig: Rig) -> Spoken:
    assert rig.conversation._dialogue is not None
    return rig.conversation._dialogue


def test_it_says_so_and_then_nothing_until_it_is_asked_to_go_on(
    rig: Rig, replier: Replier, understanding: Understanding
) -> None:
    understanding.texts.extend(["Stop!", "[cough]", "Go on."])
    interrupt(rig)
    quiet(rig)
    assert heard(rig)[1:] == ["Okay."]
    assert [line for line in rig.terminal if "is silent" in line] == ['"stop": says so and is silent']
    for _ in range(2):
        ask(rig)
        quiet(rig)
    assert len(heard(rig)) == 3
    assert LONG.endswith(heard(rig)[-1])
    assert not replier.asked
    lines = spoken(rig).history.lines
    assert [line.text for line in lines if line.who is Who.DEVICE] == heard(rig)


def test_who_interrupts_even_that_hears_the_rest_and_not_the_acknowledgement_again(
    rig: Rig, understanding: Understanding
) -> None:
    """One that is long enough for that."""
    understanding.texts.extend(["Stop!", "Go on."])
    spoken(rig)._language = replace(spoken(rig)._language, okay="So be it, then, and not a word more.")
    interrupt(rig)
    rig.until(lambda: rig.state == "speaking")
    rig.turn(50)
    interrupt(rig)
    quiet(rig)
    assert LONG.endswith(heard(rig)[-1])
    assert "So be it, then, and not a word more.".startswith(heard(rig)[1])
    assert len(heard(rig)) == 3
