"""The file of what is remembered: whole or not at all, its owner's alone, bounded, and forgotten when it shall be."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.dialogue.history import LINES, Line, Who
from edgeagent.dialogue.saved import Saved
from edgeagent.store import memory_database
from edgeagent.store.memory_database import Foreign, Refused
from edgeagent.store.memory_file import MemoryFile, Part, Stood, forget, look, set_aside
from edgeagent.turn.events import COUNTED_MOST, LEVELS_DBFS, Remembered

HOURS = 24
NOW = 1_800_000_000.0
TALK = Saved(
    (
        Line(Who.PERSON, -3, "How do I get there?"),
        Line(Who.DEVICE, -2, "From platform nine.", interrupted=True, estimated=True),
        Line(Who.PERSON, -1, "Wait."),
    ),
    ("You change once.", "Then it is far."),
    more=True,
)

KNOWN = Remembered(0, -31.25, 7, 2.5, 1.0, 3600.5, 812.5, 3)

counted = st.floats(0, COUNTED_MOST)
whole = st.integers(0, COUNTED_MOST)
learnt = st.builds(Remembered, st.just(0), st.floats(*LEVELS_DBFS), whole, counted, counted, counted, counted, whole)
words = st.text(max_size=40)
lines = st.builds(Line, st.sampled_from(Who), st.just(0), words, st.booleans(), st.booleans())
talks = st.builds(Saved, st.lists(lines, max_size=12).map(tuple), st.lists(words, max_size=5).map(tuple), st.booleans())


def numbered(saved: Saved) -> Saved:
    """As a start of the device has them."""
    count = len(saved.lines)
    return replace(saved, lines=tuple(replace(line, number=at - count) for at, line in enumerate(saved.lines)))


def kept(path: Path, now: float = NOW) -> Saved:
    """What the next start finds."""
    file = MemoryFile(path, now, HOURS)
    file.close()
    return file.stood.saved


def keep(path: Path, saved: Saved, now: float = NOW) -> None:
    file = MemoryFile(path, now, HOURS)
    assert file.write(now, saved, {"volume": 0.5}, KNOWN)
    file.close()


def test_the_next_start_finds_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "memory.db"
    assert kept(path) == Saved()
    keep(path, TALK)
    assert kept(path) == TALK
    assert look(path) == Stood(KNOWN, {"volume": 0.5}, TALK, NOW)


@given(st.lists(talks, min_size=1, max_size=4))
def test_whatever_was_said_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, many: list[Saved]
) -> None:
    path = tmp_path_factory.mktemp("memory") / "memory.db"
    file = MemoryFile(path, NOW, HOURS)
    for saved in map(numbered, many):
        assert file.write(NOW, saved, {})
    file.close()
    assert kept(path) == numbered(many[-1])


@given(st.lists(learnt, min_size=1, max_size=3))
def test_whatever_was_learnt_comes_back_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, many: list[Remembered]
) -> None:
    path = tmp_path_factory.mktemp("memory") / "memory.db"
    file = MemoryFile(path, NOW, HOURS)
    for remembered in many:
        assert file.write(NOW, None, {}, remembered)
    file.close()
    assert look(path) == Stood(many[-1])


def test_what_is_not_told_stays(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    keep(path, TALK)
    file = MemoryFile(path, NOW + 9, HOURS)
    assert file.write(NOW + 9, None, {"pace": 0.85})
    file.close()
    assert look(path) == Stood(KNOWN, {"volume": 0.5, "pace": 0.85}, TALK, NOW)


def test_lines_change_fall_and_are_added_in_order(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    keep(path, TALK)
    file = MemoryFile(path, NOW, HOURS)
    changed = replace(TALK.lines[1], text="From platform nine. You change once.", interrupted=False)
    new = Line(Who.DEVICE, 0, "Then it is far.")
    assert file.write(NOW, Saved((changed, TALK.lines[2], new)), {})
    file.close()
    assert [line.text for line in kept(path).lines] == [changed.text, "Wait.", new.text]
    assert not kept(path).unfinished


def test_what_no_text_can_hold_is_replaced(tmp_path: Path) -> None:
    keep(tmp_path / "memory.db", Saved((Line(Who.PERSON, -1, "half \ud83d a pair, and \0 a nought"),), ("\udc00",)))
    (line,) = kept(tmp_path / "memory.db").lines
    assert (line.text, kept(tmp_path / "memory.db").rest) == ("half ? a pair, and \0 a nought", ("?",))


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "memory.db"
    file = MemoryFile(path, NOW, HOURS)
    file.write(NOW, TALK, {})
    found = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    assert found == dict.fromkeys(("memory.db", "memory.db-wal", "memory.db-shm"), 0o600)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    file.close()
    path.chmod(0o644)
    MemoryFile(path, NOW, HOURS).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_no_file_keeps_its_rights(tmp_path: Path) -> None:
    folder, device = tmp_path / "folder", tmp_path / "device"
    folder.mkdir(mode=0o755)
    os.mkfifo(device, 0o644)
    for path in (folder, device):
        before = path.stat().st_mode
        with pytest.raises(OSError, match="it is no file"):
            MemoryFile(path, NOW, 24)
        assert path.stat().st_mode == before


def test_it_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    file = MemoryFile(path, NOW, HOURS)
    for start in range(0, 3000, 50):
        some = tuple(Line(Who.PERSON, number, f"{number} " + "x" * 4000) for number in range(start, start + LINES))
        assert file.write(NOW, Saved(some, ("y" * 5000,) * 100), {})
    file.close()
    assert path.stat().st_size <= 4096 * memory_database.PAGES_MOST / 4
    saved = kept(path)
    assert 1 < len(saved.lines) < LINES
    assert saved.lines[-1].text.startswith("3149 ")
    assert 1 < len(saved.rest) < 100


def test_words_go_when_they_are_old(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    keep(path, TALK)
    later = NOW + 3600 * HOURS - 60
    file = MemoryFile(path, later, HOURS)
    grown = replace(TALK, lines=(*TALK.lines, Line(Who.PERSON, 7, "Still there?")))
    assert file.write(later, grown, {})
    file.prune(later + 120)
    assert file.write(later + 120, replace(grown, lines=(*grown.lines, Line(Who.PERSON, 8, "Hello?"))), {})
    file.close()
    saved = kept(path, later + 120)
    assert [line.text for line in saved.lines] == ["Still there?", "Hello?"]
    assert not saved.unfinished
    assert b"platform" not in path.read_bytes()


def test_what_is_deleted_lies_nowhere_while_the_device_runs_on(tmp_path: Path) -> None:
    """Not in the write-ahead log either, which is not read any more and goes into the file after many writes only."""
    file = MemoryFile(tmp_path / "memory.db", NOW, HOURS)
    assert file.write(NOW, TALK, {})
    later = NOW + 3600 * HOURS + 60
    with sqlite3.connect(tmp_path / "memory.db") as reader:  # as `check` does; it is tried again
        reader.execute("BEGIN").connection.execute("SELECT * FROM lines").fetchone()
        file.prune(later)
    reader.close()
    file.prune(later + 60)
    assert not any(b"platform" in each.read_bytes() for each in tmp_path.iterdir())
    grown = replace(TALK, lines=(*TALK.lines, Line(Who.PERSON, 7, "Still there?")), rest=("Over the bridge.",))
    assert file.write(later + 61, grown, {})
    assert file.write(later + 62, Saved(), {})  # as where words shall not be kept any more
    file.prune(later + 120)
    assert not any(word in each.read_bytes() for each in tmp_path.iterdir() for word in (b"Still", b"bridge"))
    file.close()


def test_a_line_that_went_for_its_age_takes_no_newer_one_along_when_the_device_forgets_it_too(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    first = Line(Who.PERSON, 1, "Good morning.")
    several = tuple(Line(Who.PERSON, number, f"{number}") for number in range(2, 5))
    later = NOW + 3600 * HOURS + 60
    file = MemoryFile(path, NOW, HOURS)
    assert file.write(NOW, Saved((first,)), {})
    file.prune(later)
    assert file.write(later, Saved((first, *several)), {})
    assert file.write(later, Saved(several), {})  # its memory is full
    file.close()
    assert [line.text for line in kept(path, later).lines] == ["2", "3", "4"]


def test_what_a_wrong_clock_has_dated_into_the_future_does_not_stay_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    keep(path, TALK, NOW + 1e9)
    assert kept(path, NOW) == TALK
    assert kept(path, NOW + 3600 * HOURS + 60) == Saved()


LEFT: dict[Part, Stood] = {"profile": Stood(KNOWN, {"volume": 0.5}), "talk": Stood(None, {}, TALK, NOW)}
"""What each part leaves when the other is forgotten."""

SECRETS: dict[Part, bytes] = {"profile": b"volume", "talk": b"platform"}


@pytest.mark.parametrize(("part", "other"), [("profile", "talk"), ("talk", "profile")])
def test_a_running_device_cannot_write_back_what_was_forgotten(tmp_path: Path, part: Part, other: Part) -> None:
    path = tmp_path / "memory.db"
    file = MemoryFile(path, NOW, HOURS)
    assert file.write(NOW, TALK, {"volume": 0.5}, KNOWN)
    forget(path, [part])
    assert not file.ours()
    assert not file.write(NOW, replace(TALK, lines=(*TALK.lines, Line(Who.PERSON, 9, "Hello?"))), {}, KNOWN)
    file.close()
    assert look(path) == LEFT[other]
    assert not any(SECRETS[part] in each.read_bytes() for each in tmp_path.iterdir())
    again = MemoryFile(path, NOW, HOURS)
    assert again.tokens[other] == file.tokens[other]
    assert again.tokens[part] != file.tokens[part]
    again.close()


def test_all_is_forgotten_where_no_part_is_named(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    keep(path, TALK)
    forget(path)
    assert look(path) == Stood()
    forget(path)
    assert not any(secret in each.read_bytes() for each in tmp_path.iterdir() for secret in SECRETS.values())


def test_a_file_that_was_deleted_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    file = MemoryFile(path, NOW, HOURS)
    path.unlink()
    assert not file.ours()
    keep(path, TALK)
    assert not file.write(NOW, Saved(), {})
    file.close()
    assert look(path) == Stood(KNOWN, {"volume": 0.5}, TALK, NOW)
    forget(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()
    assert look(tmp_path / "none.db") is None


@pytest.mark.parametrize("version", range(1, len(memory_database.SCHEMAS)))
def test_an_older_file_is_brought_up_to_date(tmp_path: Path, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "memory.db"
    with closing(sqlite3.connect(path)) as old, old:
        for schema in memory_database.SCHEMAS[:version]:
            old.executescript(schema)
        (token,) = old.execute("SELECT value FROM token").fetchone()
        old.execute(
            "INSERT INTO lines (at, who, text, interrupted, estimated) VALUES (?, 'person', 'Hi.', 0, 0)", (NOW,)
        )
        old.execute("INSERT INTO rest VALUES (1, ?, 0, '[\"So.\"]')", (NOW,))
        if version > 1:
            old.execute("INSERT INTO manner VALUES ('pace', 0.75)")
        old.execute(f"PRAGMA application_id = {memory_database.OURS}")
        old.execute(f"PRAGMA user_version = {version}")
    stood = Stood(None, {"pace": 0.75} if version > 1 else {}, Saved((Line(Who.PERSON, -1, "Hi."),), ("So.",)), NOW)
    before = path.read_bytes()
    assert look(path) == stood
    assert path.read_bytes() == before
    file = MemoryFile(path, NOW, HOURS)
    assert (file.stood, file.tokens["talk"]) == (stood, token)
    assert file.write(NOW, None, {}, KNOWN)
    file.close()
    assert look(path) == replace(stood, remembered=KNOWN)
    monkeypatch.setattr(memory_database, "SCHEMAS", memory_database.SCHEMAS[:version])
    with pytest.raises(Refused, match="version"):
        MemoryFile(path, NOW, HOURS)


def changed(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)


def damage_text(path: Path) -> None:
    path.write_bytes(b"dear diary" * 1000)


def damage_page(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:] = b"\xa5" * (len(data) - 100)
    path.write_bytes(bytes(data))


def damage_value(path: Path) -> None:
    changed(path, "UPDATE lines SET who = 'nobody'")


def damage_short_text(path: Path) -> None:
    path.write_bytes(b"GIF89a")


def damage_number(path: Path) -> None:
    changed(path, "UPDATE learnt SET value = 12.0 WHERE name = 'level_dbfs'")


def damage_kind(path: Path) -> None:
    changed(path, "UPDATE learnt SET value = 'many' WHERE name = 'turns'")


def damage_name(path: Path) -> None:
    changed(path, "UPDATE learnt SET name = x'00' WHERE name = 'turns'")


def damage_table(path: Path) -> None:
    changed(path, "DROP TABLE rest")


@pytest.mark.parametrize(
    "damage",
    [
        damage_text,
        damage_short_text,
        damage_page,
        damage_value,
        damage_number,
        damage_kind,
        damage_name,
        damage_table,
    ],
)
def test_a_damaged_file_is_refused_and_put_aside(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "memory.db"
    keep(path, TALK)
    assert callable(damage)
    damage(path)
    with pytest.raises(Refused, match="damaged"):
        MemoryFile(path, NOW, HOURS)
    with pytest.raises(Refused, match="damaged"):
        look(path)
    assert set_aside(path).exists()
    assert kept(path) == Saved()


def test_a_file_that_was_cut_is_refused_or_whole(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    keep(path, TALK)
    whole = path.read_bytes()
    refused = 0
    for end in range(len(whole) - 1, 16, -509):
        path.write_bytes(whole[:end])
        try:
            assert look(path) == Stood(KNOWN, {"volume": 0.5}, TALK, NOW)
        except Refused:
            refused += 1
    assert refused > len(whole) / 509 / 2


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE photos (name)")
    before = path.read_bytes()
    for use in (lambda: MemoryFile(path, NOW, HOURS), lambda: forget(path), lambda: look(path)):
        with pytest.raises(Foreign):
            use()
    assert path.read_bytes() == before


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_a_file_that_somebody_makes_meanwhile_is_nobody_elses(tmp_path: Path, moment: int) -> None:
    path = tmp_path / "memory.db"
    path.touch()
    statements: list[str] = []

    def make(statement: str) -> None:
        statements.append(statement)
        if len(statements) == moment:
            MemoryFile(path, NOW, HOURS).close()

    with closing(memory_database.connected(path)) as database:
        database.set_trace_callback(make)
        assert memory_database.version_of(database) in (0, len(memory_database.SCHEMAS))


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "memory.db"
    monkeypatch.setattr(memory_database, "PAGES_MOST", 16)  # SQLite says the same as of a full disk
    keep(path, TALK)
    file = MemoryFile(path, NOW, HOURS)
    with pytest.raises(OSError, match="No space left"):
        file.write(NOW, replace(TALK, rest=("x" * 60_000,)), {})
    more = replace(TALK, lines=(*TALK.lines, Line(Who.PERSON, 4, "Go on.")))
    assert file.write(NOW, more, {})  # as soon as there is room
    file.close()
    assert kept(path) == numbered(more)


WRITER = """
import sys
from pathlib import Path
from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.saved import Saved
from edgeagent.store.memory_file import MemoryFile
from edgeagent.turn.events import Remembered

