"""The file of a conversation: whole or not at all, its owner's alone, bounded, and forgotten when it shall be."""

from __future__ import annotations

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
from edgeagent.dialogue.saved import Saved, bounded
from edgeagent.store import talk_file
from edgeagent.store.memory_file import Refused, set_aside
from edgeagent.store.talk_file import BESIDE, Foreign, TalkFile, forget, look

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

words = st.text(max_size=40)
lines = st.builds(Line, st.sampled_from(Who), st.just(0), words, st.booleans(), st.booleans())
talks = st.builds(Saved, st.lists(lines, max_size=12).map(tuple), st.lists(words, max_size=5).map(tuple), st.booleans())


def numbered(saved: Saved) -> Saved:
    """As a start of the device has them."""
    count = len(saved.lines)
    return replace(saved, lines=tuple(replace(line, number=at - count) for at, line in enumerate(saved.lines)))


def kept(path: Path, now: float = NOW) -> Saved:
    """What the next start finds."""
    file = TalkFile(path, now, HOURS)
    file.close()
    return file.stood.saved


def keep(path: Path, saved: Saved, now: float = NOW) -> None:
    file = TalkFile(path, now, HOURS)
    assert file.write(saved, {"volume": 0.5}, now)
    file.close()


def test_the_next_start_finds_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "talk.db"
    assert kept(path) == Saved()
    keep(path, TALK)
    assert kept(path) == TALK
    stood = look(path)
    assert stood is not None
    assert (stood.saved, stood.manner, stood.rest_at) == (TALK, {"volume": 0.5}, NOW)


@given(st.lists(talks, min_size=1, max_size=4))
def test_whatever_was_said_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, many: list[Saved]
) -> None:
    path = tmp_path_factory.mktemp("talk") / "talk.db"
    file = TalkFile(path, NOW, HOURS)
    for saved in map(numbered, many):
        assert file.write(saved, {}, NOW)
    file.close()
    assert kept(path) == numbered(many[-1])


def test_lines_change_fall_and_are_added_in_order(tmp_path: Path) -> None:
    path = tmp_path / "talk.db"
    keep(path, TALK)
    file = TalkFile(path, NOW, HOURS)
    changed = replace(TALK.lines[1], text="From platform nine. You change once.", interrupted=False)
    new = Line(Who.DEVICE, 0, "Then it is far.")
    assert file.write(Saved((changed, TALK.lines[2], new)), {}, NOW)
    file.close()
    assert [line.text for line in kept(path).lines] == [changed.text, "Wait.", new.text]
    assert not kept(path).unfinished


def test_what_no_text_can_hold_is_replaced(tmp_path: Path) -> None:
    keep(tmp_path / "talk.db", Saved((Line(Who.PERSON, -1, "half \ud83d a pair, and \0 a nought"),), ("\udc00",)))
    (line,) = kept(tmp_path / "talk.db").lines
    assert (line.text, kept(tmp_path / "talk.db").rest) == ("half ? a pair, and \0 a nought", ("?",))


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "talk.db"
    file = TalkFile(path, NOW, HOURS)
    file.write(TALK, {}, NOW)
    found = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    assert found == dict.fromkeys(("talk.db", "talk.db-wal", "talk.db-shm"), 0o600)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    file.close()
    path.chmod(0o644)
    TalkFile(path, NOW, HOURS).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "talk.db"
    file = TalkFile(path, NOW, HOURS)
    for start in range(0, 3000, 50):
        some = tuple(Line(Who.PERSON, number, f"{number} " + "x" * 4000) for number in range(start, start + LINES))
        assert file.write(Saved(some, ("y" * 5000,) * 100), {}, NOW)
    file.close()
    assert path.stat().st_size <= 4096 * talk_file.PAGES_MOST / 4
    saved = kept(path)
    assert 1 < len(saved.lines) < LINES
    assert saved.lines[-1].text.startswith("3149 ")
    assert 1 < len(saved.rest) < 100


@given(st.lists(st.text(max_size=30), max_size=20), st.integers(0, 25), st.integers(0, 300))
def test_bounds_keep_the_newest_lines_and_the_beginning_of_the_rest(texts: list[str], most: int, size: int) -> None:
    whole = Saved(tuple(Line(Who.PERSON, number, text) for number, text in enumerate(texts)), tuple(texts))
    saved = bounded(whole, max(1, most), size, size)
    assert saved.lines == whole.lines[len(whole.lines) - len(saved.lines) :]
    assert saved.rest == whole.rest[: len(saved.rest)]
    assert len(saved.lines) <= max(1, most)
    for held in ([line.text for line in saved.lines], saved.rest):
        assert sum(len(text.encode()) for text in held) <= size
    if bounded(whole, LINES, 600, 600) == whole:
        assert sum(len(text.encode()) for text in texts) <= 600


def test_words_go_when_they_are_old(tmp_path: Path) -> None:
    path = tmp_path / "talk.db"
    keep(path, TALK)
    later = NOW + 3600 * HOURS - 60
    file = TalkFile(path, later, HOURS)
    grown = replace(TALK, lines=(*TALK.lines, Line(Who.PERSON, 7, "Still there?")))
    assert file.write(grown, {}, later)
    file.prune(later + 120)
    assert file.write(replace(grown, lines=(*grown.lines, Line(Who.PERSON, 8, "Hello?"))), {}, later + 120)
    file.close()
    saved = kept(path, later + 120)
    assert [line.text for line in saved.lines] == ["Still there?", "Hello?"]
    assert not saved.unfinished
    assert b"platform" not in path.read_bytes()


