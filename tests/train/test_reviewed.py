"""From the clips of a flight recorder to models: what `edgeagent review export` writes, tuning reads."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("onnx", reason="needs the extra [train]")
pytest.importorskip("ai_edge_litert", reason="needs the extra [train]")

import numpy as np

from edgeagent.store.occasions import Was
from edgeagent.store.takes import Expected
from edgeagent.units import HOP, RATE
from tests.commands.conftest import Run, edgeagent
from tests.commands.test_review_export import BURST, export, fly
from tools.train import held_back, tune
from tools.train.acts import Heard
from tools.train.collected import find, recorded
from tools.train.truth import IGNORED, hop_of

__all__ = ["edgeagent"]

LABELS = [Was.INTERRUPTION, Was.BACKCHANNEL, Was.NOISE, Was.TELEVISION, Was.SELF]


def test_labelled_clips_are_heard_as_what_they_are_and_the_gaps_teach_nothing(edgeagent: Run, tmp_path: Path) -> None:
    export(edgeagent, fly(tmp_path / "clips", LABELS), tmp_path / "out")
    one = recorded(*find([tmp_path / "out"]))
    assert [event.heard for event in one.listened.events] == [Heard.FLOOR, Heard.BACKCHANNEL, Heard.NOISE, Heard.FAR]
    for event in one.listened.events:
        assert abs(event.stop - event.start - BURST) <= RATE / 30
        assert (one.listened.heard[hop_of(event.start) + 2 : hop_of(event.stop) - 2] == event.heard).all()
    assert one.count(Expected.SILENCE) == 1
    assert np.count_nonzero(one.truth().near == IGNORED) >= 4 * (RATE // HOP - 2)  # between clips


def test_tuning_takes_them(
    edgeagent: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(held_back, "ENOUGH", 1)
    folders = []
    for seed in (1, 2):
        clips = fly(tmp_path / f"clips{seed}", LABELS, seed)
        export(edgeagent, clips, tmp_path / f"out{seed}")
        folders.append(str(tmp_path / f"out{seed}"))
    assert tune.main([*folders, "--out", str(tmp_path / "models"), "--rounds", "0"]) == 1
    said = capsys.readouterr().out
    assert "learns from 1 session of 1 person, 1 floor, 1 backchannel, 1 noise, 1 far, 1 silence" in said
    assert "nothing is written" in said
