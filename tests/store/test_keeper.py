"""Who keeps what a running device knows and where its conversation stands: off its thread, within bounds, what is only
learnt seldom, and not against a wish to forget."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.saved import Saved
from edgeagent.store import memory_database
from edgeagent.store.keeper import LEARNT_S, Keeper
from edgeagent.store.memory_file import PARTS, PRUNE_S, MemoryFile, Part, Stood, forget, look
from edgeagent.turn.events import Remembered

TALK = Saved((Line(Who.PERSON, -1, "How do I get there?"),), ("You change once.",))
NEXT = Saved((*TALK.lines, Line(Who.DEVICE, 0, "You change once.")))
KNOWN = Remembered(0, -31.0, 7, 2.0, 1.0, 600.0)
BOTH: tuple[Part, ...] = ("profile", "talk")


OPENED: list[Keeper] = []


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    """As a device that goes off does: a connection that is left to the collector is a warning in whatever test comes
    then."""
    yield
    while OPENED:
        OPENED.pop().close()


class Device:
    """A keeper on a clock of ours, and the engine that it serves, as far as it matters here."""

    def __init__(self, path: Path, talk: bool = True, now: float = 1e9) -> None:
        self.now = now
        self.path = path
        self.stuck = False
        self.asked: list[tuple[Part, Remembered | None]] = []
        self.troubles: list[str] = []
        self.keeper = Keeper(path, 24, talk, lambda: self.now)
        self.keeper.start(self.forgotten, self.troubles.append, thread=False)
        OPENED.append(self.keeper)

    def forgotten(self, part: Part, remembered: Remembered | None) -> bool:
        if not self.stuck:
            self.asked.append((part, remembered))
        return not self.stuck

    def learn(self, remembered: Remembered) -> None:
        facts = {key: value for key, value in asdict(remembered).items() if key != "at"}
        self.keeper.write({"at": 512, "event": "learnt", **facts, "known": 0.5, "lean": 0.0})

    def forgets(self, parts: Sequence[Part] = BOTH) -> None:
        """The engine does as it was asked."""
        if "profile" in parts:
            self.keeper.write({"at": 1024, "event": "forgotten"})
        if "talk" in parts:
            self.keeper.begin_again("talk")

    def know(self) -> None:
        """All there can be, written."""
        self.learn(KNOWN)
        self.keeper.keep(TALK)
        self.keeper.keep_manner("volume", 0.5)
        self.keeper.look()

    def lines(self) -> list[str]:
        """In the file."""
        return [line.text for line in self.stood().saved.lines]

    def turns(self) -> int:
        """In the file."""
        known = self.stood().remembered
        return known.turns if known else 0

    def stood(self) -> Stood:
        return look(self.path) or Stood()


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path / "state" / "memory.db")


def test_the_newest_state_is_there_at_the_next_start(device: Device) -> None:
    device.keeper.keep(TALK)
    device.keeper.keep(replace(NEXT, rest=("Then it is far.",)))
    device.keeper.keep_manner("volume", 0.5)
    device.learn(KNOWN)
    assert device.keeper.look()
    assert not device.keeper.look()
    again = Device(device.path, now=device.now + 120).keeper
    assert [line.text for line in again.stood.saved.lines] == [line.text for line in NEXT.lines]
    assert (again.stood.remembered, again.stood.manner) == (KNOWN, {"volume": 0.5})
    assert again.rest_age_s == 120
    assert Device(device.path, now=device.now - 120).keeper.rest_age_s == 0
    assert (device.troubles, device.asked) == ([], [])


def test_what_is_only_learnt_is_not_written_often(device: Device) -> None:
    device.keeper.write({"at": 0, "event": "ready"})
    device.keeper.look()
    assert device.stood() == Stood()
    seen = set()
    for second in range(100):
        device.now += 1.0
        device.learn(Remembered(0, turns=second + 1))
        assert not device.keeper.look()
        seen.add(device.turns())
    assert 100 - LEARNT_S <= device.turns() < 100
    assert len(seen) <= 100 / LEARNT_S + 1
    device.keeper.look(last=True)
    assert device.turns() == 100


def test_what_is_learnt_goes_along_with_what_is_said(device: Device) -> None:
    device.know()
    device.learn(Remembered(0, turns=8))
    device.now += 1.0
    device.keeper.look()
    assert device.turns() == KNOWN.turns
    device.keeper.keep(NEXT)
    device.keeper.look()
    assert device.turns() == 8


@pytest.mark.parametrize("jump", [-1e8, 1e8])
def test_a_clock_that_jumps_keeps_nothing_waiting(device: Device, jump: float) -> None:
    device.know()
    device.learn(Remembered(0, turns=8))
    device.now += jump
    device.keeper.look()
    assert device.turns() == 8


def test_without_news_nothing_is_written(device: Device) -> None:
    device.know()
    log = device.path.with_name("memory.db-wal")
    before = log.read_bytes()
    for _ in range(3):
        device.learn(KNOWN)
        device.keeper.look(last=True)
    assert log.read_bytes() == before


def test_a_device_that_shall_keep_no_words_deletes_those_of_before(device: Device) -> None:
    device.know()
    other = Device(device.path, talk=False)
    other.keeper.look()
    assert other.stood() == replace(device.stood(), saved=Saved())
    assert (other.turns(), other.stood().manner) == (KNOWN.turns, {"volume": 0.5})


def test_a_device_that_only_listens_leaves_the_conversation_alone(device: Device) -> None:
    device.know()
    say = Device(device.path)
    device.keeper.keep(NEXT)
    device.keeper.look()
    forget(device.path, ["profile"])
    for _ in range(2):
        say.keeper.look()
        say.forgets(["profile"])
    say.learn(Remembered(0, turns=2))
    say.keeper.look()
    assert (say.turns(), say.lines()) == (2, [line.text for line in NEXT.lines])


@pytest.mark.parametrize("parts", [["profile"], ["talk"], ["profile", "talk"]])
def test_what_is_forgotten_is_not_written_back(device: Device, parts: list[Part]) -> None:
    def still() -> set[Part]:
        """Of what was said and learnt before, what is there."""
        stood = device.stood()
        there: dict[Part, bool] = {
            "profile": bool(stood.remembered or stood.manner),
            "talk": stood.saved != Saved(),
        }
        return {part for part in PARTS if there[part]}

    left = set(PARTS) - set(parts)
    device.know()
    forget(device.path, parts)
    for stuck in (True, False, False):
        device.stuck = stuck
        device.learn(Remembered(0, turns=9))  # the engine does not know yet
        device.keeper.keep(NEXT)
        device.keeper.keep_manner("pace", 0.5)
        device.keeper.look(last=True)
        assert still() == left
    assert [part for part, _ in device.asked] == parts
    assert all(remembered is None for _, remembered in device.asked)
    device.forgets(parts)
    device.keeper.look(last=True)
    assert still() == left
    device.learn(Remembered(0, turns=1))
    device.keeper.keep_manner("pace", 0.75)
    device.keeper.keep(Saved(NEXT.lines[1:]))
    device.keeper.look(last=True)
    assert device.turns() == 1
    assert device.stood().manner == {"pace": 0.75, **({} if "profile" in parts else {"volume": 0.5})}
    assert device.lines() == ["You change once."]
    assert (len(device.asked), device.troubles) == (len(parts), [])


def test_what_was_known_of_the_rest_is_written_while_the_engine_is_asked_to_forget(device: Device) -> None:
    device.know()
    forget(device.path, ["talk"])
    device.learn(Remembered(0, turns=8))
    device.keeper.look(last=True)
    assert (device.turns(), device.lines()) == (8, [])


def test_a_forgetting_between_the_look_and_the_writing_is_seen(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    device.know()
    write = MemoryFile.write

    def late(file: MemoryFile, *state: object) -> bool:
        forget(device.path)
        return write(file, *state)  # type: ignore[arg-type]

    monkeypatch.setattr(MemoryFile, "ours", lambda _: True)  # the look comes too early
    monkeypatch.setattr(MemoryFile, "write", late)
    device.keeper.keep(NEXT)
    device.learn(Remembered(0, turns=8))
    device.keeper.look(last=True)
    assert device.stood() == Stood()
    monkeypatch.undo()
    device.keeper.look(last=True)
    assert device.asked == [("profile", None), ("talk", None)]
    assert device.stood() == Stood()


def test_forgotten_twice_before_the_engine_has_answered(device: Device) -> None:
    device.know()
    for _ in range(2):
        forget(device.path)
        device.keeper.look()
    for turns in (0, KNOWN.turns):
        device.forgets()
        device.learn(KNOWN)
        device.keeper.keep(NEXT)
        device.keeper.look(last=True)
        assert (device.turns(), bool(device.lines())) == (turns, turns > 0)


def test_a_file_deleted_by_hand_is_forgotten(device: Device) -> None:
    device.know()
    device.path.unlink()
    device.keeper.look()
    assert device.asked == [("profile", None), ("talk", None)]
    device.forgets()
    device.keeper.keep(Saved(NEXT.lines[1:]))
    device.keeper.look(last=True)
    assert device.stood() == Stood(None, {}, Saved(tuple(replace(line, number=-1) for line in NEXT.lines[1:])))


def test_a_file_that_was_put_in_its_place_is_believed(device: Device, tmp_path: Path) -> None:
    device.know()
    other = Device(tmp_path / "other.db")
    other.learn(Remembered(0, -20.0, 3))
    other.keeper.look()
    other.keeper.close()
    other.path.replace(device.path)
    device.keeper.look()
    assert device.asked == [("profile", Remembered(0, -20.0, 3)), ("talk", None)]
    device.forgets()
    device.keeper.look(last=True)
    assert device.stood() == Stood(Remembered(0, -20.0, 3))


def test_old_words_go_while_the_device_runs(device: Device) -> None:
    device.know()
    device.now += 24 * 3600 + PRUNE_S + 1
    device.keeper.look()
    assert (device.lines(), device.turns()) == ([], KNOWN.turns)


def test_old_words_do_not_come_back_when_something_else_is_forgotten(device: Device) -> None:
    device.know()
    device.now += 23 * 3600
    device.keeper.keep(NEXT)
    device.keeper.look()
    device.now += 2 * 3600
    device.keeper.look()
    assert device.lines() == ["You change once."]
    forget(device.path, BOTH[:1])
    device.keeper.look()
    device.forgets(["profile"])
    device.keeper.keep(replace(NEXT, lines=(*NEXT.lines, Line(Who.PERSON, 1, "Thanks."))))
    device.keeper.look()
    assert device.lines() == ["You change once.", "Thanks."]
    assert not device.stood().saved.rest
    device.now += 22.5 * 3600
    device.keeper.look()
    assert device.lines() == ["Thanks."]


def test_words_go_also_where_the_clock_was_set_back_while_the_device_ran(device: Device) -> None:
    device.know()
    device.now -= 1e6
    device.keeper.look()
    device.now += 24 * 3600 + PRUNE_S + 1
    device.keeper.look()
    assert device.lines() == []


def test_a_file_that_somebody_else_holds_at_the_start_is_known_later(device: Device) -> None:
    device.know()
    with closing(sqlite3.connect(device.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        late = Device(device.path)
        other.execute("ROLLBACK")
    assert "somebody else holds it; what is learnt and said is not kept" in late.keeper.refused
    assert late.keeper.stood == Stood()
    late.keeper.look()
    assert late.asked == [("profile", KNOWN)]
    assert (late.turns(), late.lines()) == (KNOWN.turns, [TALK.lines[0].text])


def test_a_damaged_file_at_the_start_is_put_aside_and_said(device: Device) -> None:
    device.keeper.close()
    device.path.write_bytes(b"no database at all" * 500)
    again = Device(device.path)
    assert again.keeper.stood.saved == Saved()
    assert "memory.db: it is damaged; it is begun anew, and the file kept as memory.db.refused" in again.keeper.refused
    again.keeper.keep(TALK)
    again.keeper.look()
    assert again.lines() == [TALK.lines[0].text]
    assert device.path.with_name("memory.db.refused").read_bytes().startswith(b"no database")


@pytest.mark.parametrize(
    "damage", ["DROP TABLE rest", "DELETE FROM tokens", "ALTER TABLE lines RENAME TO verses", "DROP TABLE learnt"]
)
def test_a_file_that_is_damaged_while_the_device_runs_is_written_anew(device: Device, damage: str) -> None:
    device.know()
    with closing(sqlite3.connect(device.path)) as other, other:
        other.execute(damage)
    for turns in range(3):
        device.keeper.keep(replace(NEXT, more=True))
        device.learn(Remembered(0, turns=turns))
        device.keeper.look()
    assert device.lines() == [line.text for line in NEXT.lines]
    assert (device.turns(), device.stood().manner, device.asked) == (2, {"volume": 0.5}, [])
    assert [line for line in device.troubles if "is damaged" in line] == device.troubles[:1] == device.troubles


def test_a_full_disk_is_said_once_and_written_when_there_is_room(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_database, "PAGES_MOST", 16)
    tight = Device(device.path.with_name("tight.db"))
    for n in range(5):
        tight.keeper.keep(Saved(TALK.lines, ("x" * 60_000 + str(n),)))
        assert not tight.keeper.look()
    (said,) = tight.troubles
    assert "No space left on device; what is learnt and said is not kept" in said
    tight.keeper.keep(TALK)
    assert tight.keeper.look()
    assert tight.lines() == [TALK.lines[0].text]


def test_a_place_where_nothing_can_be_made_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    nowhere = Device(tmp_path / "file" / "memory.db")
    assert "what is learnt and said is not kept" in nowhere.keeper.refused
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
