"""A journal over many starts: nothing whole is lost at a start, and it never outgrows its limit."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.errors import EdgeAgentError
from edgeagent.store.journal import JsonLinesJournal, read_lines
from edgeagent.store.log_file import LogFile
from edgeagent.store.tail import Tail


def texts(path: Path) -> list[object]:
    return [entry["n"] for entry in read_lines(path)] if path.exists() else []


def test_every_start_goes_on_behind_the_one_before_but_for_a_line_cut_by_the_power(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    for start in range(3):
        journal = JsonLinesJournal(path, pytest.fail, background=True, most_bytes=10_000)
        journal.write({"n": start})
        journal.close()
        with path.open("ab") as file:
            file.write(b'{"n":9')
    assert path.read_bytes() == b'{"n":0}\n{"n":1}\n{"n":2}\n{"n":9'
    assert texts(path) == [0, 1, 2]


def test_it_never_outgrows_its_limit_and_the_newest_stay(tmp_path: Path) -> None:
    path, old = tmp_path / "journal", tmp_path / "journal.1"
    for start in range(4):
        journal = JsonLinesJournal(path, pytest.fail, background=True, most_bytes=100)
        for n in range(start * 10, start * 10 + 10):
            journal.write({"n": n})
        journal.close()
        assert max(file.stat().st_size for file in tmp_path.iterdir()) <= 100
        kept = texts(old) + texts(path)
        assert kept == list(range(start * 10 + 10))[-len(kept) :]
    assert len(kept) > 10
    assert sorted(file.name for file in tmp_path.iterdir()) == ["journal", "journal.1"]


@pytest.mark.parametrize("taken", ["file", "folder", "moved", "replaced"])
def test_whoever_takes_it_away_has_a_new_one_with_what_comes_then(tmp_path: Path, taken: str) -> None:
    path = tmp_path / "kept" / "journal"
    path.parent.mkdir()
    journal = JsonLinesJournal(path, pytest.fail, most_bytes=60)
    journal.write({"n": 1})
    match taken:
        case "file":
            path.unlink()
        case "folder":
            shutil.rmtree(path.parent)
        case _:
            path.rename(tmp_path / "elsewhere")
    if taken == "replaced":
        path.touch()
    for n in range(2, 12):
        journal.write({"n": n})
    journal.close()
    assert texts(path.with_name("journal.1")) + texts(path) == list(range(2, 12))
    if taken in ("moved", "replaced"):
        assert texts(tmp_path / "elsewhere") == [1]


def test_what_is_no_file_is_refused_and_let_go() -> None:
    with pytest.raises(EdgeAgentError, match=r"/dev/full: .*; choose"):
        JsonLinesJournal(Path("/dev/full"), pytest.fail, most_bytes=100)
    assert "/dev/full" not in [os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]


@pytest.mark.parametrize("most_bytes", [0, 60])
def test_nobody_but_the_owner_may_read_what_people_said(tmp_path: Path, most_bytes: int) -> None:
    before = os.umask(0)
    try:
        journal = JsonLinesJournal(tmp_path / "journal", pytest.fail, False, most_bytes, tmp_path / "tail")
        for _ in range(3):
            journal.write({"at": 0, "event": "recognised", "text": "a secret of mine"})
        tail = Tail(tmp_path / "small", 10)
        for _ in range(3):
            tail.write(b"a secret of mine\n")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        journal.close()
        tail.close(written=True)
    finally:
        os.umask(before)
    wanted = {"journal", "tail", "small", "small.1"} | ({"journal.1"} if most_bytes else set())
    assert modes == dict.fromkeys(wanted, 0o600)


@given(st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"") + b"\n"), max_size=30))
def test_a_line_longer_than_the_limit_has_a_file_for_itself(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("log") / "journal"
    log = LogFile(path, 16)
    for line in lines:
        log.write(line)
        assert path.read_bytes().endswith(line)
        assert path.stat().st_size <= max(16, len(line))
    log.close()
