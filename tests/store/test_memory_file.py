"""The memory's file: whole or not at all, refused when it is none, and never stronger than a wish to forget."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.store.memory_file import LARGEST, Kept, Refused, forget, read, save, set_aside
from edgeagent.turn.events import COUNTED_MOST, LEVELS_DBFS, Remembered

KNOWN = Remembered(0, -31.25, 7, 2.5, 1.0, 3600.5)

counted = st.floats(0, COUNTED_MOST)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "memory.json"


def test_without_a_file_nothing_is_known(path: Path) -> None:
    assert read(path) == Kept("", None)


@given(st.floats(*LEVELS_DBFS), st.integers(0, COUNTED_MOST), counted, counted, counted)
def test_what_is_saved_comes_back_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, level: float, turns: int, stops: float, repeats: float, spoken_s: float
) -> None:
    path = tmp_path_factory.mktemp("memory") / "memory.json"
    known = Remembered(0, level, turns, stops, repeats, spoken_s)
    token = save(path, "", known)
    assert token
    assert read(path) == Kept(token, known)
    assert path.stat().st_size < LARGEST / 8


def test_the_token_stays_until_somebody_forgets(path: Path) -> None:
    token = save(path, "", KNOWN)
    assert token is not None
    assert save(path, token, Remembered(0, turns=8)) == token
    forget(path)
    kept = read(path)
    assert kept.remembered is None
    assert kept.token not in ("", token)
    forget(path)
    assert read(path).token != kept.token


def test_what_was_forgotten_is_not_written_back(path: Path) -> None:
    token = save(path, "", KNOWN)
    assert token is not None
    forget(path)
    assert save(path, token, KNOWN) is None
    assert read(path).remembered is None
    path.unlink()
    assert save(path, token, KNOWN) is None
    assert not path.exists()


def test_forgetting_works_before_anything_is_known(path: Path) -> None:
    forget(path)
    assert save(path, "", KNOWN) is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "damaged"),
        (b"\xff\xfe", "damaged"),
        (b"[1, 2]", "no memory of ours"),
        (b'{"format": 1}', "no memory of ours"),
        (b'{"format": 2, "token": "a"}', "format 2, this version reads format 1"),
        (b'{"format": 1, "token": "a"}', "damaged"),
        (b'{"format": 1, "token": "a", "remembered": 3}', "damaged"),
        (b'{"format": 1, "token": "a", "remembered": {"level_dbfs": 12.0}}', "level_dbfs 12.0"),
        (b'{"format": 1, "token": "a", "remembered": {"turns": "many"}}', "turns"),
        (b'{"format": 1, "token": "a", "remembered": {"false_stops": NaN}}', "false_stops"),
        (b'{"format": 1, "token": "a", "remembered": {"name": "Ann"}}', "has no name"),
        (b"[" * (LARGEST // 2), "damaged"),
        (b" " * (LARGEST + 1), "too large"),
    ],
)
def test_what_is_no_memory_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "memory.json"
    path.write_bytes(data)
    with pytest.raises(Refused, match=said):
        read(path)
    aside = set_aside(path)
    assert aside.read_bytes() == data
    assert read(path) == Kept("", None)


def test_every_cut_of_a_file_is_refused(path: Path) -> None:
    save(path, "", KNOWN)
    whole = path.read_bytes()
    for end in range(len(whole.rstrip())):
        path.write_bytes(whole[:end])
        with pytest.raises(Refused):
            read(path)


SAVING = """
import sys
from pathlib import Path
from edgeagent.store.memory_file import save
from edgeagent.turn.events import Remembered
path, token, turns = Path(sys.argv[1]), sys.argv[2], 0
while True:
    turns += 1
    assert save(path, token, Remembered(0, -30.0, turns)) == token
    print(turns, flush=True)
"""


def test_a_kill_in_the_middle_of_writing_leaves_a_whole_file(path: Path) -> None:
    token = save(path, "", KNOWN)
    assert token is not None
    for lines in range(1, 60, 12):
        command = [sys.executable, "-c", SAVING, str(path), token]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for _ in range(lines):
                said = int(child.stdout.readline())
            child.kill()
        kept = read(path)
        assert kept.token == token
        assert kept.remembered is not None
        assert kept.remembered.turns >= said
        assert save(path, token, KNOWN) == token  # the lock went with the child


def test_it_is_a_few_plain_numbers(path: Path) -> None:
    save(path, "", KNOWN)
    plain = json.loads(path.read_text())
    assert set(plain) == {"format", "token", "remembered"}
    assert all(isinstance(value, int | float) for value in plain["remembered"].values())
