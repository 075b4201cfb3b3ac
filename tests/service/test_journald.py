"""What the system's journal gets, read as journald reads it."""

from __future__ import annotations

import os
import shutil
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.monitor.journald import (
    ERR,
    INFO,
    SOCKET,
    STREAM,
    WARNING,
    SystemJournal,
    datagram,
    priority,
    under_journald,
)
from edgeagent.report.timeline import Timeline
from edgeagent.turn.states import CALIBRATING


def read(data: bytes) -> dict[str, str]:
    """A datagram in journald's native form: NAME=value, or NAME, the length in 8 bytes, and the value."""
    fields = {}
    while data:
        line, _, rest = data.partition(b"\n")
        if b"=" in line:
            name, _, value = line.partition(b"=")
            data = rest
        else:
            name, (length,) = line, struct.unpack("<Q", rest[:8])
            value, end = rest[8 : 8 + length], rest[8 + length : 9 + length]
            assert end == b"\n"
            data = rest[9 + length :]
        fields[name.decode()] = value.decode()
    return fields


@given(st.dictionaries(st.sampled_from(["MESSAGE", "A", "B_2"]), st.text(st.characters(exclude_categories=["Cs"]))))
def test_whatever_is_in_a_value_it_arrives(fields: dict[str, str]) -> None:
    assert read(datagram(fields)) == fields


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[socket.socket]:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "socket"))
    listening.setblocking(False)
    yield listening
    listening.close()


@pytest.fixture
def journal(tmp_path: Path, journald: socket.socket) -> Iterator[SystemJournal]:  # noqa: ARG001
    journal = SystemJournal(Timeline().line, str(tmp_path / "socket"))
    yield journal
    journal.close()


def test_a_lost_microphone_can_be_searched_for(journal: SystemJournal, journald: socket.socket) -> None:
    reason = "the microphone gives only zeros"
    journal.write({"at": 16_000, "event": "microphone_failed", "reason": reason})  # the state says it
    journal.write({"at": 16_000, "event": "state", "state": "mic_lost", "from": "idle"})
    fields = read(journald.recv(4096))
    assert fields["EDGEAGENT_EVENT"] == "state"
    assert (fields["EDGEAGENT_STATE"], fields["EDGEAGENT_FROM"]) == ("mic_lost", "idle")
    assert (fields["PRIORITY"], fields["SYSLOG_IDENTIFIER"]) == (str(ERR), "edgeagent")
    assert fields["MESSAGE"].startswith(f"MIC LOST {reason}")
    with pytest.raises(BlockingIOError):
        journald.recv(4096)


def test_what_people_said_is_not_written(journal: SystemJournal, journald: socket.socket) -> None:
    journal.write({"at": 1, "event": "recognised", "turn": 1, "text": "my secret"})
    journal.write({"at": 2, "event": "words", "text": "secret"})
    with pytest.raises(BlockingIOError):
        journald.recv(4096)


def test_priorities() -> None:
    assert priority({"event": "state", "state": "idle"}) == INFO
    assert priority({"event": "turn_trouble", "text": ""}) == WARNING
    assert priority({"event": "reply_failed", "reason": ""}) == WARNING
    assert priority({"event": "reply_broken", "text": ""}) == WARNING
    assert priority({"event": "card_trouble", "text": ""}) == ERR


def test_a_journal_that_is_full_or_away_holds_nothing_up_and_is_told_of_the_loss(
    journal: SystemJournal, journald: socket.socket, tmp_path: Path
) -> None:
    away = SystemJournal(Timeline().line, str(tmp_path / "nobody"))
    away.write({"event": "card_trouble", "text": "gone"})
    assert away.lost == 1
    away.close()
    written = 0
    while not journal.lost:
        journal.write({"event": "card_trouble", "text": "gone"})
        written += 1
        assert written < 10_000
    journal.write({"event": "card_trouble", "text": "gone"})
    for _ in range(written - 1):
        assert "EDGEAGENT_LOST" not in read(journald.recv(4096))
    journal.write({"event": "card_trouble", "text": "gone"})
    assert read(journald.recv(4096))["EDGEAGENT_LOST"] == "2"
    assert not journal.lost


def test_it_is_known_whether_stderr_goes_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(STREAM, raising=False)
    assert not under_journald()
    with (tmp_path / "stderr").open("w") as file:
        about = os.fstat(file.fileno())
        monkeypatch.setenv(STREAM, f"{about.st_dev}:{about.st_ino}")
        assert under_journald(file.fileno())
        monkeypatch.setenv(STREAM, f"{about.st_dev}:{about.st_ino + 1}")
        assert not under_journald(file.fileno())


@pytest.mark.skipif(shutil.which("systemd-cat") is None, reason="systemd is not installed")
def test_the_address_is_journalds_own() -> None:
    """As the library that systemd's own programs use has it."""
    libraries = [*Path("/usr/lib").glob("*/libsystemd.so.0"), *Path("/usr/lib").glob("libsystemd.so.0")]
    if not libraries:
        pytest.skip("no libsystemd")
    assert SOCKET.encode() in libraries[0].read_bytes()


def test_a_card_that_is_lent_is_no_error_and_one_that_does_not_come_back_is(
    journal: SystemJournal, journald: socket.socket
) -> None:
    for why in (CALIBRATING, "the card is busy"):
        journal.write({"at": 16_000, "event": "microphone_failed", "reason": why})
        journal.write({"at": 16_000, "event": "state", "state": "mic_lost", "from": "idle"})
    lent, lost = (read(journald.recv(4096)) for _ in range(2))
    assert lent["MESSAGE"] == "CALIBRATING deaf until the card is back lamp purple, slow beats"
    assert (lent["PRIORITY"], lent["EDGEAGENT_STATE"]) == (str(INFO), "mic_lost")
    assert lost["MESSAGE"] == "MIC LOST the card is busy lamp red, two blinks"
    assert lost["PRIORITY"] == str(ERR)
