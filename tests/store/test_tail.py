"""What a kill leaves unwritten is written by the next start, once and in its place."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.store.journal import JsonLinesJournal, read_lines
from edgeagent.store.tail import Tail, missing

ROOT = Path(__file__).parents[2]


def numbers(path: Path) -> list[object]:
    return [entry["n"] for entry in read_lines(path)]


@given(st.integers(0, 60), st.integers(0, 60), st.integers(10, 400), st.booleans())
def test_nothing_is_missing_and_nothing_twice_however_far_the_disk_was(
    tmp_path_factory: pytest.TempPathFactory, count: int, written: int, most: int, torn: bool
) -> None:
    folder = tmp_path_factory.mktemp("tail")
    journal, tail = folder / "journal", Tail(folder / "tail", most)
    lines = [f'{{"n":{n}}}\n'.encode() for n in range(count)]
    for line in lines:
        tail.write(line)
    tail.close(written=False)
    on_disk = lines[: min(written, count)]
    journal.write_bytes(b"".join(on_disk))
    found = missing(folder / "tail", journal)
    kept = len(b"".join(lines[len(on_disk) :])) <= most  # a disk further behind than the tail is long has lost some
    if kept:
        assert [*on_disk, *found] == lines
    if torn and count:
        with (folder / "tail").open("ab") as file:
            file.write(b'{"n":')
        assert missing(folder / "tail", journal) == found


def test_of_another_journal_it_takes_nothing(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "tail")
    tail.write(b'{"n":1}\n')
    tail.close(written=False)
    (tmp_path / "journal").write_bytes(b'{"n":7}\n')
    assert missing(tmp_path / "tail", tmp_path / "journal") == []


def test_a_journal_that_has_just_begun_anew_goes_on_from_the_one_before(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "tail")
    for n in range(3):
        tail.write(f'{{"n":{n}}}\n'.encode())
    tail.close(written=False)
    (tmp_path / "journal.1").write_bytes(b'{"n":0}\n')
    assert missing(tmp_path / "tail", tmp_path / "journal") == [b'{"n":1}\n', b'{"n":2}\n']


KILLED = """
import os, signal, sys
from pathlib import Path
from edgeagent.store import log_file
from edgeagent.store.journal import JsonLinesJournal

folder = Path(sys.argv[1])
log_file.LogFile.write = lambda *_: signal.pause()  # a disk that does not answer
journal = JsonLinesJournal(folder / "journal", print, True, 10**6, folder / "tail")
for n in range(500):
    journal.write({"at": n, "event": "x", "n": n})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_loses_no_line_that_was_handed_over(tmp_path: Path) -> None:
    child = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, timeout=60, check=False)
    assert child.returncode == -signal.SIGKILL
    assert numbers(tmp_path / "journal") == []
    for start in range(2):  # the second start finds nothing to add
        journal = JsonLinesJournal(tmp_path / "journal", print, True, 10**6, tmp_path / "tail")
        journal.write({"at": 0, "event": "began", "n": -1 - start})
        journal.close()
    assert numbers(tmp_path / "journal") == [*range(500), -1, -2]


@pytest.mark.parametrize("clean", [True, False])
def test_a_journal_that_somebody_has_deleted_does_not_come_back(tmp_path: Path, clean: bool) -> None:
    path, tail = tmp_path / "journal", tmp_path / "tail"
    journal = JsonLinesJournal(path, pytest.fail, False, 10**6, tail)
    for n in range(3):
        journal.write({"at": 0, "event": "x", "n": n})
    if clean:
        journal.close()
    path.unlink()
    again = JsonLinesJournal(path, pytest.fail, False, 10**6, tail)
    again.write({"at": 0, "event": "began", "n": -1})
    again.close()
    journal.close()
    assert numbers(path) == [-1]


def test_a_device_that_has_ended_leaves_no_line_in_memory(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "tail", 10)
    for _ in range(3):
        tail.write(b"words of ours\n")
    tail.close(written=True)
    assert all(not file.read_bytes() for file in tmp_path.iterdir())


def test_a_tail_that_cannot_be_written_is_one_warning(tmp_path: Path) -> None:
    told: list[str] = []
    journal = JsonLinesJournal(tmp_path / "journal", told.append, False, 10**6, tmp_path / "nowhere" / "tail")
    journal.write({"at": 0, "event": "x", "n": 1})
    journal.close()
    assert numbers(tmp_path / "journal") == [1]
    assert len(told) == 1
