"""`simulate`: what it writes, for one scene and for many, and one line for whatever is wrong with a scene."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from edgeagent.commands import _bench_decisions
from edgeagent.devices import model_files
from edgeagent.settings import Settings
from edgeagent.signal.wav import read_wav
from edgeagent.sim.folder import write_scene
from edgeagent.sim.truth import Happening, Kind
from edgeagent.store.session import Recording
from edgeagent.units import RATE
from tests.commands.conftest import Run
from tests.talking import INTERRUPTED, talking

TREE = {"journal.jsonl", "mic.wav", "report.json", "speaker.wav", "turn-001.wav"}


def test_one_scene_is_written_as_the_format_has_it(recorded: Path) -> None:
    assert {path.name for path in recorded.iterdir()} == TREE | {"report.html", "session"}
    speaker, microphone = read_wav(recorded / "speaker.wav"), read_wav(recorded / "mic.wav")
    assert speaker.size == microphone.size == 8 * RATE
    journal = [json.loads(line) for line in (recorded / "journal.jsonl").read_text().splitlines()]
    assert all({"at_s", "event"} <= entry.keys() for entry in journal)
    assert journal[0]["event"] == "started"
    assert {"settings", "edgeagent", "near_end"} <= journal[0].keys()
    states = [entry["state"] for entry in journal if entry["event"] == "state"]
    assert states[:4] == ["idle", "speaking", "doubting", "yielding"]
    (heard,) = (entry for entry in journal if entry["event"] == "heard")
    assert heard["start_s"] < INTERRUPTED / RATE < heard["end_s"]
    assert read_wav(recorded / heard["audio"]).size == round((heard["end_s"] - heard["start_s"]) * RATE)
    first = json.loads((recorded / "report.json").read_text())["utterances"][0]
    assert first["spoken_s"] == pytest.approx(np.flatnonzero(speaker[: 5 * RATE])[-1] / RATE - 0.31, abs=0.02)
    assert "wait, no" in (recorded / "report.html").read_text()


def test_a_scene_gives_the_same_bytes_again(scene: Path, recorded: Path, tmp_path: Path, edgeagent: Run) -> None:
    assert edgeagent("simulate", scene, "--out", tmp_path / "again", "--report") == 0
    for name in (*TREE, "report.html"):
        assert (tmp_path / "again" / name).read_bytes() == (recorded / name).read_bytes(), name


def test_a_single_scene_prints_its_timeline(
    scene: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edgeagent("simulate", scene, "--out", tmp_path / "run") == 0
    out = capsys.readouterr().out.splitlines()
    assert any("YIELDING" in line for line in out)
    assert re.match(r"talking: spoke \d\.\d of 6\.0 s, 1 stop, 1 turn heard; \d+ times faster", out[-1])


def test_what_another_scene_has_left_does_not_pass_for_its_own(
    scene: Path, recorded: Path, tmp_path: Path, edgeagent: Run
) -> None:
    out = tmp_path / "run"
    shutil.copytree(recorded, out)
    (out / "turn-007.wav").touch()
    (out / "mine.txt").touch()
    assert edgeagent("simulate", scene, "--out", out) == 0
    assert {path.name for path in out.iterdir()} == TREE | {"mine.txt"}
    assert edgeagent("simulate", scene, "--out", out, "--record") == 0
    assert edgeagent("simulate", scene, "--out", out, "--record") == 0


@pytest.mark.parametrize("recorded_by", ["run", "nobody"])
def test_a_session_of_a_real_talk_is_not_taken_away(
    scene: Path, recorded: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str], recorded_by: str
) -> None:
    """`run --record DIR/session`, and then `simulate --out DIR`."""
    out = tmp_path / "run"
    shutil.copytree(recorded, out)
    shutil.rmtree(out / "session")
    Recording(out / "session", Settings(), {}, pytest.fail).close()
    if recorded_by == "nobody":
        (out / "session" / "session.json").write_text("{")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert edgeagent("simulate", scene, "--out", out, "--record") == 2
    assert f"{out / 'session'}" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_run_that_is_ended_by_ctrl_c_leaves_nothing_of_the_one_before(
    scene: Path, recorded: Path, tmp_path: Path, edgeagent: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "run"
    shutil.copytree(recorded, out)
    monkeypatch.setattr("edgeagent.commands._simulation.simulate", interrupted)
    assert edgeagent("simulate", scene, "--out", out) == 130
    assert {path.name for path in out.iterdir()} == {"journal.jsonl"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_many_scenes_get_a_folder_each(
    scene: Path, recorded: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str], jobs: int
) -> None:
    for name in ("one", "two"):
        shutil.copytree(scene, tmp_path / "scenes" / name)
    assert edgeagent("simulate", tmp_path / "scenes", "--out", tmp_path / "runs", "--jobs", jobs, "--json") == 0
    told = capsys.readouterr()
    assert [Path(run["folder"]).name for run in json.loads(told.out)] == ["one", "two"]
    assert "simulating: 100 %" in told.err
    for name in ("one", "two"):
        assert (tmp_path / "runs" / name / "journal.jsonl").read_bytes() == (recorded / "journal.jsonl").read_bytes()


def test_a_folder_of_one_scene_is_a_set_as_well(
    scene: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(scene, tmp_path / "scenes" / "only")
    assert edgeagent("simulate", tmp_path / "scenes", "--out", tmp_path / "runs") == 0
    assert "YIELDING" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"only"}
    assert edgeagent("score", "--set", tmp_path / "scenes", tmp_path / "runs") == 0


def test_scenes_that_are_links_are_called_as_the_links_are(tmp_path: Path, edgeagent: Run) -> None:
    """A choice of scenes from two sets, in which two have the same name."""
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    for name in ("one", "two"):
        write_scene(tmp_path / name / "scene-000", talking(0.25), [])
        (chosen / name).symlink_to(tmp_path / name / "scene-000")
    assert edgeagent("simulate", chosen, "--out", tmp_path / "runs", "--json") == 0
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"one", "two"}
    assert edgeagent("score", "--set", chosen, tmp_path / "runs") == 0
    assert [scene.name for scene in _bench_decisions.scenes(chosen)] == ["one", "two"]
    assert edgeagent("simulate", chosen / "one", "--out", tmp_path / "one" / "scene-000") == 2


def test_a_scene_does_not_steer_the_terminal(
    tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    steering = "\x1b]0;mine\x07\x1b[2J"
    event = Happening(Kind.NOISE, 100, 200, steering, steering)
    write_scene(tmp_path / "scene", replace(talking(0.25), name=steering), [event])
    assert edgeagent("simulate", tmp_path / "scene", "--out", tmp_path / "run") == 0
    assert edgeagent("bench", "decisions", tmp_path / "scene") == 0
    out = capsys.readouterr().out
    assert "mine" in out
    assert not {"\x1b", "\x07"} & set(out)


def test_settings_count(scene: Path, recorded: Path, tmp_path: Path, edgeagent: Run) -> None:
    config = tmp_path / "edgeagent.yaml"
    config.write_text("turns:\n  duck_db: -20\n")
    assert edgeagent("simulate", scene, "--out", tmp_path / "run", "--config", config) == 0
    assert (tmp_path / "run" / "speaker.wav").read_bytes() != (recorded / "speaker.wav").read_bytes()


def cut(scene: Path) -> None:
    path = scene / "near.wav"
    path.write_bytes(path.read_bytes()[:-100_000])


def empty(scene: Path) -> None:
    (scene / "near.wav").write_bytes(b"")


def no_samples(scene: Path) -> None:
    (scene / "agent-0.wav").write_bytes((scene / "agent-0.wav").read_bytes()[:40] + bytes(4))


def not_a_number(scene: Path) -> None:
    path = scene / "ir.wav"
    path.write_bytes(path.read_bytes()[:-4] + np.float32(np.nan).tobytes())


def no_wav(scene: Path) -> None:
    (scene / "near.wav").write_text("hello, I am a letter and not a sound")


def gone(scene: Path) -> None:
    (scene / "agent-1.wav").unlink()


def no_yaml(scene: Path) -> None:
    (scene / "scene.yaml").write_text("agent: [")


def three_faults(scene: Path) -> None:
    document = yaml.safe_load((scene / "scene.yaml").read_text())
    document |= {"duration_s": "long", "near": None}
    document["echo"]["delay_ms"] = 3
    (scene / "scene.yaml").write_text(yaml.safe_dump(document))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (cut, "cut short"),
        (empty, "the file is empty"),
        (no_samples, "holds no sound"),
        (not_a_number, "not numbers"),
        (no_wav, "no WAV file"),
        (gone, "no such file"),
        (no_yaml, "must be YAML"),
        (three_faults, "3 problems"),
    ],
)
def test_a_spoilt_scene_is_told_with_its_remedy(
    scene: Path,
    tmp_path: Path,
    edgeagent: Run,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], None],
    says: str,
) -> None:
    spoilt = tmp_path / "spoilt"
    shutil.copytree(scene, spoilt)
    spoil(spoilt)
    assert edgeagent("simulate", spoilt, "--out", tmp_path / "run") == 2
    told = capsys.readouterr()
    assert says in told.err
    assert told.err.startswith("edgeagent: error: ")
    assert told.out == ""


def test_a_spoilt_scene_among_others_is_told_before_any_is_simulated(
    scene: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        shutil.copytree(scene, tmp_path / "scenes" / name)
    gone(tmp_path / "scenes" / "two")
    assert edgeagent("simulate", tmp_path / "scenes", "--out", tmp_path / "runs") == 2
    assert "agent-1.wav: no such file" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nowhere", "--out", "run"), "nowhere: no scene.yaml there"),
        (("{scene}", "--out", "run", "--jobs", "0"), "--jobs 0"),
        (("{scene}", "{scene}", "--out", "run"), "two scenes are called talking"),
        (("{scene}", "--out", "{scene}/scene.yaml"), "scene.yaml: File exists"),
        (("{scene}", "--out", "{scene}"), "talking: the run would lie in the folder of its scene"),
        (("{scene}/..", "--out", "{scene}/.."), "talking: the run would lie in the folder of its scene"),
        (("{scene}", "--out", "run", "--config", "no.yaml"), "no.yaml"),
    ],
)
def test_a_wrong_word_is_one_line(
    scene: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    edgeagent: Run,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert edgeagent("simulate", *(word.format(scene=scene) for word in words)) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("damage", ["missing", "altered"])
def test_a_damaged_model_stops_the_start(
    scene: Path,
    tmp_path: Path,
    edgeagent: Run,
    capsys: pytest.CaptureFixture[str],
    damage: str,
) -> None:
    folder = tmp_path / "models"
    shutil.copytree(model_files.FOLDER, folder)
    for model in folder.glob("*.onnx"):
        model.unlink() if damage == "missing" else model.write_bytes(model.read_bytes()[:-1])
    config = tmp_path / "config.yaml"
    config.write_text(f"models: {{folder: {folder}}}\n")
    assert edgeagent("simulate", scene, "--out", tmp_path / "run", "--config", config) == 2
    assert "restore the models folder" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["rate", "float", "stereo"])
def test_sound_of_another_kind_is_taken_as_well(scene: Path, tmp_path: Path, edgeagent: Run, kind: str) -> None:
    other = tmp_path / "other"
    shutil.copytree(scene, other)
    sound = read_wav(scene / "near.wav")
    rate, channels = (48_000, 1) if kind == "rate" else (RATE, 2 if kind == "stereo" else 1)
    frames = np.repeat(np.repeat(sound, rate // RATE), channels)
    data, form, width = (
        (frames.astype("<f4").tobytes(), 3, 4) if kind == "float" else ((frames * 32767).astype("<i2").tobytes(), 1, 2)
    )
    fields = (form, channels, rate, rate * channels * width, channels * width, 8 * width)
    numbers = b"".join(n.to_bytes(size, "little") for n, size in zip(fields, (2, 2, 4, 4, 2, 2), strict=True))
    chunks = b"fmt " + (16).to_bytes(4, "little") + numbers + b"data" + len(data).to_bytes(4, "little") + data
    (other / "near.wav").write_bytes(b"RIFF" + (4 + len(chunks)).to_bytes(4, "little") + b"WAVE" + chunks)
    assert edgeagent("simulate", other, "--out", tmp_path / "run") == 0
    journal = [json.loads(line) for line in (tmp_path / "run" / "journal.jsonl").read_text().splitlines()]
    assert any(entry.get("verdict") == "interruption" for entry in journal)
