"""The whole of `python -m tools.ear_bench` on a corpus of synthetic voices, and what it refuses."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from edgeagent.devices.model_files import FOLDER
from edgeagent.ports import Sound
from edgeagent.units import samples
from tests.train.made_up import build
from tools.ear_bench import __main__ as command
from tools.ear_bench import cases, silero
from tools.ear_bench import stage as stages


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With three noises, of which the third is held out."""
    folder = build(tmp_path_factory.mktemp("corpus"))
    path = folder / "manifest.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    hiss = rows[-1]
    for name in ("hum.wav", "roar.wav"):
        shutil.copy(folder / hiss["path"], folder / name)
        rows.append(hiss | {"path": name})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(hiss))
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenes of 8 s; and a Silero that hears whatever is loud."""

    def loud(microphone: Sound) -> Sound:
        chunks = microphone[: microphone.size // silero.CHUNK * silero.CHUNK].reshape(-1, silero.CHUNK)
        return np.asarray(np.sqrt((chunks**2).mean(axis=1)), np.float32)

    monkeypatch.setattr(stages, "LENGTH", samples(8000))
    monkeypatch.setattr(cases, "listen_as_silero", loud)
    monkeypatch.setattr(command, "installed", lambda: True)


def run(corpus: Path, cache: Path, *words: str) -> int:
    asked = ["--parts", "held_out", "--scenes", "2", "--cache", str(cache), *words]
    return command.main([str(corpus), *asked])


@pytest.mark.usefixtures("short")
def test_tables_with_targets_as_text_json_and_file(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "tables.md"
    assert run(corpus, tmp_path / "cache", "--report", str(report)) == 0
    text = capsys.readouterr().out
    assert report.read_text(encoding="utf-8") == text
    assert ">= 0.96" in text
    assert "home" in text
    made = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cache").iterdir()}
    assert run(corpus, tmp_path / "cache", "--json", "--parts", "held_out", "held_out") == 0
    told = json.loads(capsys.readouterr().out)
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cache").iterdir()} == made
    near, background, quiet = told["tables"]
    figures = {row[""]: row["held_out"] for row in near["rows"]}
    assert 0.0 <= figures["frame AUC, person against all else"] <= 1.0
    assert figures["events"] > 0
    assert sum(row["scenes"] for row in background["rows"]) == 2 + 2 * 2  # the last two rows are all scenes each
    everything = quiet["rows"][-1]
    (line,) = (line for line in text.splitlines() if line.startswith("| all "))
    assert int(line.split("|")[2]) == everything["events"]  # also of a part that is asked for twice
    assert everything["difference"] == pytest.approx(everything["AUC ours"] - everything["Silero"])


@pytest.mark.usefixtures("short")
def test_without_silero_there_is_a_line_instead(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "installed", lambda: False)
    assert run(corpus, tmp_path, "--only", "quiet") == 0
    told = capsys.readouterr()
    assert "Silero is not installed" in told.err
    assert "##" not in told.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--seed", "0"), "--seed 0"),
        (("--scenes", "0"), "at least 1"),
        (("--seed", "-1"), "--seed -1"),
        (("--report", "no/where/tables.md"), "no/where: no such folder"),
        (("--report", "."), "is a folder"),
        (("--models", "no/models"), "no/models"),
    ],
)
def test_what_cannot_be_done_is_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    assert run(tmp_path, tmp_path, *words) != 0
    assert says in capsys.readouterr().err


def test_a_changed_model_is_refused(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(FOLDER, tmp_path / "models")
    with (tmp_path / "models" / "near_end.int8.onnx").open("r+b") as file:
        file.write(b"\xff")
    assert run(corpus, tmp_path, "--models", str(tmp_path / "models")) != 0
    assert "checksum" in capsys.readouterr().err


def test_without_one_of_the_two_models_nothing_is_rendered(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(FOLDER, tmp_path / "models")
    (tmp_path / "models" / "backchannel.int8.onnx").unlink()
    assert run(corpus, tmp_path / "cache", "--models", str(tmp_path / "models")) != 0
    assert "backchannel" in capsys.readouterr().err
    assert not (tmp_path / "cache").exists()
