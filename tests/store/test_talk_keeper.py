"""Who keeps the conversation of a running device: off its thread, within bounds, and not against a wish to forget."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.saved import Saved
from edgeagent.store import talk_file
from edgeagent.store.talk_file import forget, look
from edgeagent.store.talk_keeper import PRUNE_S, TalkKeeper

TALK = Saved((Line(Who.PERSON, -1, "How do I get there?"),), ("You change once.",))
NEXT = Saved((*TALK.lines, Line(Who.DEVICE, 0, "You change once.")))


OPENED: list[TalkKeeper] = []


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    """As a device that goes off does: a connection that is left to the collector is a warning in whatever test comes
    then."""
    yield
    while OPENED:
        OPENED.pop().close()


class Device:
    """A keeper on a clock of ours, and the engine that it serves, as far as it matters here."""

    def __init__(self, path: Path, words: bool = True, now: float = 1e9) -> None:
        self.now = now
        self.path = path
        self.stuck = False
        self.asked = 0
        self.troubles: list[str] = []
        self.keeper = TalkKeeper(path, 24, words, lambda: self.now)
        self.keeper.start(self.forgotten, self.troubles.append, thread=False)
        OPENED.append(self.keeper)

    def forgotten(self) -> bool:
        self.asked += not self.stuck
        return not self.stuck

    def lines(self) -> list[str]:
        """In the file."""
        stood = look(self.path)
        return [line.text for line in stood.saved.lines] if stood else []


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path / "state" / "talk.db")


def test_the_newest_state_is_there_at_the_next_start(device: Device) -> None:
    device.keeper.keep(TALK)
    device.keeper.keep(replace(NEXT, rest=("Then it is far.",)))
    device.keeper.keep_manner("volume", 0.5)
    assert device.keeper.look()
    assert not device.keeper.look()
    again = Device(device.path, now=device.now + 120).keeper
    assert [line.text for line in again.stood.saved.lines] == [line.text for line in NEXT.lines]
    assert again.stood.manner == {"volume": 0.5}
    assert again.rest_age_s == 120
    assert Device(device.path, now=device.now - 120).keeper.rest_age_s == 0
    assert device.troubles == []


def test_a_device_that_shall_keep_no_words_deletes_those_of_before(device: Device) -> None:
    device.keeper.keep(TALK)
    device.keeper.keep_manner("volume", 0.5)
    device.keeper.look()
    other = Device(device.path, words=False)
    other.keeper.look()
    assert other.lines() == []
    assert Device(device.path).keeper.stood.manner == {"volume": 0.5}


def test_what_is_forgotten_is_not_written_back(device: Device) -> None:
    device.keeper.keep(TALK)
    device.keeper.look()
    forget(device.path)
    device.stuck = True
    device.keeper.look()
    device.keeper.keep(NEXT)  # the engine does not know yet
    device.keeper.look()
    assert (device.asked, device.lines()) == (0, [])
    device.stuck = False
    device.keeper.look()
    device.keeper.keep(NEXT)
    device.keeper.look()
    assert (device.asked, device.lines()) == (1, [])
    device.keeper.begin_again()
    device.keeper.keep(Saved(NEXT.lines[1:]))
    device.keeper.look()
    assert device.lines() == ["You change once."]
    assert device.troubles == []


def test_a_file_deleted_by_hand_is_forgotten(device: Device) -> None:
    device.keeper.keep(TALK)
    device.keeper.look()
    device.path.unlink()
    device.keeper.look()
    assert device.asked == 1
    device.keeper.begin_again()
    device.keeper.keep(Saved(NEXT.lines[1:]))
    device.keeper.look()
    assert device.lines() == ["You change once."]


def test_old_words_go_while_the_device_runs(device: Device) -> None:
    device.keeper.keep(TALK)
    device.keeper.look()
    device.now += 24 * 3600 + PRUNE_S + 1
    device.keeper.look()
    assert device.lines() == []


def test_a_damaged_file_at_the_start_is_put_aside_and_said(device: Device) -> None:
    device.keeper.close()
    device.path.write_bytes(b"no database at all" * 500)
    again = Device(device.path)
    assert again.keeper.stood.saved == Saved()
    assert "talk.db: it is damaged; it is begun anew, and the file kept as talk.db.refused" in again.keeper.refused
    again.keeper.keep(TALK)
    again.keeper.look()
    assert again.lines() == [TALK.lines[0].text]
    assert device.path.with_name("talk.db.refused").read_bytes().startswith(b"no database")


@pytest.mark.parametrize("damage", ["DROP TABLE rest", "DELETE FROM token", "ALTER TABLE lines RENAME TO verses"])
def test_a_file_that_is_damaged_while_the_device_runs_is_written_anew(device: Device, damage: str) -> None:
    device.keeper.keep(TALK)
    device.keeper.look()
    with closing(sqlite3.connect(device.path)) as other, other:
        other.execute(damage)
    for _ in range(3):
        device.keeper.keep(replace(NEXT, more=True))
        device.keeper.look()
    assert device.lines() == [line.text for line in NEXT.lines]
    assert [line for line in device.troubles if "is damaged" in line] == device.troubles[:1] == device.troubles


def test_a_full_disk_is_said_once_and_written_when_there_is_room(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk_file, "PAGES_MOST", 16)
    tight = Device(device.path.with_name("tight.db"))
    for n in range(5):
        tight.keeper.keep(Saved(TALK.lines, ("x" * 60_000 + str(n),)))
        assert not tight.keeper.look()
    (said,) = tight.troubles
    assert "No space left on device; the conversation is not kept" in said
    tight.keeper.keep(TALK)
    assert tight.keeper.look()
    assert tight.lines() == [TALK.lines[0].text]


def test_a_place_where_nothing_can_be_made_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    nowhere = Device(tmp_path / "file" / "talk.db")
    assert "the conversation is not kept" in nowhere.keeper.refused
    nowhere.keeper.keep(TALK)
    nowhere.keeper.look()
    nowhere.keeper.close()


class Stuck(Device):
    """Whose disk takes its time."""

    def run(self) -> None:
        self.keeper.start(self.forgotten, self.troubles.append)


def test_a_stuck_disk_keeps_nobody_waiting(device: Device) -> None:
    stuck = Stuck(device.path)
    with closing(sqlite3.connect(device.path, isolation_level=None)) as other, other:
        other.execute("BEGIN EXCLUSIVE")
        stuck.run()
        begun = time.perf_counter()
        for n in range(1000):
            stuck.keeper.keep(replace(TALK, rest=(str(n),)))
        assert time.perf_counter() - begun < 0.5
        other.execute("ROLLBACK")
    stuck.keeper.close()
    assert Device(device.path).keeper.stood.saved.rest == ("999",)
