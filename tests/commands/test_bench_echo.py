"""`bench echo`: the table, the JSON, the page; and every way in which it cannot be done is a line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgeagent.commands import _bench_echo_setup as setup
from edgeagent.errors import install
from edgeagent.signal.wav import write_wav
from edgeagent.units import RATE
from tests.commands.conftest import Run
from tests.signal.echo_world import echo_of, room, voice


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two voices for the device, one person; no measured responses."""
    folder = tmp_path_factory.mktemp("recordings")
    pause = np.zeros(8000, np.float32)
    for name, seeds in (("agent/a", (1, 2)), ("agent/b", (3, 4)), ("near/c", (5, 6, 7))):
        (folder / name).parent.mkdir(exist_ok=True)
        sound = np.concatenate([part for seed in seeds for part in (voice(1.5, seed), pause)])
        write_wav(folder / f"{name}.wav", sound)
    return folder


@pytest.fixture
def plain_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if neither pyroomacoustics nor Silero were installed."""
    monkeypatch.setattr(setup, "find_spec", lambda _name: None)


@pytest.mark.usefixtures("plain_rooms")
def test_the_table_says_how_it_was_made_and_what_is_left_out(
    edgeagent: Run, recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edgeagent("bench", "echo", recordings, "--seconds", 16, "--conditions", "base", "recorded") == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0] == f"speech: {recordings}: all 3 files, no manifest.csv"
    assert lines[1].startswith(f"rooms: decaying noise; for the image method: {install('sim')}")
    assert lines[2].startswith(f"judge of what is speech: our near-end model; for Silero VAD: {install('peers')}")
    assert lines[3] == "scenes: 16 s, seed 1"
    assert lines[4] == "left out: condition 'recorded': no measured responses of loudspeakers and rooms"
    assert [line.split()[0] for line in lines[6:11]] == ["edgeagent", "1", "base", "mean", "worst"]


@pytest.mark.usefixtures("plain_rooms")
def test_json_page_and_a_real_recording(
    edgeagent: Run, recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    far = voice(3.0, 1)
    write_wav(tmp_path / "reference.wav", far)
    write_wav(tmp_path / "microphone.wav", echo_of(far, room(1), 400))
    page = tmp_path / "page.html"
    words = ("--seconds", 16, "--conditions", "echo+0", "--real", tmp_path, "--report", page, "--peers")
    assert edgeagent("bench", "echo", recordings, *words, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    ours, none = document["cancellers"]["edgeagent"], document["cancellers"]["no canceller"]
    assert list(ours["conditions"]) == ["echo+0"]
    assert ours["mean"]["clean_erle_end"] > 15
    assert none["mean"]["clean_erle_end"] == 0
    assert len(document["real"]["edgeagent"]["erle_db"]) == 3
    assert document["real"]["edgeagent"]["erle_db"][-1] > 15
    assert document["real"]["no canceller"]["erle_db"] == [0, 0, 0]
    html = page.read_text()
    assert html.count("<table") == len(document["cancellers"]) + 1
    assert "echo as loud as the person" in html
    assert html.count("data:image/png") == 3


@pytest.mark.usefixtures("plain_rooms")
def test_several_seeds_and_jobs_give_the_same_figures(
    edgeagent: Run, recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = []
    for jobs in (1, 2):
        words = ("--seconds", 16, "--conditions", "base", "--seeds", 2, "--seed", 5, "--jobs", jobs)
        assert edgeagent("bench", "echo", recordings, *words, "--json") == 0
        documents.append(json.loads(capsys.readouterr().out))
    first, again = (document["cancellers"]["edgeagent"]["mean"] for document in documents)
    assert documents[0]["notes"]["scenes"] == "16 s, seed 5 to 6"
    for name in first.keys() - {"block_ms", "block_p99_ms"}:
        assert first[name] == again[name], name


def test_a_condition_that_is_asked_for_twice_counts_once() -> None:
    found = setup._conditions(["hard", "base", "hard"])
    assert [condition.name for condition in found] == ["hard", "base"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--conditions", "bsae"), "there is no condition 'bsae'. Did you mean 'base'?; 'edgeagent bench echo --help'"),
        (("--seconds", 5), "--seconds 5 is out of range; give 16 .. 300"),
        (("--seeds", 1_000_000_000_000), "--seeds 1000000000000 is out of range; give 1 .. 1000"),
        (("--seeds", 0), "--seeds and --jobs are at least 1, and --seed at least 0; give other numbers"),
        (("no-such-folder",), "no-such-folder: no such folder; give a folder with WAV, FLAC or OGG files"),
        (("--speakers", "list"), "--speakers needs recordings; give their FOLDER"),
        (("--report", "no/page.html"), "--report no/page.html: no: no such folder; make it, or write elsewhere"),
        (("--report", "/"), "--report /: is a folder; give the name of a file"),
    ],
)
def test_what_cannot_be_done_is_a_line(
    edgeagent: Run, words: tuple[object, ...], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edgeagent("bench", "echo", *words) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"edgeagent: error: {line}")
    assert told.count("\n") == 1


@pytest.mark.usefixtures("plain_rooms")
@pytest.mark.parametrize(
    ("length", "line"),
    [(None, "microphone.wav: no such file"), (RATE - 1, "less than a second of microphone and reference")],
)
def test_a_real_recording_that_cannot_be_used_is_told_before_the_rest_is_measured(
    edgeagent: Run, recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], length: int | None, line: str
) -> None:
    for name in ("microphone", "reference") if length else ():
        write_wav(tmp_path / f"{name}.wav", voice(1.0, 1)[:length])
    assert edgeagent("bench", "echo", recordings, "--conditions", "base", "--real", tmp_path) == 2
    told = capsys.readouterr().err
    assert line in told
    assert "measuring" not in told


@pytest.mark.usefixtures("plain_rooms")
def test_nothing_to_measure_is_a_line(edgeagent: Run, recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert edgeagent("bench", "echo", recordings, "--conditions", "recorded") == 2
    assert "nothing to measure: condition 'recorded'" in capsys.readouterr().err