file = MemoryFile(Path(sys.argv[1]), 0.0, 24)
for n in range(1_000_000):
    lines = tuple(Line(Who.PERSON, at, f"state {n} line {at}") for at in range(n % 7 + 1))
    saved = Saved(lines, tuple(f"state {n} rest {at}" for at in range(n % 3)))
    file.write(0.0, saved, {"n": float(n)}, Remembered(0, turns=n))
    print(n, flush=True)
"""


@pytest.mark.parametrize("milliseconds", [0, 3, 7, 19])
def test_a_kill_in_the_middle_of_writing_leaves_one_whole_state(tmp_path: Path, milliseconds: int) -> None:
    path = tmp_path / "memory.db"
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for _ in range(20):
        child.stdout.readline()
    time.sleep(milliseconds / 1000)  # not to wait for anything, but to kill at another moment
    child.send_signal(signal.SIGKILL)
    told = [int(line) for line in child.stdout.read().split("\n") if line.isdecimal()]
    child.stdout.close()
    child.wait()
    file = MemoryFile(path, 0.0, 24)
    file.close()
    state = int(file.stood.manner["n"])
    assert state in ((told or [19])[-1], (told or [19])[-1] + 1)  # nothing that was written is lost
    assert [line.text for line in file.stood.saved.lines] == [f"state {state} line {at}" for at in range(state % 7 + 1)]
    assert file.stood.remembered == Remembered(0, turns=state)
    assert file.stood.saved.rest == tuple(f"state {state} rest {at}" for at in range(state % 3))
    assert path.stat().st_mode & 0o777 == 0o600
