"""A shadow beside the real ear: the device decides alike, and the session replays with what the shadow said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeagent import app
from edgeagent.devices.model_files import FOLDER
from edgeagent.errors import ModelError
from edgeagent.settings import Settings, Shadow, Turns
from edgeagent.store.journal import read_lines
from tests.commands.conftest import Run


@pytest.mark.parametrize("tried", ["false_stops_per_hour: 0.01", f"models: {FOLDER}"])
def test_with_a_shadow_everything_else_is_the_same_and_it_replays(
    edgeagent: Run, scene: Path, recorded: Path, tmp_path: Path, tried: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "shadow.yaml"
    config.write_text(f"shadow: {{{tried}}}\n")
    assert edgeagent("simulate", scene, "--out", tmp_path / "run", "--record", "--config", config) == 0
    alone, beside = (read_lines(folder / "journal.jsonl") for folder in (recorded, tmp_path / "run"))
    assert (tmp_path / "run" / "speaker.wav").read_bytes() == (recorded / "speaker.wav").read_bytes()
    told: list[dict[str, Any]] = [entry for entry in beside if entry["event"] == "shadow"]
    assert [entry for entry in beside if entry not in told][1:] == alone[1:]
    if "models" in tried:
        assert told == []
        assert beside[0]["shadow_near_end"] == beside[0]["near_end"]
    else:
        assert [(entry["live"]["outcome"], entry["shadow"]["outcome"]) for entry in told] == [("stopped", "stopped")]
    for chunk in (37, 16_000):
        assert edgeagent("replay", tmp_path / "run" / "session", "--chunk", chunk) == 0
    if told:
        capsys.readouterr()
        assert edgeagent("simulate", scene, "--out", tmp_path / "again", "--config", config) == 0
        assert "; the shadow would stop at" in capsys.readouterr().out


def test_models_that_are_not_there_stop_the_start(edgeagent: Run, scene: Path, tmp_path: Path) -> None:
    config = tmp_path / "shadow.yaml"
    config.write_text(f"shadow: {{models: {tmp_path / 'none'}}}\n")
    assert edgeagent("simulate", scene, "--out", tmp_path / "run", "--config", config) == 2
    with pytest.raises(ModelError):
        app.build_beside(Settings(shadow=Shadow(models=str(tmp_path / "none"))))


def test_what_is_tried_takes_the_place_of_what_is_set() -> None:
    assert app.build_beside(Settings()) is None
    beside = app.build_beside(Settings(shadow=Shadow(false_stops_per_hour=3)))
    assert beside is not None
    assert beside._turns == Turns(false_stops_per_hour=3)
