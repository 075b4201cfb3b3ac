"""`score`: the table for one run and for a set, and what it says of runs that are not there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.commands.conftest import Run


def test_the_run_of_a_scene(scene: Path, recorded: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert edgeagent("score", scene, recorded, "--json") == 0
    (system,) = json.loads(capsys.readouterr().out).values()
    assert system["pooled"]["recall"] == 1.0
    assert system["pooled"]["words_lost"] == 0
    assert system["scenes"][0]["warnings"] == []
    assert edgeagent("score", scene, recorded) == 0
    heading, _, row = capsys.readouterr().out.splitlines()
    assert heading.split("|")[2].strip() == "right"
    assert row.split("|")[2].strip() == "1.00"


def test_a_set_of_scenes(
    scene: Path, recorded: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        shutil.copytree(scene, tmp_path / "scenes" / name)
    shutil.copytree(recorded, tmp_path / "runs" / "one")
    assert edgeagent("score", "--set", tmp_path / "scenes", tmp_path / "runs") == 0
    told = capsys.readouterr()
    assert "1 of 2 scenes were not run" in told.err
    assert str(tmp_path / "runs") in told.out


def test_no_run_and_no_truth_are_one_line(
    scene: Path, recorded: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edgeagent("score", "--set", scene.parent, tmp_path) == 2
    assert "no run of a scene" in capsys.readouterr().err
    assert edgeagent("score", scene, tmp_path) == 2
    assert "speaker.wav: no such file" in capsys.readouterr().err
    untold = tmp_path / "untold"
    shutil.copytree(scene, untold)
    (untold / "truth.json").unlink()
    assert edgeagent("score", untold, recorded) == 2
    assert "truth.json is missing" in capsys.readouterr().err
