"""A card that is gone fails in any way; it is opened anew all the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Event, Thread

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
        return SoundPath(GuardedCard(CrankCard(rig)), rig.playback)

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


@pytest.fixture
def stuck() -> Iterator[Callable[[], SoundPath]]:
    """An attempt that does not end before the test does."""
    over = Event()

    def make() -> SoundPath:
        over.wait(20)
        raise DeviceError("too late")

    yield make
    over.set()


def test_an_attempt_that_never_ends_is_the_end(stuck: Callable[[], SoundPath], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "HANGS_S", 0.05)
    mending, rig = Repair(stuck), Rig()
    mending.start(GuardedCard(CrankCard(rig)))
    rig.close()
    with pytest.raises(DeviceHung, match="hangs opening"):
        repaired(mending)


def test_a_first_attempt_ends_in_time_whatever_comes_of_it(
    stuck: Callable[[], SoundPath], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DeviceError, match="gone"):
        repair.in_time(made([DeviceError("gone")]))
    repair.in_time(made([])).close()
    monkeypatch.setattr(repair, "HANGS_S", 0.05)
    with pytest.raises(DeviceHung, match="hangs opening"):
        repair.in_time(stuck)


def test_a_card_that_comes_when_nobody_wants_one_any_more_is_closed() -> None:
    begun, over, rig = Event(), Event(), Rig()

    def make() -> SoundPath:
        begun.set()
        assert over.wait(20)
        return rig.opened()

    mending = Repair(make)
    mending.start(GuardedCard(Broken(FAULTS[0])))
    assert begun.wait(20)
    mending.close()
    over.set()
    end = time.monotonic() + 10
    while "close" not in rig.log:
        assert time.monotonic() < end, "left open"
        time.sleep(0.001)
    rig.close()
    assert mending.take() is None


def test_a_library_that_hangs_is_the_end() -> None:
    mending = Repair(made([DeviceHung("never again")]))
    mending.start(GuardedCard(Broken(FAULTS[0])))
    with pytest.raises(DeviceHung, match="never again"):
        repaired(mending)


def test_a_second_repair_long_after_the_first_is_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    mending = Repair(made([]))
    mending.start(GuardedCard(Broken(FAULTS[0])))
    while (path := mending.take()) is None:
        pass
    now[0] += 3600
    late = Event()
    monkeypatch.setattr(Repair, "_work", lambda _repair: late.wait(20))  # its thread has not got to run yet
    mending.start(path.card)
    assert mending.take() is None
    late.set()
    path.close()
