"""`edgeagent run` under a service manager: what it tells from its start to its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeagent.signal.wav import write_wav
from edgeagent.units import RATE
from tests.devices.sim_child import ROOT

GIVE_UP_S = 20.0


class Managed:
    """The command, and the socket on which its manager listens."""

    def __init__(self, folder: Path, *options: str, **variables: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self._socket.settimeout(GIVE_UP_S)
        environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "1000000", **variables}
        command = [sys.executable, "-m", "edgeagent", "run", "--quiet", *options]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        self.told: list[dict[str, str]] = []

    def until(self, so: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """The next message that is so."""
        while True:
            self.told.append(dict(line.split("=", 1) for line in self._socket.recv(4096).decode().split("\n")))
            if so(self.told[-1]):
                return self.told[-1]

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()
        self._socket.close()


Start = Callable[..., Managed]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Managed] = []

    def begin(*options: str, **variables: str) -> Managed:
        started.append(Managed(tmp_path, *options, **variables))
        return started[-1]

    yield begin
    for managed in started:
        managed.end()


@pytest.fixture
def room(tmp_path: Path) -> str:
    """A card of a file in which it is quiet."""
    quiet = (0.0007 * np.random.default_rng(1).standard_normal(30 * RATE)).astype(np.float32)
    write_wav(tmp_path / "room.wav", quiet)
    return f"wav:{tmp_path / 'room.wav'}"


def test_from_starting_to_ready_fed_and_stopping(start: Start, room: str) -> None:
    managed = start("--card", room)
    assert managed.until(lambda told: "STATUS" in told) == {"STATUS": "starting"}
    ready = managed.until(lambda told: "READY" in told)
    assert "echo not learnt yet" in ready["STATUS"]
    for _ in range(3):
        managed.until(lambda told: "WATCHDOG" in told)
    managed.process.send_signal(signal.SIGTERM)
    managed.until(lambda told: "STOPPING" in told)
    assert managed.process.wait(GIVE_UP_S) == 0


def test_a_watchdog_that_bites_shows_where_every_thread_stood(start: Start, room: str) -> None:
    managed = start("--card", room)
    managed.until(lambda told: "READY" in told)
    managed.process.send_signal(signal.SIGABRT)
    managed.process.wait(GIVE_UP_S)
    assert managed.process.stderr
    assert 'live/loop.py", line' in managed.process.stderr.read()
