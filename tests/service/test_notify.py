"""What a service manager gets to read, on a real socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edgeagent.monitor.notify import SOCKET, WATCHDOG_PID, WATCHDOG_USEC, Manager, manager
from edgeagent.monitor.service import LATE_S, LONGER, START_S, STATES, WAITS_S, Service, status
from edgeagent.turn.outputs import Light
from edgeagent.vitals import Vitals

WELL = Vitals(16_000, 1.0, "idle", "idle", (), "USB PnP", hears=True, erle_db=33.4, trust="trusted")


class Listening:
    """The manager's end."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.setblocking(False)

    def take(self) -> list[dict[str, str]]:
        """All that came since the last call."""
        told: list[dict[str, str]] = []
        while True:
            try:
                text = self.socket.recv(4096).decode()
            except BlockingIOError:
                return told
            told.append(dict(line.split("=", 1) for line in text.split("\n")))


@pytest.fixture(params=["path", "abstract"])
def listening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listening]:
    address = str(tmp_path / "notify") if request.param == "path" else f"@edgeagent-test-{os.getpid()}"
    listening = Listening(address)
    yield listening
    listening.socket.close()


@pytest.fixture
def service(listening: Listening) -> Iterator[Callable[[Vitals], None]]:
    told = Manager(listening.address, watchdog_s=2.0)
    yield Service(told)
    told.close()


def after(vitals: Vitals, seconds: float) -> Vitals:
    return replace(vitals, monotonic_s=vitals.monotonic_s + seconds)


def test_ready_is_told_once_with_the_first_vitals_that_hear(
    listening: Listening, service: Callable[[Vitals], None]
) -> None:
    service(Vitals())
    service(replace(WELL, hears=False))
    assert not any("READY" in told for told in listening.take())
    service(WELL)
    (told,) = listening.take()
    assert told["READY"] == "1"
    assert told["WATCHDOG_USEC"] == "1750000"  # of 2 s: the manager's timers are late by up to a quarter of one
    service(after(WELL, 1.0))
    assert not any("READY" in told for told in listening.take())


def test_the_watchdog_is_fed_while_it_hears_and_at_no_other_time(
    listening: Listening, service: Callable[[Vitals], None]
) -> None:
    for tick in range(100):
        service(after(WELL, tick / 10))
    fed = [told for told in listening.take() if "WATCHDOG" in told]
    assert 10 <= len(fed) <= 25  # in 10 s, for a patience of 2 s
    deaf = replace(WELL, hears=False, state="mic_lost", trouble="the microphone gives only zeros")
    for tick in range(100, 200):
        service(after(deaf, tick / 10))
    assert not any("WATCHDOG" in told for told in listening.take())
    service(after(WELL, 20))
    assert any("WATCHDOG" in told for told in listening.take())


def test_the_status_says_state_card_and_echo_and_only_what_is_new(
    listening: Listening, service: Callable[[Vitals], None]
) -> None:
    for tick in range(10):
        service(after(replace(WELL, erle_db=33.4 + tick / 10), tick / 10))
    said = [told["STATUS"] for told in listening.take() if "STATUS" in told]
    assert said == ["listening; card USB PnP; hears through its own voice, echo 30 dB less"]
    lost = replace(WELL, hears=False, state="mic_lost", trouble="sound device 'usb' is busy", trust="converging")
    service(after(lost, 3.0))
    (told,) = listening.take()
    assert told["STATUS"] == "deaf: sound device 'usb' is busy; card USB PnP; echo not learnt yet"


def test_every_state_has_words_and_what_impairs_it_is_told() -> None:
    assert set(STATES) == {light.value for light in Light}
    slow = replace(WELL, impaired=("slow",), trust="untrusted")
    assert status(slow).endswith("cannot hear through its own voice; hears less well: the machine is too slow")


def test_a_line_cannot_hold_another(listening: Listening) -> None:
    told = Manager(listening.address)
    assert told.tell(STATUS="card\nREADY=1")
    assert listening.take() == [{"STATUS": "card READY=1"}]
    told.close()


