"""`generate`: scenes that `simulate` takes, the same for the same seed, from recordings and from synthetic voices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeagent.commands._speech import DEVICE, PEOPLE, Voices
from edgeagent.errors import ServiceError
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.settings import Talker
from edgeagent.signal.wav import write_wav
from edgeagent.sim.scene import load_scene
from edgeagent.sim.truth import Kind, read_truth
from edgeagent.units import RATE
from tests.commands.conftest import Run
from tests.sim.made_up import speechlike


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of recordings: two for the device, one that interrupts."""
    folder = tmp_path_factory.mktemp("speech")
    rng = np.random.default_rng(1)
    for name, lasts in (("a.wav", 4.5), ("b.wav", 5.0), ("c.wav", 1.5)):
        write_wav(folder / name, speechlike(rng, round(lasts * RATE)))
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_scenes_from_recordings_are_simulated_and_made_again(
    speech: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    table = speech / "clips.csv"
    table.write_text("path,kind\na.wav,agent\nb.wav,agent\nc.wav,interruption\n")
    made = [tmp_path / name for name in ("one", "again", "other")]
    for out, seed in zip(made, (3, 3, 4), strict=True):
        words = ("generate", "--out", out, "--count", 2, "--seed", seed, "--seconds", 15, "--speech", speech)
        assert edgeagent(*words) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[0].startswith("2 scenes of 15 s with ")
    assert "generating: 100 %" in told.err
    assert content(made[0]) == content(made[1]) != content(made[2])
    scenes = [load_scene(made[0] / name) for name in ("scene-000", "scene-001")]
    assert all(scene.agent and scene.length == 15 * RATE for scene in scenes)
    assert sum(len(read_truth(made[0] / scene.name)) for scene in scenes) > 0
    assert edgeagent("generate", "--out", tmp_path / "csv", "--count", 1, "--seconds", 15, "--speech", table) == 0
    assert edgeagent("simulate", tmp_path / "csv", "--out", tmp_path / "run") == 0


def test_only_the_speakers_of_a_list_are_heard(speech: Path, tmp_path: Path, edgeagent: Run) -> None:
    table, names = speech / "people.csv", tmp_path / "held_out.txt"
    table.write_text(
        "path,kind,text,speaker\na.wav,agent,,ann\nb.wav,agent,,bo\nc.wav,near,stop,ann\nc.wav,near,no,bo\n"
    )
    names.write_text("ann\ncy\n")
    words = ("--count", 6, "--seconds", 20, "--speech", table, "--speakers", names)
    assert edgeagent("generate", "--out", tmp_path / "out", *words) == 0
    scenes = [tmp_path / "out" / f"scene-{number:03d}" for number in range(6)]
    said = {event.text for scene in scenes for event in read_truth(scene) if event.kind is Kind.COMMAND}
    assert said == {"stop"}
    sentences = {line.sound.size for scene in scenes for line in load_scene(scene).agent}
    assert sentences == {round(4.5 * RATE)}


def test_without_recordings_espeak_talks(tmp_path: Path, edgeagent: Run) -> None:
    talker = EspeakTalker(Talker())
    try:
        talker.check()
    except ServiceError as error:
        pytest.skip(str(error))
    finally:
        talker.close()
    assert edgeagent("generate", "--out", tmp_path, "--count", 1, "--seconds", 20) == 0
    scene = load_scene(tmp_path / "scene-000")
    assert scene.agent[0].text
    assert 3 < scene.agent[0].sound.size / RATE < 12
    with Voices() as voices:
        said = [voices.say(voice, "stop").size for voice in (DEVICE, *PEOPLE)]
    assert len(set(said)) == len(said) == 5
    assert min(said) > RATE / 5


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--count", 0], "--count 0"),
        (["--count", 1_000_000_000_000], "--count 1000000000000: more than 10000 at once; make the others with"),
        (["--seed", -1], "--seed -1"),
        (["--seconds", 3], "--seconds 3 is out of range; give 15"),
        (["--seconds", "nan"], "--seconds nan"),
        (["--speech", "no-such.csv"], "no-such.csv: cannot be read"),
        (["--speakers", "names"], "--speakers needs a table of recordings; give --speech a CSV"),
        (["--speech", ".", "--speakers", "names"], "--speakers needs a table of recordings"),
        (
            ["--speech", "a.csv", "--speakers", "no-such-list"],
            "no-such-list: No such file or directory; give a file with",
        ),
    ],
)
def test_what_cannot_be_made_is_one_line(
    words: list[object], says: str, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edgeagent("generate", "--out", tmp_path / "out", *words) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_scenes_of_two_runs_do_not_mix(
    speech: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scene-009").mkdir()
    assert edgeagent("generate", "--out", tmp_path, "--speech", speech) == 2
    assert "is not empty" in capsys.readouterr().err


def test_a_sentence_longer_than_the_scene_is_told(
    tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(1)
    write_wav(tmp_path / "a.wav", speechlike(rng, 16 * RATE))
    write_wav(tmp_path / "b.wav", speechlike(rng, RATE))
    assert edgeagent("generate", "--out", tmp_path / "out", "--seconds", 15, "--speech", tmp_path) == 2
    assert "too short" in capsys.readouterr().err
