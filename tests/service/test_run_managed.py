"""`edgeagent run` under a service manager: what it tells from its start to its end."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest

from edgeagent.monitor.service import LONGER
from edgeagent.signal.wav import write_wav
from edgeagent.units import RATE
from tests.service.managed import GIVE_UP_S, Start

pytestmark = pytest.mark.live


@pytest.fixture
def room(tmp_path: Path) -> str:
    """A card of a file in which it is quiet."""
    quiet = (0.0007 * np.random.default_rng(1).standard_normal(30 * RATE)).astype(np.float32)
    write_wav(tmp_path / "room.wav", quiet)
    return f"wav:{tmp_path / 'room.wav'}"


def test_from_starting_to_ready_fed_and_stopping(start: Start, room: str) -> None:
    managed = start("--card", room)
    assert managed.until(lambda told: "STATUS" in told)["STATUS"] == "starting"
    managed.says("starting: loads its voice and its models")
    managed.says("starting: begins to listen")
    assert all(LONGER in told for told in managed.told)
    ready = managed.until(lambda told: "READY" in told)
    assert "echo not learnt yet" in ready["STATUS"]
    for _ in range(3):
        managed.until(lambda told: "WATCHDOG" in told)
    managed.process.send_signal(signal.SIGTERM)
    managed.until(lambda told: "STOPPING" in told)
    assert managed.process.wait(GIVE_UP_S) == 0


def test_a_watchdog_that_bites_shows_where_every_thread_stood(start: Start, room: str) -> None:
    told = ""
    for _ in range(3):  # the threads run on while their frames are read, and seldom that breaks off half-way
        managed = start("--card", room)
        managed.until(lambda told: "READY" in told)
        managed.process.send_signal(signal.SIGABRT)
        managed.process.wait(GIVE_UP_S)
        assert managed.process.stderr
        if 'live/loop.py", line' in (told := managed.process.stderr.read()):
            return
    raise AssertionError(told)
