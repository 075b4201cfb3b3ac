"""Louder, softer, slower, faster: done at once, within bounds, and gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.app import build_dialogue
from edgeagent.devices.amixer import FakeMixer
from edgeagent.live.manner import Manner
from edgeagent.live.volume import Volume
from edgeagent.settings import Audio, Capture, Settings, Turns
from tests.live.rig import Rig
from tests.live.test_dialogue import LONG, Replier, Understanding, ask, heard, interrupt, quiet

AUDIO = Audio(volume_percent=50, volume_least_percent=20, volume_most_percent=80)


class Device:
    """A rig whose manner changes with what people say."""

    def __init__(self, *texts: str, mixer: FakeMixer | None = None) -> None:
        self.settings = Settings(audio=AUDIO, capture=Capture(on_turn="true"), turns=Turns(reply_timeout_ms=3000))
        dialogue = build_dialogue(self.settings)
        assert dialogue is not None
        self.replier = Replier(*[["So it is. "] for _ in texts])
        self.rig = Rig(None, self.replier, Understanding(*texts), self.settings, dialogue=dialogue)
        self.rates: list[float] = []
        self.kept: dict[str, float] = {}
        actuators, engine = self.rig.loop._actuators, self.rig.engine
        volume = Volume(AUDIO, mixer, actuators.volume)
        self.manner = Manner(volume, lambda: engine.at, self.rig.conversation.note, self.rates.append)
        self.manner.keep = self.kept.__setitem__
        dialogue.adjust, dialogue.brief = self.manner.adjust, self.manner.is_brief
        self.rig.turn(30)

    def told(self, event: str) -> list[object]:
        return [note["percent"] for note in self.rig.notes.entries if note["event"] == event]

    def loudest(self, since: int) -> int:
        """Of what sounded."""
        return int(np.abs(np.array(self.rig.card.air[since:])).max())


Make = Callable[..., Device]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Device] = []

    def one(*texts: str, mixer: FakeMixer | None = None) -> Device:
        made.append(Device(*texts, mixer=mixer))
        return made[-1]

    yield one
    for device in made:
        device.rig.close()


def say(device: Device, text: str = LONG) -> None:
    device.rig.conversation.say(text)
    device.rig.until(lambda: device.rig.state == "speaking")
    device.rig.turn(60)


def test_louder_is_louder_and_goes_on_without_the_replier(make: Make) -> None:
    device = make("louder please")
    say(device)
    before = device.loudest(0)
    interrupt(device.rig)
    since = len(device.rig.card.air)
    quiet(device.rig)
    assert device.loudest(since) == pytest.approx(1.5 * before, rel=0.05)
    assert LONG.endswith(heard(device.rig)[-1])
    assert not device.replier.asked
    assert device.told("volume") == [75]
    assert device.kept == {"volume": 0.75}


def test_who_says_louder_afterwards_hears_it_again(make: Make) -> None:
    device = make("louder", "softer")
    say(device)
    quiet(device.rig)
    ask(device.rig)
    quiet(device.rig)
    assert [entry["text_heard"] for entry in device.rig.entries("heard_words")] == [LONG, LONG]
    ask(device.rig)
    quiet(device.rig)
    assert len(device.rig.entries("heard_words")) == 2  # softer needs no proof
    assert not device.replier.asked


def test_it_stays_between_audible_and_the_ceiling(make: Make) -> None:
    device = make()
    for _ in range(8):
        device.manner.adjust("louder")
    for _ in range(8):
        device.manner.adjust("softer")
    assert (max(device.told("volume")), min(device.told("volume"))) == (80, 20)  # type: ignore[type-var]


@given(st.lists(st.booleans(), max_size=30), st.floats(0, 1), st.booleans())
def test_no_number_of_presses_leaves_the_bounds(presses: list[bool], begun: float, mixing: bool) -> None:
    aimed: list[float] = []
    mixer = FakeMixer(begun) if mixing else None
    volume = Volume(AUDIO, mixer, aimed.append)
    for up in presses:
        volume.step(up, lambda level, _trouble: aimed.append(level))
    assert all(0.2 <= level <= 0.8 for level in aimed)


def test_a_mixer_is_turned_and_our_gain_is_left_alone(make: Make) -> None:
    mixer = FakeMixer(0.4)
    device = make("louder", mixer=mixer)
    say(device)
    before = device.loudest(0)
    interrupt(device.rig)
    since = len(device.rig.card.air)
    quiet(device.rig)
    assert mixer.current == pytest.approx(0.52)
    assert device.loudest(since) == pytest.approx(before, rel=0.05)


def test_a_mixer_that_is_away_is_said_and_nothing_kept(make: Make) -> None:
    mixer = FakeMixer(0.4)
    mixer.trouble = "no such control"
    device = make(mixer=mixer)
    device.manner.adjust("louder")
    assert [note["text"] for note in device.rig.notes.entries if note["event"] == "volume_trouble"] == [mixer.trouble]
    assert device.kept == {}


def test_what_was_wanted_before_the_device_was_off_holds(make: Make) -> None:
    device = make()
    device.manner.recall({"volume": 0.25, "pace": 0.85})
    say(device)
    plain = make()
    say(plain)
    assert device.loudest(0) == pytest.approx(plain.loudest(0) / 2, rel=0.05)
    assert device.rates == [0.85]
    assert device.manner.is_brief()


def test_slower_is_told_to_the_voice_and_to_the_replier(make: Make) -> None:
    device = make("slower please", "tell me a story")
    say(device)
    interrupt(device.rig)
    quiet(device.rig)
    ask(device.rig)
    quiet(device.rig)
    assert device.rates == [pytest.approx(0.85)]
    assert [request.brief for request in device.replier.asked] == [True]
    assert device.told("pace") == [85]


def test_whoever_interrupts_again_and_again_is_told_less_at_once(make: Make) -> None:
    device = make("what does that mean", "how much is it", "how far is it")
    for _ in range(3):
        say(device)
        interrupt(device.rig)
        quiet(device.rig)
    assert device.rates == [pytest.approx(0.85)]
    assert [request.brief for request in device.replier.asked] == [False, False, True]


def test_uh_huh_is_no_interruption(make: Make) -> None:
    device = make("uh-huh", "yeah", "")
    for _ in range(3):
        say(device)
        interrupt(device.rig)
        quiet(device.rig)
    assert device.rates == []
