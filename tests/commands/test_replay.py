"""`replay`: identical for what was recorded, in any chunks; different, and saying where, for anything else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.commands.conftest import Run


@pytest.fixture
def session(recorded: Path, tmp_path: Path) -> Path:
    """A copy of the recorded session, to be spoilt."""
    return Path(shutil.copytree(recorded / "session", tmp_path / "session"))


@pytest.mark.parametrize("chunk", [37, 1024])
def test_the_same_session_gives_the_same_journal(
    recorded: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str], chunk: int
) -> None:
    copy = tmp_path / "journal.jsonl"
    assert edgeagent("replay", recorded / "session", "--chunk", chunk, "--out", copy) == 0
    assert capsys.readouterr().out.startswith("identical: ")
    assert copy.read_bytes() == (recorded / "journal.jsonl").read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o600  # it may hold what people said


def test_the_first_difference_is_shown(session: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]) -> None:
    journal = session / "journal.jsonl"
    lines = journal.read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if '"judged"' in line)
    lines[at] = lines[at].replace("interruption", "false_alarm")
    journal.write_text("\n".join(lines) + "\n")
    assert edgeagent("replay", session) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"different from line {at + 1} on"
    assert out[-2] == f"recorded {at + 1}: {lines[at]}"
    assert "interruption" in out[-1]
    assert edgeagent("replay", session, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["identical"], found["line"], found["recorded"]) == (False, at + 1, lines[at])


def test_another_journal_can_be_compared(
    session: Path, recorded: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (session / "journal.jsonl").unlink()
    assert edgeagent("replay", session, "--compare", recorded / "journal.jsonl") == 0
    assert edgeagent("replay", session, "--out", session / "new.jsonl") == 0
    assert "no journal to compare with" in capsys.readouterr().out
    assert edgeagent("replay", session, "--out", session / "new.jsonl", "--json") == 0
    assert json.loads(capsys.readouterr().out)["identical"] is None
    assert edgeagent("replay", session) == 2


def test_another_version_is_told_and_its_decisions_compared(
    session: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = session / "journal.jsonl"
    journal.write_text(journal.read_text().replace('"edgeagent":"', '"edgeagent":"9.', 1))
    assert edgeagent("replay", session) == 0
    told = capsys.readouterr()
    assert "recorded by another version" in told.err
    assert told.out.startswith("identical")


def test_a_lost_event_is_another_journal(session: Path, edgeagent: Run) -> None:
    events = (session / "events.jsonl").read_text().splitlines()
    (session / "events.jsonl").write_text("\n".join(e for e in events if "ReplyReady" not in e) + "\n")
    assert edgeagent("replay", session) == 1


def test_a_session_cut_by_a_kill_is_identical_as_far_as_it_goes(
    session: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    head = json.loads((session / "session.json").read_text())
    (session / "session.json").write_text(json.dumps(head | {"ended": ""}))
    track = session / "mic.wav"
    track.write_bytes(track.read_bytes()[:-100_001])
    assert edgeagent("replay", session) == 0
    assert "as far as the recording goes" in capsys.readouterr().out


def test_a_session_whose_journal_was_cut_by_a_kill_is_identical_as_far_as_it_goes(
    session: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    head = json.loads((session / "session.json").read_text())
    journal = session / "journal.jsonl"
    text = journal.read_bytes()
    journal.write_bytes(text[: len(text) // 2])  # in the middle of a line
    assert edgeagent("replay", session) == 1
    (session / "session.json").write_text(json.dumps(head | {"ended": ""}))
    capsys.readouterr()
    assert edgeagent("replay", session) == 0
    lines = text[: len(text) // 2].count(b"\n")
    assert capsys.readouterr().out.startswith(f"identical as far as the recording goes: {lines} entries")
    journal.write_bytes(b"")
    assert edgeagent("replay", session) == 1


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ({"session.json": None}, "session.json: No such file"),
        ({"session.json": b"{"}, "is damaged"),
        ({"session.json": b'{"format": 99}'}, "format 99"),
        ({"mic.wav": b""}, "holds no sound"),
        ({"reference.wav": None}, "reference.wav: No such file"),
        ({"events.jsonl": b'{"event": "Sneezed", "at": 1}\n'}, "no such event"),
        ({"events.jsonl": b"\xff\xfe\n\n"}, "line 1 is damaged"),
        ({"journal.jsonl": None}, "--compare"),
    ],
)
def test_a_spoilt_session_is_one_line(
    session: Path,
    edgeagent: Run,
    capsys: pytest.CaptureFixture[str],
    spoil: dict[str, bytes | None],
    says: str,
) -> None:
    for name, content in spoil.items():
        (session / name).unlink() if content is None else (session / name).write_bytes(content)
    assert edgeagent("replay", session) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


def test_where_the_journal_cannot_be_written_is_told_before_it_is_made(
    session: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edgeagent("replay", session, "--out", session / "no" / "journal.jsonl") == 2
    told = capsys.readouterr().err
    assert "no such folder" in told
    assert "replaying" not in told


def test_a_chunk_of_nothing_is_refused(session: Path, edgeagent: Run) -> None:
    assert edgeagent("replay", session, "--chunk", 0) == 2
