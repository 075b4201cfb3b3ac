"""Both pairs of models through the whole engine: every decision on the same sample."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed (extra litert)")

from edgeagent.sim.folder import write_scene
from edgeagent.sim.scene import load_scene
from tests.parity.spoilt import spoilt
from tests.talking import PERSON, talking
from tools.parity import __main__ as command
from tools.parity.pair import pair

LENGTH_S = 6.2
"""The first line of the device, and the person who interrupts it."""


def test_the_pairs_decide_alike() -> None:
    found = pair(talking(LENGTH_S))
    assert found.alike, found.differing
    assert found.decisions > 10
    assert found.belief < 1e-4


def test_a_pair_that_decides_otherwise_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_scene(tmp_path / "scene", talking(LENGTH_S), [PERSON])
    models = spoilt(tmp_path / "models")
    assert command.main(["pair", str(tmp_path / "scene"), "--models", str(models)]) == 1
    told = capsys.readouterr().out
    assert "NOT alike" in told
    assert "only with .onnx" in told


@pytest.mark.slow
def test_the_pairs_decide_alike_on_every_scene(shared: Path) -> None:
    scenes = sorted(path.parent for path in (shared / "bench" / "dev").glob("*/scene.yaml"))
    assert len(scenes) == 24
    found = [pair(load_scene(scene)) for scene in scenes]
    assert {each.scene: each.differing for each in found if not each.alike} == {}
