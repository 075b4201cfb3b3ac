"""Whole sessions on the sample clock: what a person does is found where it was, and what is no good is asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeagent import app
from edgeagent.commands import _collect_director as director
from edgeagent.commands._collect_deck import SILENT, Prompt
from edgeagent.commands.replay import first_difference
from edgeagent.detect.deaf import deaf
from edgeagent.sim.noises import Wave, coloured, murmur
from edgeagent.sim.replay import replay
from edgeagent.store.journal import MemoryJournal, line
from edgeagent.store.session import EAR, read_session
from edgeagent.store.takes import Expected, Outcome, read_consent, read_takes
from edgeagent.turn import events as e
from edgeagent.units import RATE, samples
from tests.collect.stage import Person, Stage

UH_HUH = Prompt(Expected.BACKCHANNEL, "say, as a listener: uh-huh", "uh-huh")
WAIT = Prompt(Expected.FLOOR, "interrupt me: wait", "wait")
COUGH = Prompt(Expected.NOISE, "cough", "cough")

Make = Callable[..., Stage]


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No longer warm-up and silence than a simulated room needs."""
    monkeypatch.setattr(director, "WARM_UP", director.WARM_UP // 2)
    monkeypatch.setattr(director, "SILENCE", director.SILENCE // 2)
    monkeypatch.setattr(director, "ANSWER", samples(2500))


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Stage] = []

    def one(*args: object, **options: object) -> Stage:
        made.append(Stage(*args, **options))  # type: ignore[arg-type]
        return made[-1]

    yield one
    for stage in made:
        stage.close()


def test_what_is_done_is_found_where_it_was_and_replays_to_the_same_decisions(make: Make, tmp_path: Path) -> None:
    stage = make(prompts=[UH_HUH, COUGH, SILENT, WAIT], folder=tmp_path / "anna" / "session")
    stage.perform()
    assert [take.outcome for take in stage.takes] == [Outcome.GOOD] * 4
    assert [take.expected for take in stage.takes] == ["backchannel", "noise", "silence", "floor"]
    found = [(take.sounds[0][0], take.sounds[-1][1]) for take in stage.takes if take.sounds]
    for (start, stop), (began, ended) in zip(found, stage.person.did, strict=True):
        assert abs(start - began) < samples(50)
        assert abs(stop - ended) < samples(220)
    assert {entry["state"] for entry in stage.entries("state")} == {"idle", "speaking", "doubting"}
    stage.close()
    folder = tmp_path / "anna" / "session"
    session = read_session(folder)
    assert read_takes(folder) == tuple(stage.takes)
    assert read_consent(folder).person == "anna"
    assert session.ended == "closed"
    again = MemoryJournal()
    engine = app.build_engine(session.settings, again, deaf(session.versions[EAR]))
    replay(engine, session.reference, session.microphone, session.events)
    then, now = ([line(entry) for entry in journal.entries] for journal in (stage.journal, again))
    assert first_difference(then, now) is None


def test_the_device_talks_on_through_everything(make: Make) -> None:
    stage = make(prompts=[WAIT, WAIT], ducks=False)
    stage.perform()
    assert not [entry for entry in stage.journal.entries if entry.get("action") in ("halt", "discard")]
    session = np.concatenate(stage.recorded.played)
    last = stage.takes[-1]
    for start, stop in last.sounds:
        assert np.abs(session[start:stop]).max() > 0.02


class Shy(Person):
    """Does nothing the first time, and whispers the second."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def answer(self, asked: str) -> Wave | None:
        self.asked += 1
        self.level_db = -58.0
        return None if self.asked == 1 else super().answer(asked)


def test_nothing_and_too_little_are_said_and_asked_again_once(make: Make) -> None:
    stage = make(Shy(), [UH_HUH])
    stage.perform()
    assert (stage.takes[0].outcome, stage.takes[0].attempt) == (Outcome.NOTHING, 1)
    assert stage.takes[1].outcome in (Outcome.QUIET, Outcome.NOTHING)
    assert len(stage.takes) == 2
    assert "heard nothing" in stage.lines[1]
    assert "once more" in stage.lines[2]


class Loud(Person):
    """Overdrives the microphone once."""

    def answer(self, asked: str) -> Wave | None:
        self.level_db = -26.0 if self.did else 3.0
        return super().answer(asked)


def test_what_overdrives_the_microphone_is_asked_again(make: Make) -> None:
    stage = make(Loud(), [WAIT])
    stage.perform()
    assert [take.outcome for take in stage.takes] == [Outcome.CLIPPED, Outcome.GOOD]


class Chatty(Person):
    """Goes on for too long as a listener, and is never silent."""

    def answer(self, asked: str) -> Wave | None:  # noqa: ARG002
        return murmur(self.dice, samples(2600), voices=3)


def test_a_listener_who_talks_and_a_silence_that_is_none_are_no_labels(make: Make) -> None:
    stage = make(Chatty(), [UH_HUH, SILENT])
    stage.perform()
    assert {take.outcome for take in stage.takes[:2]} == {Outcome.LONG}
    assert {take.outcome for take in stage.takes[2:]} == {Outcome.STIRRED}
    assert [take.attempt for take in stage.takes] == [1, 2, 1, 2]


def test_the_button_ends_it_and_a_broken_microphone_is_named(make: Make) -> None:
    stage = make(prompts=[WAIT])
    stage.turn(100)
    stage.inbox.post(lambda: stage.door.tell(e.ButtonShort(0)))
    stage.turn(5)
    assert stage.over
    assert not stage.talking.failure
    other = make(prompts=[WAIT])
    other.turn(100)
    other.inbox.post(lambda: other.door.tell(e.MicrophoneFailed(0, "the plug was pulled")))
    other.turn(5)
    assert other.over
    assert other.talking.failure == "the plug was pulled"


def test_what_is_complete_when_it_is_killed_can_be_read(make: Make, tmp_path: Path) -> None:
    folder = tmp_path / "bert" / "session"
    stage = make(prompts=[UH_HUH, WAIT, WAIT], folder=folder)
    stage.until(lambda: len(stage.takes) == 1, most=10_000)
    (take,) = read_takes(folder)  # while it is still going on
    assert take.good
    stage.close()
    assert len(read_session(folder).microphone) >= take.until - RATE


def test_nothing_is_asked_before_the_device_speaks_or_while_somebody_else_is_loud(make: Make) -> None:
    """Something goes on from the end of the warm-up until sample 8 s."""
    stage = make(prompts=[COUGH])
    stage.person.make(coloured(stage.person.dice, samples(3700), 1.0), samples(4300))
    stage.perform()
    (take,) = stage.takes
    assert 8 * RATE < take.shown < 10 * RATE
    assert take.good
