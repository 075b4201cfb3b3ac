"""From prompts in a simulated room to models that were tuned with what was recorded there."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("onnx", reason="needs the extra [train]")
pytest.importorskip("ai_edge_litert", reason="needs the extra [train]")

from edgeagent.devices.model_files import load_model
from edgeagent.store.takes import read_takes
from tests.collect.stage import Person, Stage
from tools.train import held_back, tune

pytestmark = pytest.mark.slow


def test_two_people_are_recorded_and_the_models_tuned_and_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(held_back, "ENOUGH", 2)
    for seed, name in enumerate(("anna", "bert")):
        stage = Stage(Person(seed), seed=seed, folder=tmp_path / name / "session")
        stage.perform()
        stage.close()
        assert sum(take.good for take in read_takes(tmp_path / name / "session")) >= 10
    out = tmp_path / "out"
    folders = [str(tmp_path / name) for name in ("anna", "bert")]
    code = tune.main([*folders, "--out", str(out), "--rounds", "6", "--hold-back", "person"])
    said = capsys.readouterr().out
    assert "people who are not learnt from" in said
    assert "before" in said
    assert code == 0, said
    for name in ("near_end", "backchannel"):
        load_model(name, out)
