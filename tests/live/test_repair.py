"""A card that is gone fails in any way; it is opened anew all the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread

import pytest

from edgeagent.errors import DeviceError, DeviceHung, SoundFileError
from edgeagent.live import repair
from edgeagent.live.guarded_card import GuardedCard
from edgeagent.live.repair import Repair
from edgeagent.live.sound_path import SoundPath
from tests.live.rig import CrankCard, Rig

FAULTS = [
    DeviceError("gone"),
    OSError(-9996, "Invalid device"),
    ValueError("rate"),
    SoundFileError("torn"),
    KeyError(1),
]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "RETRY_S", 0.001)


class Broken(CrankCard):
    """Cannot be closed."""

    def __init__(self, fault: Exception) -> None:
        super().__init__(Rig())
        self.fault = fault

    def close(self) -> None:
        self.rig.close()
        raise self.fault


def repaired(mending: Repair) -> SoundPath:
    """What comes of it in the end."""
    end = time.monotonic() + 10
    while (path := mending.take()) is None:
        assert mending.at_work
        assert time.monotonic() < end, "given up"
        time.sleep(0.001)
    assert not mending.at_work
    return path


def made(faults: list[Exception]) -> Callable[[], SoundPath]:
    """Fails with each of these, then succeeds."""
    left = list(faults)

    def make() -> SoundPath:
        if left:
            raise left.pop(0)
        return SoundPath(GuardedCard(CrankCard(rig)), lambda _out: None)

    rig = Rig()
    rig.close()
    return make


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_whatever_goes_wrong_is_tried_again(fault: Exception) -> None:
    mending = Repair(made([fault, *FAULTS]))
    mending.start(GuardedCard(Broken(fault)))
    repaired(mending).close()


def test_a_thread_that_cannot_start_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[bool] = []
    begin = Thread.start

    def start(thread: Thread) -> None:
        started.append(thread.name == "repair")
        if started.count(True) == 1 and started[-1]:
            raise RuntimeError("can't start new thread")
        begin(thread)

    monkeypatch.setattr(Thread, "start", start)
    mending = Repair(made([]))
    mending.start(GuardedCard(Broken(FAULTS[0])))
    repaired(mending).close()


def test_a_library_that_hangs_is_the_end() -> None:
    mending = Repair(made([DeviceHung("never again")]))
    mending.start(GuardedCard(Broken(FAULTS[0])))
    with pytest.raises(DeviceHung, match="never again"):
        repaired(mending)
