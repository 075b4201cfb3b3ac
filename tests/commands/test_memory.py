"""The memory as a person meets it: a device that learns, starts again knowing, replays, and forgets on request."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeagent.errors import ServiceError
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.settings import Talker
from edgeagent.signal.wav import write_wav
from edgeagent.store.journal import read_lines
from edgeagent.store.memory_file import MemoryFile, look
from edgeagent.turn.events import Remembered
from edgeagent.units import RATE
from tests.commands.conftest import Run

ROOT = Path(__file__).parents[2]

KNOWN = Remembered(0, -31.0, 7, 30.0, 1.0, 3600.0)


def save(path: Path) -> None:
    file = MemoryFile(path, time.time(), 24)
    file.write(time.time(), None, {"volume": 0.5}, KNOWN)
    file.close()


def known(path: Path) -> Remembered | None:
    stood = look(path)
    return stood.remembered if stood else None


class Home:
    """A device of files in a folder of its own: somebody says a sentence into a quiet room."""

    def __init__(self, folder: Path, sentence: np.ndarray, seconds: float = 4.0) -> None:
        self.folder = folder
        self.memory = folder / "state" / "memory.db"
        room = 0.0005 * np.random.default_rng(1).standard_normal(round(seconds * RATE))
        room[RATE // 2 :][: sentence.size] += 0.3 * sentence
        write_wav(folder / "room.wav", room.astype(np.float32))
        self.config = folder / "edgeagent.yaml"
        audio = f"audio: {{card: wav, microphone_wav: {folder / 'room.wav'}}}"
        self.config.write_text(f"{audio}\nscript: {{opening: ''}}\nmemory: {{file: {self.memory}}}\n")

    def start(self, name: str) -> subprocess.Popen[str]:
        """Run it, recorded under `name`."""
        options = ["--config", str(self.config), "--record", str(self.folder / name), "--quiet"]
        command = [sys.executable, "-m", "edgeagent", "run", *options]
        return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)

    def run(self, name: str) -> list[dict[str, Any]]:
        """The journal of a run to its end."""
        with self.start(name) as process:
            _, error = process.communicate(timeout=60)
        assert (process.returncode, error) == (0, "")
        return self.journal(name)

    def journal(self, name: str, file: str = "journal.jsonl") -> list[dict[str, Any]]:
        path = self.folder / name / file
        return read_lines(path) if path.exists() else []


@pytest.fixture(scope="module")
def sentence() -> np.ndarray:
    try:
        with closing(EspeakTalker(Talker(voice="en+f3"))) as talker:
            return np.concatenate(list(talker.say("I want to leave on Saturday.")))
    except ServiceError as missing:
        pytest.skip(str(missing))


def events(journal: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [entry for entry in journal if entry["event"] == name]


@pytest.mark.live
def test_the_second_start_knows_what_the_first_has_learnt(
    tmp_path: Path, sentence: np.ndarray, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path, sentence)
    first = home.run("first")
    assert not events(first, "remembered")
    (learnt,) = events(first, "learnt")
    kept = known(home.memory)
    assert kept is not None
    assert kept.turns == 1
    assert kept.level_dbfs == pytest.approx(learnt["level_dbfs"], abs=1e-4)

    second = home.run("second")
    (remembered,) = events(second, "remembered")
    assert remembered["at"] == 0
    assert remembered["level_dbfs"] == learnt["level_dbfs"]
    (learnt,) = events(second, "learnt")
    assert learnt["turns"] == 2
    assert events(second, "started")[0]["settings"] == events(first, "started")[0]["settings"]

    home.memory.unlink()  # a replay asks the recording, not the file
    assert edgeagent("replay", tmp_path / "second", "--chunk", 777) == 0
    assert capsys.readouterr().out.startswith("identical")
    told = tmp_path / "second" / "events.jsonl"
    told.write_text("".join(line for line in told.read_text().splitlines(True) if "Remembered" not in line))
    assert edgeagent("replay", tmp_path / "second") == 1


@pytest.mark.live
def test_a_running_device_forgets(
    tmp_path: Path, sentence: np.ndarray, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path, 0 * sentence, seconds=60)
    save(home.memory)
    with home.start("run") as process:
        while process.poll() is None and not events(home.journal("run"), "remembered"):
            time.sleep(0.02)
        assert edgeagent("forget", "--config", home.config) == 0
        while process.poll() is None and not events(home.journal("run"), "forgotten"):
            time.sleep(0.02)
        process.terminate()
        assert process.wait(10) == 0
    assert known(home.memory) is None
    said = capsys.readouterr().out
    assert "-31 dBFS, learnt from 7 turns" in said
    assert said.endswith("forgotten\n")
    assert edgeagent("replay", tmp_path / "run") == 0


@pytest.mark.live
def test_a_spoilt_memory_does_not_stop_the_start(tmp_path: Path, sentence: np.ndarray) -> None:
    home = Home(tmp_path, sentence)
    home.memory.parent.mkdir()
    home.memory.write_text("not ours")
    assert not events(home.run("run"), "remembered")
    (trouble,) = events(home.journal("run", "notes.jsonl"), "memory_trouble")
    assert "memory.db.refused" in trouble["text"]
    assert home.memory.with_name("memory.db.refused").read_text() == "not ours"
    kept = known(home.memory)
    assert kept is not None
    assert kept.turns == 1


def test_check_shows_what_is_remembered(tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]) -> None:
    config, memory = tmp_path / "edgeagent.yaml", tmp_path / "memory.db"

    def told(*more: str) -> str:
        config.write_text("\n".join((f"memory: {{file: {memory}}}", "talker: {kind: command, command: cat}", *more)))
        edgeagent("check", "--config", config, "--json")
        (finding,) = (f for f in json.loads(capsys.readouterr().out) if f["topic"] == "memory")
        return f"{finding['grade']}: {finding['text']}"

    assert told() == "ok: nothing"
    save(memory)
    text = told()
    assert "usually heard at -31 dBFS, learnt from 7 turns" in text
    assert "1.0 hours of its own speech 30 stops had to be taken back and 1 interruption said twice" in text
    assert "it stops less readily than the settings say, by 0.8 of at most 1.5 nats" in text
    assert text.endswith("; it was asked for volume 50 %")
    assert "its mistakes change nothing" in told("turns: {adapt: false}")
    assert "as readily as the settings say" in told("turns: {false_stops_per_hour: 40}")
    memory.write_text("no memory")
    assert told().startswith("warn")
    assert memory.read_text() == "no memory"  # looking changes nothing


def test_what_was_set_aside_is_named_when_all_is_forgotten(
    tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "memory.db")
    aside = tmp_path / "memory.db.refused"
    aside.write_text("dear diary")
    assert edgeagent("forget", "--file", tmp_path / "memory.db") == 0
    assert f"{aside} stays" in capsys.readouterr().out
    assert aside.exists()


def test_there_must_be_something_to_forget(tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "edgeagent.yaml"
    config.write_text("{}")
    assert edgeagent("forget", "--config", config) == 2
    assert "has no memory.file" in capsys.readouterr().err
    assert edgeagent("forget", "--file", tmp_path / "none.db") == 2
    assert edgeagent("forget") == 2


def test_what_is_no_memory_is_not_overwritten(
    tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "edgeagent.yaml"
    mine.write_text(f"memory: {{file: {mine}}}")
    for option in ("--file", "--config"):
        assert edgeagent("forget", option, mine) == 2
        assert "delete it" in capsys.readouterr().err
        assert mine.read_text().startswith("memory")
