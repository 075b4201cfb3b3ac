"""The journal's bytes, and what is left of it after a kill, a full disk, or a disk that is too slow."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from io import FileIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.errors import EdgeAgentError, SessionError
from edgeagent.store import disk, log_file
from edgeagent.store import journal as journals
from edgeagent.store.journal import CallbackJournal, JsonLinesJournal, MemoryJournal, TeeJournal, line, read_lines
from edgeagent.turn.events import Verdict

ENTRIES = [
    {"at": 16_000, "event": "state", "state": "speaking"},
    {"at": 16_256, "event": "judged", "verdict": Verdict.FALSE_ALARM, "evidence": 1.234567},
    {"at": 16_512, "event": "heard_words", "utterance": 1, "text_heard": "مرحبا\n\u2028you", "words": [(1, 2, "a")]},
]


def test_a_line_is_compact_with_seconds_after_samples_and_four_decimals() -> None:
    entry = {
        "at": 24_000,
        "event": "judged",
        "evidence": 0.123456,
        "name": "é",
        "near": np.float32(0.25),
        "n": np.int64(3),
    }
    expected = '{"at":24000,"at_s":1.5,"event":"judged","evidence":0.1235,"name":"é","near":0.25,"n":3}\n'
    assert line(entry) == expected.encode()


def test_what_json_cannot_say_becomes_null_or_text() -> None:
    entry = {"nan": float("nan"), "zero": -0.00001, "on": True, "none": None, "path": Path("a/b"), "odd": "\udc80"}
    text = line(entry)
    assert text == b'{"nan":null,"zero":0.0,"on":true,"none":null,"path":"a/b","odd":"\\udc80"}\n'
    assert json.loads(text)["odd"] == "\udc80"


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.booleans(), st.none(), st.floats())))
def test_every_entry_is_exactly_one_line_of_json(entry: dict[str, object]) -> None:
    text = line({"event": "x", **entry})
    assert text.count(b"\n") == 1
    assert set(json.loads(text)) >= set(entry)


@pytest.mark.parametrize("background", [False, True])
def test_file_and_memory_hold_the_same_bytes(tmp_path: Path, background: bool) -> None:
    memory = MemoryJournal()
    seen: list[Mapping[str, object]] = []
    file = JsonLinesJournal(tmp_path / "j.jsonl", pytest.fail, background)
    tee = TeeJournal(file, memory, CallbackJournal(seen.append))
    for entry in ENTRIES:
        tee.write(entry)
    file.close()
    file.close()
    assert (tmp_path / "j.jsonl").read_bytes() == memory.lines()
    assert seen == ENTRIES
    assert [entry["event"] for entry in read_lines(tmp_path / "j.jsonl")] == ["state", "judged", "heard_words"]


@pytest.mark.parametrize("background", [False, True])
def test_a_kill_keeps_every_line_that_was_written(tmp_path: Path, background: bool) -> None:
    path = tmp_path / "j.jsonl"
    program = (
        "import sys; from pathlib import Path; from edgeagent.store.journal import JsonLinesJournal\n"
        f"j = JsonLinesJournal(Path(sys.argv[1]), print, {background})\n"
        "for i in range(10**9): j.write({'at': i, 'event': 'tick', 'text': 'x' * 100})"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(path)])
    while not path.exists() or path.stat().st_size < 20_000:
        assert child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.wait()
    entries = read_lines(path)
    assert len(entries) > 100
    assert [entry["at"] for entry in entries if entry["event"] == "tick"][:100] == list(range(100))
    assert sum(not text.endswith(b"}") for text in path.read_bytes().split(b"\n")) <= 1


def test_a_full_disk_warns_once_and_raises_nothing() -> None:
    for background in (False, True):
        warnings: list[str] = []
        journal = JsonLinesJournal(Path("/dev/full"), warnings.append, background)
        for entry in ENTRIES * 5:
            journal.write(entry)
        journal.close()
        assert len(warnings) == 1
        assert "No space left" in warnings[0]


def test_a_disk_that_was_full_costs_a_journal_over_many_starts_what_came_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, warnings = tmp_path / "j.jsonl", list[str]()

    def full(file: FileIO, data: bytes) -> None:
        file.write(data[:7])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    journal = JsonLinesJournal(path, warnings.append, most_bytes=10_000, tail=tmp_path / "tail")
    for at in range(2):
        journal.write({"at": at, "event": "tick"})
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(log_file, "write_all", full)
        for at in range(2, 5):
            journal.write({"at": at, "event": "tick"})
        assert path.read_bytes().endswith(b"}\n")
    for at in range(5, 7):
        journal.write({"at": at, "event": "tick"})
    monkeypatch.setattr(log_file, "write_all", full)
    journal.write({"at": 7, "event": "tick"})
    journal.close()
    monkeypatch.undo()
    assert [(entry["at"], entry.get("entries")) for entry in read_lines(path)] == [
        (0, None), (1, None), (5, 3), (5, None), (6, None),
    ]  # fmt: skip
    assert {warning.partition(": ")[2].partition(";")[0] for warning in warnings} == {"No space left on device"}
    journal = JsonLinesJournal(path, pytest.fail, most_bytes=10_000, tail=tmp_path / "tail")
    journal.close()
    assert read_lines(path)[-1]["at"] == 7  # kept in memory until there was room


def test_a_slow_disk_loses_entries_and_says_how_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "WAITING_ENTRIES", 4)
    entered, gate = threading.Event(), threading.Event()

    def slow(file: FileIO, data: bytes) -> None:
        entered.set()
        gate.wait(5)
        disk.write_all(file, data)

    monkeypatch.setattr(log_file, "write_all", slow)
    journal = JsonLinesJournal(tmp_path / "j.jsonl", pytest.fail, background=True)
    journal.write({"at": 0, "event": "tick"})
    assert entered.wait(5)
    for at in range(1, 11):
        journal.write({"at": at, "event": "tick"})
    gate.set()
    journal.close()
    entries = read_lines(tmp_path / "j.jsonl")
    assert [entry["at"] for entry in entries if entry["event"] == "tick"] == [0, 1, 2, 3, 4]
    assert entries[-1] == {"at": 10, "at_s": 0.0006, "event": "journal_lost", "entries": 6}


def test_a_cut_last_line_is_left_out_and_a_damaged_middle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    whole = b"".join(map(line, ENTRIES))
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        assert len(read_lines(path)) in (whole[:cut].count(b"\n"), whole[: cut + 1].count(b"\n"))
    path.write_bytes(whole.replace(b'"judged"', b'"jud', 1))
    with pytest.raises(SessionError, match="line 2 is damaged; restore"):
        read_lines(path)
    with pytest.raises(SessionError, match=r"missing.jsonl: No such file"):
        read_lines(tmp_path / "missing.jsonl")


def test_a_folder_that_cannot_be_written_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match="choose a folder"):
        JsonLinesJournal(tmp_path / "none" / "j.jsonl", pytest.fail)
    assert os.listdir(tmp_path) == []
