"""`bench stages`: every stage is there and was really called, and the sums are plausible."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Run


def test_every_stage_is_measured(edgeagent: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert edgeagent("bench", "stages", "--seconds", 1, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    stages = document["stages"]
    assert {"player", "canceller", "adaptive filter", "features", "near-end voice", "backchannel"} < stages.keys()
    for name, row in stages.items():
        assert 0 < row["median"] <= row["p95"] <= row["p99"], name
    whole, canceller = stages["whole engine"]["median"], stages["canceller"]["median"]
    assert stages["adaptive filter"]["median"] < canceller < whole
    assert 10 < document["rss_mb"] < 2000


def test_the_table_ends_with_the_verdict(edgeagent: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert edgeagent("bench", "stages", "--seconds", 1) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].split()[-3:] == ["median", "p95", "p99"]
    assert "the budget of 0.3 ms" in out[-2]


def test_a_wrong_bench_is_one_line(edgeagent: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert edgeagent("bench", "stages", "--seconds", 0) == 2
    assert edgeagent("bench") == 2
    assert edgeagent("bench", "stage") == 2
    assert capsys.readouterr().err.count("\n") == 3


def test_a_shadow_is_measured_where_there_is_one(
    edgeagent: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "shadow.yaml").write_text("shadow: {false_stops_per_hour: 3}\n")
    assert edgeagent("bench", "stages", "--seconds", 1, "--json", "--config", tmp_path / "shadow.yaml") == 0
    assert json.loads(capsys.readouterr().out)["stages"]["shadow"]["median"] > 0
