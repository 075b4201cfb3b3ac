"""What a device keeps of its conversation from start to start, on the command line and in a process of its own."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.saved import Saved
from edgeagent.errors import ServiceError
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.settings import Talker
from edgeagent.signal.wav import write_wav
from edgeagent.store.journal import read_lines
from edgeagent.store.memory_file import MemoryFile, Stood, look
from edgeagent.turn.events import Remembered
from edgeagent.units import RATE
from tests.commands.conftest import Run

ROOT = Path(__file__).parents[2]
OPENING = "I will tell you a long story. It is about a king, and about a horse, and about a hat. That is all."
TALK = Saved((Line(Who.PERSON, -1, "Tell me a secret."), Line(Who.DEVICE, 0, "I have", True)), ("none.",))


class Home:
    """A device of files in a folder of its own, in a quiet room."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "state" / "memory.db"
        write_wav(
            folder / "room.wav", (0.0005 * np.random.default_rng(1).standard_normal(60 * RATE)).astype(np.float32)
        )
        self.config = folder / "edgeagent.yaml"
        self.configure()

    def configure(self, **more: object) -> None:
        audio = {"card": "wav", "microphone_wav": str(self.folder / "room.wav")}
        talk = {"script": {"opening": OPENING}, "capture": {"on_turn": "true"}}
        memory = {"file": str(self.store), "talk": True, **more}
        self.config.write_text(json.dumps({"audio": audio, **talk, "memory": memory}))

    def start(self, name: str) -> subprocess.Popen[str]:
        """Run it, recorded under `name`."""
        options = ["--config", str(self.config), "--record", str(self.folder / name), "--quiet"]
        command = [sys.executable, "-m", "edgeagent", "run", *options]
        return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)

    def told(self, name: str, event: str, file: str = "journal.jsonl") -> list[dict[str, Any]]:
        path = self.folder / name / file
        return [entry for entry in read_lines(path) if entry["event"] == event] if path.exists() else []

    def rest(self) -> tuple[str, ...]:
        stood = look(self.store)
        return stood.saved.rest if stood else ()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    try:
        voice = EspeakTalker(Talker())
        voice.check()
        voice.close()
    except ServiceError as missing:
        pytest.skip(str(missing))
    return Home(tmp_path)


def until(process: subprocess.Popen[str], so: Any) -> None:
    begun = time.monotonic()
    while process.poll() is None and not so() and time.monotonic() - begun < 30:
        time.sleep(0.02)
    assert so()


@pytest.mark.live
def test_a_device_that_is_killed_while_it_speaks_asks_whether_to_go_on(home: Home) -> None:
    with home.start("first") as process:
        until(process, lambda: bool(home.rest() and home.told("first", "playing")))
        process.send_signal(signal.SIGKILL)
    assert home.rest() == (OPENING,)
    with home.start("second") as process:
        until(process, lambda: bool(home.told("second", "scripted")))
        process.terminate()
        assert process.wait(10) == 0
    assert next(entry["text"] for entry in home.told("second", "scripted")) == "Shall I go on?"
    assert home.rest() == (OPENING,)


@pytest.mark.live
def test_a_running_device_forgets_what_was_said(home: Home, edgeagent: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with home.start("run") as process:
        until(process, lambda: bool(home.rest()))
        assert edgeagent("forget", "--config", home.config) == 0
        until(process, lambda: bool(home.told("run", "talk_forgotten", "notes.jsonl")))
        process.terminate()
        assert process.wait(10) == 0
    assert "1 sentence that the device was cut off in, or had still to say" in capsys.readouterr().out


def keep(path: Path) -> None:
    file = MemoryFile(path, time.time(), 24)
    file.write(time.time(), TALK, {"volume": 0.5}, Remembered(0, turns=4))
    file.close()


def test_check_shows_what_is_kept_without_a_word_of_it(
    tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    config, store = tmp_path / "edgeagent.yaml", tmp_path / "memory.db"

    def told(*more: str) -> str:
        config.write_text(
            "\n".join((f"memory: {{file: {store}, talk: true}}", "talker: {kind: command, command: cat}", *more))
        )
        edgeagent("check", "--config", config, "--json")
        found = [f for f in json.loads(capsys.readouterr().out) if f["topic"] == "conversation"]
        return "; ".join(f"{finding['grade']}: {finding['text']}" for finding in found)

    assert told("capture: {on_turn: cat}") == "ok: nothing"
    assert "warn: nobody tells what people say" in told()
    keep(store)
    before = store.read_bytes()
    text = told("capture: {on_turn: cat}")
    assert text == "ok: 2 lines of conversation; 1 sentence that the device was cut off in, or had still to say"
    assert store.read_bytes() == before


@pytest.mark.parametrize(
    ("only", "shown", "left"),
    [
        ([], ["learnt from 4 turns", "volume 50 %", "2 lines"], Stood()),
        (["--only", "talk"], ["2 lines"], Stood(Remembered(0, turns=4), {"volume": 0.5})),
        (["--only", "profile"], ["learnt from 4 turns", "volume 50 %"], None),
    ],
)
def test_the_store_is_emptied(
    tmp_path: Path,
    edgeagent: Run,
    capsys: pytest.CaptureFixture[str],
    only: list[str],
    shown: list[str],
    left: Stood | None,
) -> None:
    store = tmp_path / "memory.db"
    keep(store)
    kept = look(store)
    assert edgeagent("forget", "--file", store, *only) == 0
    said = capsys.readouterr().out
    assert said.endswith("forgotten\n")
    assert "secret" not in said
    assert [text for text in ("learnt from 4 turns", "volume 50 %", "2 lines") if text in said] == shown
    if left is None:
        assert kept
        left = Stood(None, {}, kept.saved, kept.rest_at)
    assert look(store) == left
    assert any(b"secret" in each.read_bytes() for each in tmp_path.iterdir()) == left.saved.unfinished


def test_what_somebody_still_reads_is_not_said_to_be_gone(
    tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeagent.store.memory_database.PATIENCE_S", 0.1)
    store = tmp_path / "memory.db"
    keep(store)
    with closing(sqlite3.connect(store)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM lines").fetchall()
        assert edgeagent("forget", "--file", store) == 2
        told = capsys.readouterr()
        assert "somebody who reads it keeps the old content on the disk; end what reads it" in told.err
        assert "forgotten\n" not in told.out
    assert edgeagent("forget", "--file", store) == 0
    assert not any(b"secret" in each.read_bytes() for each in tmp_path.iterdir())


def test_what_is_no_store_is_not_emptied(tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]) -> None:
    mine, photos = tmp_path / "diary.txt", tmp_path / "photos.db"
    mine.write_text("dear diary " * 500)
    with closing(sqlite3.connect(photos)) as database, database:
        database.execute("CREATE TABLE photos (name)")
    database.close()
    for file in (mine, photos):
        before = file.read_bytes()
        assert edgeagent("forget", "--file", file) == 2
        assert "stays as it is" in capsys.readouterr().err
        assert file.read_bytes() == before
    assert edgeagent("forget", "--file", tmp_path / "none.db") == 2
