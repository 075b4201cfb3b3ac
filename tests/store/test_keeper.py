"""Who keeps what a running device learns: seldom, off its thread, and not against a wish to forget."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from edgeagent.store.keeper import REST_S, Keeper
from edgeagent.store.memory_file import Kept, forget, read, save
from edgeagent.turn.events import Remembered

KNOWN = Remembered(0, -31.0, 7, 2.0, 1.0, 600.0)


class Device:
    """A keeper on a clock of ours, and the engine that it serves, as far as it matters here."""

    def __init__(self, path: Path) -> None:
        self.now = 1000.0
        self.path = path
        self.asked: list[Remembered | None] = []
        self.troubles: list[str] = []
        self.stuck = False
        self.keeper = Keeper(path, lambda: self.now)
        self.keeper.start(self.replaced, self.troubles.append, thread=False)

    def replaced(self, remembered: Remembered | None) -> bool:
        if not self.stuck:
            self.asked.append(remembered)
        return not self.stuck

    def learn(self, remembered: Remembered) -> None:
        facts = {key: value for key, value in asdict(remembered).items() if key != "at"}
        self.keeper.write({"at": 512, "event": "learnt", **facts, "known": 0.5, "lean": 0.0})

    def forgets(self) -> None:
        """The engine does as it was asked."""
        self.keeper.write({"at": 1024, "event": "forgotten"})

    def turns(self) -> int:
        """In the file."""
        kept = read(self.path).remembered
        return kept.turns if kept else 0


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path / "state" / "memory.json")


def test_what_is_learnt_is_there_at_the_next_start(device: Device) -> None:
    assert device.keeper.remembered is None
    device.learn(KNOWN)
    device.keeper.look()
    assert Device(device.path).keeper.remembered == KNOWN
    assert (device.troubles, device.asked) == ([], [])


def test_nothing_is_written_without_news_and_not_often(device: Device) -> None:
    device.keeper.write({"at": 0, "event": "ready"})
    device.keeper.look()
    assert not device.path.exists()
    for second in range(100):
        device.now += 1.0
        device.learn(Remembered(0, turns=second))
        device.keeper.look()
    assert 100 - REST_S <= device.turns() < 100
    before = device.path.stat().st_ino
    device.keeper.look()
    assert device.path.stat().st_ino == before
    device.keeper.look(last=True)
    assert device.turns() == 99
    before = device.path.stat().st_ino
    device.keeper.look(last=True)
    assert device.path.stat().st_ino == before


def test_a_running_device_forgets_and_does_not_write_it_back(device: Device) -> None:
    device.learn(KNOWN)
    device.keeper.look()
    forget(device.path)
    device.learn(Remembered(0, turns=8))  # it does not know yet
    device.keeper.look()
    assert device.asked == [None]
    device.learn(Remembered(0, turns=9))  # the engine still does not
    for last in (False, True):
        device.keeper.look(last)
        assert read(device.path).remembered is None
    device.forgets()
    device.keeper.look(last=True)
    assert read(device.path).remembered is None
    device.learn(Remembered(0, turns=1))
    device.keeper.look(last=True)
    assert device.turns() == 1
    assert device.asked == [None]


def test_a_forgetting_between_the_look_and_the_writing_is_seen(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(path: Path, token: str, remembered: Remembered) -> str | None:
        forget(path)
        return save(path, token, remembered)

    monkeypatch.setattr("edgeagent.store.keeper.save", late)
    device.learn(KNOWN)
    device.keeper.look()
    assert device.asked == [None]
    assert read(device.path).remembered is None


def test_forgotten_twice_before_the_engine_has_answered(device: Device) -> None:
    for _ in range(2):
        forget(device.path)
        device.keeper.look()
    device.forgets()
    device.learn(KNOWN)
    device.keeper.look(last=True)
    assert device.turns() == 0
    device.forgets()
    device.learn(KNOWN)
    device.keeper.look(last=True)
    assert device.turns() == KNOWN.turns


def test_an_engine_that_takes_no_notes_is_asked_again(device: Device) -> None:
    device.learn(KNOWN)
    device.keeper.look()
    forget(device.path)
    device.stuck = True
    device.keeper.look(last=True)
    device.stuck = False
    assert device.asked == []
    device.keeper.look(last=True)
    assert device.asked == [None]
    assert device.turns() == 0


def test_a_file_that_is_deleted_is_forgotten_too(device: Device) -> None:
    device.learn(KNOWN)
    device.keeper.look()
    device.path.unlink()
    device.keeper.look(last=True)
    assert device.asked == [None]
    assert not device.path.exists()


def test_a_file_that_was_put_in_its_place_is_believed(device: Device, tmp_path: Path) -> None:
    device.learn(KNOWN)
    device.keeper.look()
    other = tmp_path / "other.json"
    save(other, "", Remembered(0, -20.0, 3))
    other.replace(device.path)
    device.keeper.look()
    assert device.asked == [Remembered(0, -20.0, 3)]


@pytest.mark.parametrize("data", [b"", b"{", b'{"format": 9, "token": "a"}', b"GIF89a"])
def test_a_foreign_file_is_kept_aside_and_told_once(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "memory.json"
    path.write_bytes(data)
    device = Device(path)
    assert "the file kept as memory.json.refused" in device.keeper.refused
    assert device.keeper.remembered is None
    assert (tmp_path / "memory.json.refused").read_bytes() == data
    device.learn(KNOWN)
    device.keeper.look()
    assert Device(path).keeper.remembered == KNOWN
    assert device.troubles == []


def test_a_file_spoilt_meanwhile_is_written_anew(device: Device) -> None:
    device.learn(KNOWN)
    device.keeper.look()
    device.path.write_bytes(b"spoilt")
    device.keeper.look()
    (trouble,) = device.troubles
    assert "written anew" in trouble
    device.learn(Remembered(0, turns=8))
    device.keeper.look(last=True)
    assert device.turns() == 8
    assert device.asked == []


def test_a_folder_that_cannot_be_written_is_told_once_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    device = Device(tmp_path / "state" / "memory.json")
    assert "begins without it" in device.keeper.refused
    for turns in range(3):
        device.learn(Remembered(0, turns=turns + 1))
        device.keeper.look(last=True)
    assert len(device.troubles) == 1
    assert device.asked == []


def test_the_thread_writes_what_is_new_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    device = Device(path)
    device.keeper.start(device.replaced, device.troubles.append)
    device.learn(KNOWN)
    device.keeper.close()
    device.keeper.close()
    assert read(path) == Kept(read(path).token, KNOWN)
