"""`edgeagent collect` on a card of files: no consent, no recording; what is kept; how it ends."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from edgeagent.store.session import read_session
from edgeagent.store.takes import read_consent, read_takes
from tests.commands.test_run import ROOT, Command, command, done

__all__ = ["command"]  # a fixture
pytestmark = pytest.mark.live


def sessions(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("typed", ["", "no\n", "y\n", "yes please\n"])
def test_without_a_yes_nothing_is_recorded(command: Command, tmp_path: Path, typed: str) -> None:
    run = done(command("collect", "--out", str(tmp_path / "corpus")), input=typed)
    assert run.returncode == 1
    assert "What is recorded" in run.stderr
    assert "delete the folder" in run.stderr
    assert "nothing was recorded" in run.stderr
    assert not (tmp_path / "corpus").exists()


def test_nobody_is_asked_for_what_cannot_be_kept(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = done(command("collect", "--out", str(tmp_path / "file" / "corpus")), input="yes\n")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "file is no folder that can be written; write elsewhere" in run.stderr


def test_the_consent_is_kept_with_what_is_recorded_and_all_of_it_replays(command: Command, tmp_path: Path) -> None:
    line = command("collect", "--out", str(tmp_path / "corpus"), "--rounds", "1", "--json", seconds=2)
    run = done(line, input="yes\n  Ada  L \n")
    told = json.loads(run.stdout)
    (folder,) = sessions(tmp_path / "corpus")
    consent = read_consent(folder)
    assert (run.returncode, told["folder"], told["asked"], told["answered"]) == (1, str(folder), 12, 0)
    assert (consent.person, consent.agreed) == ("Ada L", "typed yes")
    assert str(folder) in consent.text
    assert consent.text in run.stderr
    assert read_takes(folder) == ()
    assert read_session(folder).ended == "closed"
    again = done([*line[:3], "replay", str(folder)])
    assert (again.returncode, again.stdout.partition(":")[0]) == (0, "identical")


def test_ctrl_c_keeps_what_is_there_and_says_how_to_delete_it(command: Command, tmp_path: Path) -> None:
    line = command("collect", "--out", str(tmp_path / "corpus"), "--consent", "--person", "x", seconds=30)
    run = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    while run.poll() is None and not any(b"playing" in p.read_bytes() for p in tmp_path.glob("corpus/*/journal.jsonl")):
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    out, _ = run.communicate(timeout=20)
    (folder,) = sessions(tmp_path / "corpus")
    assert run.returncode == 130
    assert "ended after 0 of 36 prompts" in out
    assert f"rm -r {folder}" in out
    assert read_consent(folder).agreed == "--consent"
    assert read_session(folder).ended == "closed"


def test_a_full_disk_ends_it_at_once_and_says_so(command: Command, tmp_path: Path) -> None:
    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    line = command("collect", "--out", str(tmp_path / "corpus"), "--consent", seconds=10)
    run = done(line, before=little)
    (folder,) = sessions(tmp_path / "corpus")
    assert run.returncode == 2
    assert f"{folder}" in run.stderr.splitlines()[-1]
    assert "File too large" in run.stderr.splitlines()[-1]
    assert "goes on" not in run.stderr
    assert "ended after 0 of 36 prompts" in run.stdout
    assert read_session(folder).ended == "File too large"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--card", "wav:no.wav"], "no.wav"),
        (["--rounds", "0"], "--rounds"),
        (["--prompts", "no.yaml"], "no.yaml"),
        (["--text", " "], "nothing to say"),
    ],
)
def test_what_cannot_start_records_nothing(command: Command, tmp_path: Path, options: list[str], problem: str) -> None:
    run = done(command("collect", "--out", str(tmp_path / "corpus"), "--consent", *options))
    assert run.returncode == 2
    assert problem in run.stderr
    assert not sessions(tmp_path / "corpus")


def test_a_text_from_a_pipe_leaves_no_way_to_agree_and_that_is_said(command: Command, tmp_path: Path) -> None:
    run = done(command("collect", "--out", str(tmp_path / "corpus"), "--text", "-"), input="Once upon a time.\nyes\n")
    assert run.returncode == 2
    assert "--text - leaves nothing of standard input to agree on; give the text as a file" in run.stderr
    assert not (tmp_path / "corpus").exists()


def test_nobody_else_hears_or_records_while_somebody_collects(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"record: {{dir: {tmp_path / 'other'}}}\ncapture: {{on_turn: no-such-program}}\n")
    out = tmp_path / "corpus"
    run = done(command("collect", "--config", str(config), "--out", str(out), "--consent", seconds=0.5))
    assert run.returncode == 1
    assert not (tmp_path / "other").exists()
    assert read_session(sessions(out)[0]).settings.capture.on_turn == ""
