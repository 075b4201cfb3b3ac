"""Louder, softer, slower, faster: done at once, within bounds, and gone on with."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.app import build_dialogue
from edgeagent.devices.amixer import FakeMixer
from edgeagent.dialogue.manner import INTERRUPTED
from edgeagent.live.manner import Manner
from edgeagent.live.volume import Volume
from edgeagent.settings import Audio, Capture, Settings, Turns
from edgeagent.units import samples
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


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 100), st.booleans())
def test_no_number_of_presses_leaves_the_bounds_or_goes_the_other_way(
    presses: list[bool], begun: int, mixing: bool
) -> None:
    """Wherever it began, outside the bounds too."""
    told: list[float] = [begun / 100]
    mixer = FakeMixer(begun / 100) if mixing else None
    volume = Volume(replace(AUDIO, volume_percent=begun), mixer, lambda _: None)
    for up in presses:
        volume.step(up, lambda level, _trouble: told.append(level))
    least, most = min(0.2, begun / 100), max(0.8, begun / 100)
    for up, (before, after) in zip(presses, itertools.pairwise(told), strict=True):
        assert after >= before if up else after <= before
        assert least <= after <= most
        assert after == before or not up or after <= 0.8


def test_whoever_configured_little_comes_back_to_it() -> None:
    """The least is for those who did not."""
    told: list[float] = []
    volume = Volume(replace(AUDIO, volume_percent=5), None, told.append)
    for up in (False, True, False, False):
        volume.step(up, lambda _level, _trouble: None)
    assert told == pytest.approx([0.05, 0.075, 0.05, 0.05])


@pytest.mark.parametrize(("kept", "now", "reached"), [(0.1, 10, 0.1), (0.1, 50, 0.2), (0.9, 50, 0.8), (0.3, 10, 0.3)])
@pytest.mark.parametrize("mixing", [True, False])
def test_what_was_kept_is_not_made_louder_than_it_was(kept: float, now: int, reached: float, mixing: bool) -> None:
    told: list[float] = []
    mixer = FakeMixer(now / 100) if mixing else None
    volume = Volume(replace(AUDIO, volume_percent=now), mixer, lambda _: None)
    volume.recall(kept, lambda level, _trouble: told.append(level))
    assert told == [pytest.approx(reached)]


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


@pytest.mark.parametrize(
    ("first", "then", "rates"),
    [
        ("slower", "slower", [0.85, 1.0, 0.85]),
        ("faster", "slower", [1.18, 1.0, 0.85]),
        ("slower", INTERRUPTED, [0.85, 1.0]),
    ],
)
def test_what_was_asked_for_an_hour_ago_is_no_beginning(first: str, then: str, rates: list[float]) -> None:
    now, spoken = [0], list[float]()
    manner = Manner(Volume(AUDIO, None, lambda _gain: None), lambda: now[0], lambda *_, **__: None, spoken.append)
    manner.adjust(first)
    now[0] = samples(3_600_000)
    manner.adjust(then)
    assert [round(rate, 2) for rate in spoken] == rates
    assert manner.is_brief() == (rates[-1] < 1)
