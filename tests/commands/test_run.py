"""`edgeagent run` on a card of files: what a person sees, how it ends, what a full disk and wrong input do."""

from __future__ import annotations

import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from edgeagent.signal.wav import write_wav
from edgeagent.store.clips import read_clips
from edgeagent.store.journal import read_lines
from edgeagent.store.session import read_session
from edgeagent.units import RATE

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]

Command = Callable[..., list[str]]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """A command line on a card whose microphone hears a quiet room for so long."""

    def form(name: str, *options: str, seconds: float = 1.5) -> list[str]:
        room = 0.0005 * np.random.default_rng(1).standard_normal(round(seconds * RATE))
        write_wav(tmp_path / "room.wav", room.astype(np.float32))
        return [sys.executable, "-m", "edgeagent", name, "--card", f"wav:{tmp_path / 'room.wav'}", *options]

    return form


def done(
    command: list[str], input: str | None = None, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command, run to its end. before: called in the child."""
    return subprocess.run(
        command, cwd=ROOT, input=input, capture_output=True, text=True, timeout=60, check=False, preexec_fn=before
    )


def test_it_talks_until_the_file_ends_and_prints_as_it_goes(command: Command) -> None:
    run = done(command("run"))
    assert (run.returncode, run.stderr) == (0, "")
    assert "IDLE" in run.stdout
    assert "MIC LOST" not in run.stdout
    assert "trouble with the sound" not in run.stdout
    assert "SPEAKING" in run.stdout
    assert '"Hello. I am a device' in run.stdout


@pytest.mark.parametrize(("wish", "coloured"), [("", True), ("1", False)])
def test_the_timeline_has_colours_on_a_terminal_whose_owner_wants_them(
    command: Command, wish: str, coloured: bool
) -> None:
    ours, theirs = pty.openpty()
    assert subprocess.run(command("run"), cwd=ROOT, stdout=theirs, env=os.environ | {"NO_COLOR": wish}).returncode == 0
    printed = os.read(ours, 1 << 16)
    os.close(theirs)
    os.close(ours)
    assert b"SPEAKING" in printed
    assert (b"\x1b[" in printed) == coloured


def test_json_is_the_journal_line_by_line(command: Command, tmp_path: Path) -> None:
    run = done(command("run", "--json", "--record", str(tmp_path / "session")))
    printed = [json.loads(line) for line in run.stdout.splitlines()]
    journal = (tmp_path / "session" / "journal.jsonl").read_text().splitlines()
    beside = ("realtime", "card")
    assert [entry for entry in printed if entry["event"] not in beside] == list(map(json.loads, journal))
    assert printed[0]["event"] == "started"


def test_a_full_disk_ends_the_recording_with_one_warning_and_nothing_else(command: Command, tmp_path: Path) -> None:
    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    run = done(command("run", "--record", str(tmp_path / "session"), seconds=2), before=little)
    assert run.returncode == 0
    assert run.stderr.count("warning") == 1
    assert "the recording ends here, the conversation goes on" in run.stderr
    assert "SPEAKING" in run.stdout
    assert read_session(tmp_path / "session").ended == "File too large"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 0)])
def test_signals_end_it_in_good_order(command: Command, tmp_path: Path, number: signal.Signals, code: int) -> None:
    session = tmp_path / "session"
    run = subprocess.Popen(command("run", "--quiet", "--record", str(session), seconds=20), cwd=ROOT)
    journal = session / "journal.jsonl"
    while run.poll() is None and not (journal.exists() and b"playing" in journal.read_bytes()):
        time.sleep(0.01)
    run.send_signal(number)
    assert run.wait(5) == code
    assert read_session(session).ended == "closed"
    assert b"heard_words" in (session / "journal.jsonl").read_bytes()


def test_what_cannot_be_kept_is_not_said_to_be(command: Command, tmp_path: Path) -> None:
    """A service talks all the same."""
    (tmp_path / "file").touch()
    config = tmp_path / "edgeagent.yaml"
    config.write_text(f"flight: {{dir: {tmp_path}/file/clips}}\nrecord: {{dir: {tmp_path}/file/sessions}}\n")
    run = done(command("run", "--wait", "--config", str(config), seconds=1))
    assert run.returncode == 0
    assert run.stderr.count("nothing is kept there") == 2
    assert "keeps the sound" not in run.stdout
    assert "records all" not in run.stdout


def test_who_asked_that_the_end_of_the_terminal_be_ignored_is_obeyed(command: Command, tmp_path: Path) -> None:
    session = tmp_path / "session"
    line = ["nohup", *command("run", "--quiet", "--record", str(session), seconds=2)]
    run = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = session / "journal.jsonl"
    while run.poll() is None and not (journal.exists() and b"playing" in journal.read_bytes()):
        time.sleep(0.01)
    run.send_signal(signal.SIGHUP)
    assert run.wait(20) == 0
    assert len(read_session(session).microphone) >= 2 * RATE - 256


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--card", "wav:no.wav"], "no.wav"),
        (["--on-turn", "no-such-program --fast"], "no-such-program"),
        (["--card", "wav"], "microphone"),
        (["--seconds", "soon"], "--seconds: soon is no time to run for"),
        (["--config", "no.yaml"], "no.yaml"),
    ],
)
def test_what_cannot_start_says_so_in_one_line_and_leaves_nothing(
    command: Command, tmp_path: Path, options: list[str], problem: str
) -> None:
    run = done([*command("run", "--record", str(tmp_path / "session")), *options])
    assert run.returncode == 2
    assert problem in run.stderr
    assert run.stderr.count("\n") == 1
    assert not (tmp_path / "session").exists()


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_reads_no_more_does_not_keep_it_from_ending(
    command: Command, tmp_path: Path, stream: str
) -> None:
    """Such as a pager, or a terminal that is held."""
    (tmp_path / "edgeagent.yaml").write_text("lamp: {kind: terminal}\n")
    line = command("run", "--config", str(tmp_path / "edgeagent.yaml"), *["--quiet"] * (stream == "stderr"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writes, bytes(512))
    os.set_blocking(writes, True)
    out, err = (writes, subprocess.DEVNULL) if stream == "stdout" else (subprocess.DEVNULL, writes)
    run = subprocess.Popen(line, cwd=ROOT, env=environment, stdout=out, stderr=err)
    os.close(writes)
    try:
        assert run.wait(20) == 0
    finally:
        run.kill()
        run.wait()
        os.close(reads)


def test_a_reader_that_goes_away_ends_it(command: Command) -> None:
    run = subprocess.Popen(command("run", seconds=20), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout is not None
    run.stdout.readline()
    run.stdout.close()
    assert run.wait(10) == 141
    assert run.stderr is not None
    assert run.stderr.read() == b""
    run.stderr.close()


def test_every_start_records_into_a_folder_of_its_own(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"record: {{dir: {tmp_path / 'sessions'}}}\n")
    for _ in range(2):
        run = done(command("run", "--config", str(config), seconds=0.2))
        assert (run.returncode, run.stderr) == (0, "")
        assert str(max((tmp_path / "sessions").iterdir())) in run.stdout
    sessions = [read_session(folder) for folder in (tmp_path / "sessions").iterdir()]
    assert [session.ended for session in sessions] == ["closed", "closed"]
    assert sessions[0].settings == sessions[1].settings


def test_a_folder_given_twice_keeps_both_sessions(command: Command, tmp_path: Path) -> None:
    given = tmp_path / "session"
    for _ in range(2):
        run = done(command("run", "--quiet", "--record", str(given), seconds=0.2))
        assert (run.returncode, run.stderr) == (0, "")
    assert read_session(given).ended == "closed"
    (second,) = [entry for entry in given.iterdir() if entry.is_dir()]
    assert read_session(second).ended == "closed"


def test_a_journal_without_sound_goes_on_over_starts(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"record: {{journal: {tmp_path / 'log' / 'journal'}}}\n")
    for _ in range(2):
        run = done(command("run", "--quiet", "--config", str(config), seconds=0.5))
        assert (run.returncode, run.stderr) == (0, "")
    events = [entry["event"] for entry in read_lines(tmp_path / "log" / "journal")]
    assert events[0] == "began"
    assert [events.count(event) for event in ("began", "started", "realtime", "ready")] == [2, 2, 2, 2]


def test_without_a_configuration_nothing_reads_one(command: Command) -> None:
    words = command("run", "--quiet", seconds=0.2)[3:]
    code = f"import sys; from edgeagent.__main__ import main; main({words!r}); print('pydantic' in sys.modules)"
    assert done([sys.executable, "-c", code]).stdout == "False\n"


def test_a_flight_recorder_is_said_to_be_on_and_keeps_what_was_decided(
    command: Command, recorded: Path, tmp_path: Path
) -> None:
    (tmp_path / "flight.yaml").write_text(f"flight: {{dir: {tmp_path / 'clips'}, before_s: 1, after_s: 1}}\n")
    run = done([*command("run", "--config", str(tmp_path / "flight.yaml")), "--card", f"wav:{recorded / 'mic.wav'}"])
    assert (run.returncode, run.stderr) == (0, "")
    assert f"keeps the sound of stops, holds and presses in {tmp_path / 'clips'}" in run.stdout
    clips = list(read_clips(tmp_path / "clips", pytest.fail))
    assert len(clips) >= 1
    assert all(len(clip.sound("mic")) == len(clip.sound("reference")) > RATE for clip in clips)
    assert all(clip.occasion.saying.startswith("Hello. I am a device") for clip in clips)


def test_a_flight_recorder_that_cannot_write_stops_the_start(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "flight.yaml").write_text(f"flight: {{dir: {tmp_path / 'file'}}}\n")
    run = done(command("run", "--config", str(tmp_path / "flight.yaml")))
    assert run.returncode == 2
    assert "flight.dir: " in run.stderr
    assert "choose a folder that can be written" in run.stderr
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize("key", ["journal", "dir"])
def test_a_place_that_cannot_be_written_is_named_by_its_key(command: Command, tmp_path: Path, key: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    place = tmp_path / ("folder" if key == "journal" else "file/session")
    (tmp_path / "run.yaml").write_text(f"record: {{{key}: {place}}}\n")
    run = done(command("run", "--config", str(tmp_path / "run.yaml")))
    assert run.returncode == 2
    assert f"record.{key}: {place}" in run.stderr
    assert run.stderr.count("\n") == 1
