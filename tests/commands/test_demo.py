"""`demo`: with real voices, from text to the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgeagent.commands import _demo_scene, _simulation
from edgeagent.errors import ServiceError
from edgeagent.settings import Settings, Talker
from edgeagent.signal.wav import read_wav
from edgeagent.sim.person import Encounter
from edgeagent.sim.truth import Kind
from edgeagent.units import RATE
from tests.commands.conftest import Run


@pytest.fixture(scope="session")
def encounter() -> Encounter:
    try:
        return _demo_scene.build(1)
    except ServiceError as error:
        pytest.skip(str(error))


def test_a_negative_seed_is_refused(tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert edgeagent("demo", "--seed", "-1", "--out", tmp_path) == 2
    assert "--seed -1 is negative" in capsys.readouterr().err


def test_the_scene_is_the_one_that_is_told(encounter: Encounter) -> None:
    story, reply = encounter.scene.agent
    assert [event.kind for event in encounter.truth] == [Kind.BACKCHANNEL, Kind.NOISE, Kind.INTERRUPTION]
    for event in encounter.truth:
        assert story.at + RATE < event.start < story.at + story.sound.size - 2 * RATE
    assert reply.at > encounter.truth[-1].end + Settings().turns.patience_ms * RATE // 1000
    assert " ".join(word.text for word in story.words) == _demo_scene.STORY
    for event in encounter.truth[:-1]:
        assert np.abs(encounter.scene.near[event.start : event.end]).max() > 0.03
    assert not encounter.clean[: encounter.truth[-1].start - RATE].any()


def test_it_runs_and_writes_everything(
    encounter: Encounter, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "demo"
    code = edgeagent("demo", "--out", out)
    lines = capsys.readouterr().out.splitlines()
    assert code in (0, 1)
    names = {path.name for path in out.iterdir()}
    assert {"speaker.wav", "mic.wav", "journal.jsonl", "report.json", "report.html", "turn-001.wav"} <= names
    assert lines[-1].endswith("report.html")
    assert "words were heard" in lines[-3]
    assert read_wav(out / "speaker.wav").size == encounter.scene.length
    journal = [json.loads(line) for line in (out / "journal.jsonl").read_text().splitlines()]
    assert any(entry.get("verdict") == "interruption" for entry in journal)


def test_without_the_page(encounter: Encounter, tmp_path: Path, edgeagent: Run) -> None:
    del encounter
    edgeagent("demo", "--out", tmp_path, "--no-report")
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_keeps_its_promise(encounter: Encounter, tmp_path: Path, seed: int) -> None:
    """Spoken on through "uh-huh" and the cough, silenced by "wait, no"."""
    del encounter
    right, lines = performed(tmp_path, seed)
    assert right, lines


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("device", "person"), [("en-us", "en+f3"), ("en", "en-us+f2"), ("en+m2", "en+f4")])
def test_it_keeps_its_promise_whoever_speaks(
    encounter: Encounter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, person: str, seed: int
) -> None:
    del encounter
    monkeypatch.setattr(_demo_scene, "DEVICE", Talker(voice=device))
    monkeypatch.setattr(_demo_scene, "PERSON", Talker(voice=person))
    right, lines = performed(tmp_path, seed)
    assert right, lines


def performed(folder: Path, seed: int) -> tuple[bool, list[str]]:
    met = _demo_scene.build(seed)
    run = _simulation.perform(met.scene, Settings(), folder)
    return _demo_scene.summary(_simulation.record_of(run, "", "", met.truth))
