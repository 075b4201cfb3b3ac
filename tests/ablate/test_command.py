"""`python -m tools.ablate` on a scene with one interruption."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgeagent.sim.figures import Figures
from edgeagent.sim.folder import write_scene
from tests.talking import PERSON, talking
from tools.ablate import __main__ as command
from tools.ablate.page import COLUMNS, JUDGED, page, table, verdict


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    write_scene(folder / "talking", talking(6.0), [PERSON])
    return folder


def test_a_row_for_each_with_its_figures(scene: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        command.main([str(scene), "--only", "whole", "backchannel", "--json", "--report", str(scene / "page.md")]) == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["whole", "backchannel"]
    assert told["whole"]["recall"] == 1.0
    assert told["backchannel"].keys() == COLUMNS.keys()
    assert "| nothing " in (scene / "page.md").read_text(encoding="utf-8")


def test_other_processes_find_the_same(scene: Path) -> None:
    """Through the command line, where `__main__` is another module in each process."""
    said = [
        subprocess.run(
            [sys.executable, "-m", "tools.ablate", str(scene), "--only", "whole", "--json", "--jobs", jobs],
            capture_output=True,
            check=True,
        ).stdout
        for jobs in ("1", "2")
    ]
    assert said[0] == said[1]


def test_whoever_stops_it_reads_no_traceback(scene: Path) -> None:
    """As of every tool: what is tried here is the way out that all of them take."""
    words = [sys.executable, "-m", "tools.ablate", str(scene)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as working:
        assert working.stderr is not None
        assert working.stderr.readline() == "deciding: 0 %\n"
        working.send_signal(signal.SIGINT)
        assert "Traceback" not in working.stderr.read()
    assert working.returncode == 130


def test_what_is_no_worse_is_said() -> None:
    figures: Figures = {"scenes": 1, **dict.fromkeys(COLUMNS, 0.5)}
    better: Figures = figures | {JUDGED: 0.6}
    worse: Figures = figures | {JUDGED: 0.4}
    pooled = {"whole": figures, "duck": better, "models": worse, "reference": figures}
    rows = table(pooled).splitlines()
    assert [row.split("|")[-2].strip() for row in rows[2:]] == ["", "NO", "yes", "NO"]
    assert "without: duck, reference." in page(pooled, "scenes", {"edgeagent": "1"})
    assert "any of them" in verdict({"whole": figures, "models": worse})


def test_nothing_is_said_of_what_was_not_compared() -> None:
    """`--only reference`, as the help has it, has no whole ear beside it; scenes without anybody have no figure."""
    figures: Figures = {"scenes": 1, **dict.fromkeys(COLUMNS, 0.5)}
    unknown: Figures = figures | {JUDGED: None}
    for pooled in ({"reference": figures}, {"whole": figures}, {"whole": unknown, "reference": unknown}):
        assert verdict(pooled).startswith("Nothing was compared")


def test_what_cannot_be_done_is_told(scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(tmp_path / "no")]) != 0
    assert "no such folder" in capsys.readouterr().err
    assert command.main([str(scene), "--only", "whole", "--report", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err
    assert command.main([str(scene), "--models", str(tmp_path / "no"), "--only", "whole"]) != 0
    assert "manifest.yaml" in capsys.readouterr().err