def test_a_manager_that_is_away_or_full_holds_nothing_up(listening: Listening, tmp_path: Path) -> None:
    away = Manager(str(tmp_path / "nobody"))
    assert not away.tell(READY=1)
    away.close()
    full = Manager(listening.address, watchdog_s=2.0)
    service = Service(full)
    for tick in range(5000):
        service(after(WELL, tick))
    assert full.missed > 0
    listening.take()
    lost = replace(WELL, hears=False, state="mic_lost", trouble="gone")
    service(after(lost, 5001))
    service(after(WELL, 5002))  # what was missed is made up for
    assert [told.get("STATUS", "")[:4] for told in listening.take()] == ["deaf", "list"]
    full.close()


def test_the_variables_are_for_us_and_not_for_our_children(tmp_path: Path) -> None:
    variables = {SOCKET: str(tmp_path / "s"), WATCHDOG_USEC: "5000000", WATCHDOG_PID: str(os.getpid()), "HOME": "/"}
    ours = manager(variables)
    assert ours is not None
    assert ours.watchdog_s == 5.0
    assert variables == {"HOME": "/"}
    ours.close()
    others = manager({SOCKET: str(tmp_path / "s"), WATCHDOG_USEC: "5000000", WATCHDOG_PID: "1"})
    assert others is not None
    assert others.watchdog_s == 0.0
    others.close()
    assert manager({}) is None
    assert manager({SOCKET: "vsock:2:1"}) is None


def test_a_card_that_is_lent_feeds_the_watchdog_as_long_as_it_is_excused(
    listening: Listening, service: Callable[[Vitals], None]
) -> None:
    service(WELL)
    lent = replace(WELL, hears=False, excused=True, state="mic_lost", light="calibrating", trouble="calibrating")
    listening.take()
    fed = 0
    for tenth in range(1, 601):
        service(after(lent, tenth / 10))
        told = listening.take()
        fed += sum("WATCHDOG" in each for each in told)
        assert not any("READY" in each for each in told)
        if tenth == 1:
            assert told[0]["STATUS"].startswith("calibrating, and deaf meanwhile; card USB PnP")
    assert fed >= 60 / 2.0
    late = replace(lent, excused=False)
    for tenth in range(601, 650):
        service(after(late, tenth / 10))
    assert not any("WATCHDOG" in each for each in listening.take())


def test_until_it_is_ready_it_asks_for_time_as_often_as_it_takes_and_never_afterwards(
    listening: Listening, service: Callable[[Vitals], None]
) -> None:
    waits = replace(WELL, hears=False, state="mic_lost", trouble="sound device 'usb' is gone")
    patience_s = 0.0  # until when a manager waits
    for tenth in range(36_000):  # an hour without a card
        now = waits.monotonic_s + tenth / 10
        service(replace(waits, monotonic_s=now))
        for told in listening.take():
            assert "READY" not in told
            if LONGER in told:
                patience_s = now + int(told[LONGER]) / 1e6
        assert now < patience_s - WAITS_S / 2  # one message, or two, may get lost
    service(replace(WELL, monotonic_s=now + 0.1))
    for tenth in range(2, 100):
        service(replace(waits if tenth % 3 else WELL, monotonic_s=now + tenth / 10))
    assert not any(LONGER in told for told in listening.take())


def test_an_engine_that_hangs_before_it_is_ready_is_ended_within_the_time_of_a_watchdog(
    listening: Listening, service: Callable[[Vitals], None]
) -> None:
    service(Vitals(monotonic_s=1.0, state="mic_lost", trouble="gone"))
    (told,) = listening.take()  # and then no more
    assert int(told[LONGER]) / 1e6 + LATE_S <= WAITS_S


def test_each_step_of_a_start_has_a_time_of_its_own_and_what_is_said_later_has_none(listening: Listening) -> None:
    told = Manager(listening.address, watchdog_s=2.0)
    service = Service(told)
    service.say("starting")
    service.say("cannot start: audio.inptu")
    assert [int(each[LONGER]) for each in listening.take()] == [START_S * 1e6] * 2
    service(WELL)
    service.say("of other words")
    assert LONGER not in listening.take()[-1]
    told.close()


def test_time_that_was_asked_for_while_the_manager_was_away_is_asked_for_again_at_once(tmp_path: Path) -> None:
    told = Manager(str(tmp_path / "notify"))
    service = Service(told)
    waits = replace(WELL, hears=False, state="mic_lost", trouble="gone")
    service(waits)
    listening = Listening(str(tmp_path / "notify"))
    service(after(waits, 0.1))
    assert LONGER in listening.take()[0]
    told.close()
    listening.socket.close()
