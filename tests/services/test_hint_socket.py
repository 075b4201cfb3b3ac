"""Hints over a real socket: strict, bounded, and never in the way of whoever listens."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.__main__ import main
from edgeagent.errors import ServiceError
from edgeagent.services.hint_socket import LONGEST, MOST_NATS, RATE_HZ, REST_MS, HintSocket, parse, send
from edgeagent.turn.events import Hint

PATIENCE_S = 10.0


class Listener:
    """A hook on a clock of its own, with what it told."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.now = 100.0
        self.takes = True
        self.hints: SimpleQueue[Hint] = SimpleQueue()
        self.trouble: SimpleQueue[str] = SimpleQueue()
        self.hook = HintSocket(self.path, self._tell, self.trouble.put, lambda: self.now)

    def _tell(self, hint: Hint) -> bool:
        self.hints.put(hint)
        return self.takes

    def get(self) -> Hint:
        return self.hints.get(timeout=PATIENCE_S)


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    made = Listener(tmp_path / "hints")
    yield made
    made.hook.close()


def told(**given: object) -> bytes:
    return json.dumps({"source": "camera", "person": 1.0, **given}).encode()


def test_a_datagram_is_a_hint(listener: Listener) -> None:
    send(listener.path, b'{"source": "camera", "person": 1, "floor": -0.5}')
    assert listener.get() == Hint(0, "camera", 1.0, -0.5)
    send(listener.path, b'{"source": "phone.2", "floor": 0.25}')
    assert listener.get() == Hint(0, "phone.2", 0.0, 0.25)


def test_only_our_user_may_write(listener: Listener) -> None:
    mode = Path(listener.path).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


BAD = [
    b"",
    b"person",
    b"\xff\xfe",
    b"[1, 2]",
    b"[" * LONGEST,
    b"{}",
    b'{"person": 1}',
    b'{"source": "camera"}',
    b'{"source": "camera", "person": NaN}',
    b'{"source": "camera", "person": 1e999}',
    b'{"source": "camera", "person": ' + b"9" * 400 + b"}",
    told(person="1"),
    told(person=True),
    told(person=None),
    told(floor=[1]),
    told(person=MOST_NATS + 1),
    told(source=""),
    told(source="a b"),
    told(source="\u001b[2J"),
    told(source="x" * 33),
    told(confidence=1),
    told() + b" " * LONGEST,
]


@pytest.mark.parametrize("datagram", BAD)
def test_anything_else_is_refused(datagram: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(datagram)


def test_what_is_refused_is_counted_told_once_and_harms_nothing(listener: Listener) -> None:
    for datagram in BAD:
        send(listener.path, datagram)
    send(listener.path, told())
    assert listener.get() == Hint(0, "camera", 1.0, 0.0)
    assert listener.hook.refused == len(BAD)
    assert listener.trouble.get(timeout=PATIENCE_S).startswith("refused: no JSON")
    assert listener.trouble.empty()


@given(
    st.binary(max_size=2 * LONGEST)
    | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(repr).map(str.encode)
)
def test_no_bytes_break_it(datagram: bytes) -> None:
    with suppress(ValueError):
        assert abs(parse(datagram).person) <= MOST_NATS


def test_a_flood_is_thinned_out_told_once_and_over_when_it_is_over(listener: Listener) -> None:
    many = round(2 * RATE_HZ)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        for _ in range(many):
            ours.sendto(told(), listener.path)  # waits for room
        ours.sendto(b"the end", listener.path)
    assert "dropped" in listener.trouble.get(timeout=PATIENCE_S)
    assert "refused" in listener.trouble.get(timeout=PATIENCE_S)
    assert listener.hints.qsize() == RATE_HZ
    assert listener.hook.dropped == many - RATE_HZ
    listener.now += 2.0 / RATE_HZ
    send(listener.path, told(source="late"))
    while listener.get().source != "late":
        pass


def test_nonsense_as_fast_as_it_can_be_sent_is_read_slowly(listener: Listener) -> None:
    nonsense = 30
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        began = monotonic()
        for datagram in (*[b"nonsense"] * nonsense, told()):
            ours.sendto(datagram, listener.path)  # waits for room
    listener.get()
    assert monotonic() - began > nonsense * REST_MS / 1000 / 2
    assert listener.hook.refused == nonsense


def test_an_engine_that_takes_none_is_not_waited_for(listener: Listener) -> None:
    listener.takes = False
    send(listener.path, told())
    assert "dropped" in listener.trouble.get(timeout=PATIENCE_S)
    assert listener.hook.dropped == 1


def test_closing_takes_the_file_away_and_nobody_listens(listener: Listener) -> None:
    listener.hook.close()
    assert not Path(listener.path).exists()
    with pytest.raises(ServiceError, match="nobody listens"):
        send(listener.path, told())


def test_what_a_killed_device_left_is_replaced(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    left.bind(str(tmp_path / "hints"))
    left.close()
    listener = Listener(tmp_path / "hints")
    send(listener.path, told())
    assert listener.get().source == "camera"
    listener.hook.close()


def refuses(path: Path, message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        Listener(path)


def test_the_socket_of_another_device_or_a_file_is_left_alone(listener: Listener, tmp_path: Path) -> None:
    refuses(Path(listener.path), "another device")
    (tmp_path / "diary").write_text("dear")
    refuses(tmp_path / "diary", "is a file")
    assert (tmp_path / "diary").read_text() == "dear"
    send(listener.path, told())
    assert listener.get().source == "camera"


def test_a_path_that_cannot_be_is_refused(tmp_path: Path) -> None:
    refuses(tmp_path / ("long" * 40), "short path")
    refuses(tmp_path / "no" / "folder", "short path")


def test_the_command_sends_one(listener: Listener, tmp_path: Path) -> None:
    assert main(["hint", "--socket", listener.path, "--source", "door", "--person", "1", "--floor", "-.5"]) == 0
    assert listener.get() == Hint(0, "door", 1.0, -0.5)
    (tmp_path / "device.yaml").write_text(f"hints: {{socket: {listener.path}}}")
    assert main(["hint", "--config", str(tmp_path / "device.yaml"), "--source", "door", "--floor", "1"]) == 0
    assert listener.get() == Hint(0, "door", 0.0, 1.0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--socket", "/nowhere/at/all", "--source", "door", "--person", "1"], "nobody listens"),
        (["--socket", "", "--source", "door", "--person", "1"], "nobody listens"),
        (["--socket", "/nowhere/at/all", "--source", "door"], "neither person nor floor"),
        (["--socket", "/nowhere/at/all", "--source", "door", "--person", "nan"], "person must be from"),
        (["--source", "door", "--person", "1"], "--socket"),
    ],
)
def test_a_hint_that_is_none_is_one_line(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hint", *words]) == 2
    assert said in capsys.readouterr().err


def test_without_a_socket_in_the_settings_there_is_nobody_to_tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "device.yaml").write_text("button: {pin: 17}")
    assert main(["hint", "--config", str(tmp_path / "device.yaml"), "--source", "door", "--floor", "1"]) == 2
    assert "has no hints.socket" in capsys.readouterr().err