def test_what_a_wrong_clock_has_dated_into_the_future_does_not_stay_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "talk.db"
    keep(path, TALK, NOW + 1e9)
    assert kept(path, NOW) == TALK
    assert kept(path, NOW + 3600 * HOURS + 60) == Saved()


def test_a_running_device_cannot_write_back_what_was_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "talk.db"
    file = TalkFile(path, NOW, HOURS)
    assert file.write(TALK, {"volume": 0.5}, NOW)
    forget(path)
    assert not file.ours()
    assert not file.write(replace(TALK, lines=(*TALK.lines, Line(Who.PERSON, 9, "Hello?"))), {}, NOW)
    file.close()
    assert kept(path) == Saved()
    left = [each.read_bytes() for each in tmp_path.iterdir()]
    assert not any(b"platform" in data or b"volume" in data for data in left)


def test_a_file_that_was_deleted_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "talk.db"
    file = TalkFile(path, NOW, HOURS)
    path.unlink()
    assert not file.ours()
    keep(path, TALK)
    assert not file.write(Saved(), {}, NOW)
    file.close()
    forget(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()
    assert look(tmp_path / "none.db") is None


@pytest.mark.parametrize("version", range(1, len(talk_file.SCHEMAS)))
def test_an_older_file_is_brought_up_to_date(tmp_path: Path, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "talk.db"
    with closing(sqlite3.connect(path)) as old, old:
        for schema in talk_file.SCHEMAS[:version]:
            old.executescript(schema)
        old.execute("INSERT INTO token VALUES (1, 'abc')")
        old.execute(
            "INSERT INTO lines (at, who, text, interrupted, estimated) VALUES (?, 'person', 'Hi.', 0, 0)", (NOW,)
        )
        old.execute("INSERT INTO rest VALUES (1, ?, 0, '[\"So.\"]')", (NOW,))
        old.execute(f"PRAGMA application_id = {talk_file.OURS}")
        old.execute(f"PRAGMA user_version = {version}")
    stood = look(path)
    assert stood is not None
    assert stood.saved.rest == ("So.",)
    keep(path, Saved((Line(Who.PERSON, -1, "Hi."),), ("So.",)))
    assert kept(path) == Saved((Line(Who.PERSON, -1, "Hi."),), ("So.",))
    monkeypatch.setattr(talk_file, "SCHEMAS", talk_file.SCHEMAS[:version])
    with pytest.raises(Refused, match="version"):
        TalkFile(path, NOW, HOURS)


def damage_text(path: Path) -> None:
    path.write_bytes(b"dear diary" * 1000)


def damage_page(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:] = b"\xa5" * (len(data) - 100)
    path.write_bytes(bytes(data))


def damage_value(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE lines SET who = 'nobody'")


def damage_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TABLE rest")


@pytest.mark.parametrize("damage", [damage_text, damage_page, damage_value, damage_table])
def test_a_damaged_file_is_refused_and_put_aside(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "talk.db"
    keep(path, TALK)
    assert callable(damage)
    damage(path)
    with pytest.raises(Refused, match="damaged"):
        TalkFile(path, NOW, HOURS)
    with pytest.raises(Refused, match="damaged"):
        look(path)
    assert set_aside(path, BESIDE).exists()
    assert kept(path) == Saved()


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE photos (name)")
    before = path.read_bytes()
    for use in (lambda: TalkFile(path, NOW, HOURS), lambda: forget(path), lambda: look(path)):
        with pytest.raises(Foreign):
            use()
    assert path.read_bytes() == before


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "talk.db"
    monkeypatch.setattr(talk_file, "PAGES_MOST", 16)  # SQLite says the same as of a full disk
    keep(path, TALK)
    file = TalkFile(path, NOW, HOURS)
    with pytest.raises(OSError, match="No space left"):
        file.write(replace(TALK, rest=("x" * 60_000,)), {}, NOW)
    more = replace(TALK, lines=(*TALK.lines, Line(Who.PERSON, 4, "Go on.")))
    assert file.write(more, {}, NOW)  # as soon as there is room
    file.close()
    assert kept(path) == numbered(more)


WRITER = """
import sys
from pathlib import Path
from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.saved import Saved
from edgeagent.store.talk_file import TalkFile

file = TalkFile(Path(sys.argv[1]), 0.0, 24)
for n in range(1_000_000):
    lines = tuple(Line(Who.PERSON, at, f"state {n} line {at}") for at in range(n % 7 + 1))
    file.write(Saved(lines, tuple(f"state {n} rest {at}" for at in range(n % 3))), {"n": float(n)}, 0.0)
    print(n, flush=True)
"""


@pytest.mark.parametrize("milliseconds", [0, 3, 7, 19])
def test_a_kill_in_the_middle_of_writing_leaves_one_whole_state(tmp_path: Path, milliseconds: int) -> None:
    path = tmp_path / "talk.db"
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for _ in range(20):
        child.stdout.readline()
    time.sleep(milliseconds / 1000)  # not to wait for anything, but to kill at another moment
    child.send_signal(signal.SIGKILL)
    told = [int(line) for line in child.stdout.read().split("\n") if line.isdecimal()]
    child.stdout.close()
    child.wait()
    file = TalkFile(path, 0.0, 24)
    file.close()
    state = int(file.stood.manner["n"])
    assert state in ((told or [19])[-1], (told or [19])[-1] + 1)  # nothing that was written is lost
    assert [line.text for line in file.stood.saved.lines] == [f"state {state} line {at}" for at in range(state % 7 + 1)]
    assert file.stood.saved.rest == tuple(f"state {state} rest {at}" for at in range(state % 3))
    assert path.stat().st_mode & 0o777 == 0o600
