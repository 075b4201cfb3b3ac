"""The shipped unit under a real systemd: what it may not do, what it says, and that nothing makes it deaf for long."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.devices.made_up_proc import MadeUpProc
from tools.container.drill import AT_WORK, CONFIG, drill, lost_lines, started
from tools.container.faults import FAULTS, PATIENT
from tools.container.machine import CARD, HOME, CannotRun, Machine, needed
from tools.container.room import Room
from tools.simcard import BuildError

pytest.importorskip("pyaudio", reason="needs the extra [card]")
pytest.importorskip("espeakng_loader", reason="needs the extra [speech]")
pytestmark = pytest.mark.slow

WATCHDOG_S = 5.0
"""`WatchdogSec` of the unit."""

RANDOM_FAULTS = 8
"""The promise is kept for a hundred: `python -m tools.container --count 100`, which takes a quarter of an hour."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machine, Room]]:
    """The service, listening in a quiet room."""
    try:
        needed()
        with Machine(tmp_path_factory.mktemp("container"), CONFIG) as machine, Room(machine.sim) as room:
            started(machine)
            yield machine, room
    except (CannotRun, BuildError) as missing:
        pytest.skip(str(missing))


def test_it_is_ready_says_how_it_is_and_runs_hardened(place: tuple[Machine, Room]) -> None:
    machine, _room = place
    shown = machine.show("ActiveState", "StatusText", "NRestarts", "User", "NoNewPrivileges", "MemoryDenyWriteExecute")
    assert (shown["ActiveState"], shown["NRestarts"], shown["User"]) == ("active", "0", "edgeagent")
    assert shown["StatusText"].startswith("listening; card default; ")
    assert (shown["NoNewPrivileges"], shown["MemoryDenyWriteExecute"]) == ("yes", "yes")
    status = machine.call("cat", f"/proc/{machine.main()}/status")
    assert "\nSeccomp:\t2" in status
    assert "\nNoNewPrivs:\t1" in status


def test_root_who_checks_beside_it_is_told_that_all_is_well(place: tuple[Machine, Room]) -> None:
    """systemd, the unit, the users and the card that is busy are real; who holds it is written down, for a simulated
    card has no place in the kernel's /proc/asound."""
    machine, _room = place
    main = machine.main()
    threads = machine.call("ls", f"/proc/{main}/task").split()
    proc = MadeUpProc(machine.shared / "proc")
    proc.card(0, "Sim", "Simulated card")
    for way in "cp":
        proc.pcm(0, 0, way, [int(threads[-1])])
    for number in {str(main), threads[-1]}:
        (proc.root / number).symlink_to(f"/proc/{number}")
    config = "/etc/edgeagent/edgeagent.yaml"
    libraries = f"LD_LIBRARY_PATH={HOME}/python/lib"  # of a Python that is not the system's
    environment = ["env", f"ALSA_CONFIG_PATH={CARD}/asound.conf", f"PYTHONPATH={HOME}/src", libraries]
    python = [*environment, f"{HOME}/venv/bin/python", "-m", "tests.live.check_beside"]
    said = machine.call(*python, f"{CARD}/proc", "--json", "--config", config, "--machine", check=False)
    found = {finding["topic"]: finding for finding in json.loads(said)}
    for topic in ("microphone", "loudspeaker"):
        assert found[topic]["grade"] == "ok"
        assert f"held by the running device (pid {main})" in found[topic]["text"]
    assert f"runs (pid {main}); listening; card default" in found["device"]["text"]
    assert found["device"]["text"].endswith(
        f"stop edgeagent; sudo edgeagent check --config {config} --machine; sudo systemctl start edgeagent"
    )
    assert "the unit permits SCHED_FIFO" in found["real time"]["text"]
    assert not [finding for finding in found.values() if finding["grade"] == "fail"]
    (proc.root / str(main)).unlink()
    (proc.root / threads[-1]).unlink()
    said = machine.call(*python, f"{CARD}/proc", "--json", "--config", config, "--machine", check=False)
    assert {finding["topic"]: finding["grade"] for finding in json.loads(said)}["microphone"] == "fail"


@pytest.mark.parametrize("name", [fault.name for fault in FAULTS + PATIENT])
def test_after(place: tuple[Machine, Room], name: str) -> None:
    (fault,) = (fault for fault in FAULTS + PATIENT if fault.name == name)
    (outcome,) = drill(*place, [fault], Random(1))
    assert not outcome.wrong, outcome


def test_faults_in_a_row_at_random_lose_no_line_and_leave_nobody_behind(place: tuple[Machine, Room]) -> None:
    machine, room = place
    random = Random(2)
    outcomes = list(drill(machine, room, random.choices(FAULTS, k=RANDOM_FAULTS), random))
    assert not [outcome for outcome in outcomes if outcome.wrong]
    machine.call("systemctl", "stop", "edgeagent")
    assert not machine.processes()
    assert not lost_lines(machine)


def test_what_happened_can_be_searched_for(place: tuple[Machine, Room]) -> None:
    machine, _room = place
    found = machine.call("journalctl", "--no-pager", "--output=cat", "EDGEAGENT_STATE=mic_lost")
    assert found
    assert all(line.startswith("MIC LOST ") for line in found.splitlines())


PRESS = """
import re, sys, urllib.request
page = "http://127.0.0.1:8090/"
word = re.search('name="word" value="([^"]+)"', urllib.request.urlopen(page, timeout=9).read().decode())[1]
form = f"word={word}".encode()
for path in sys.argv[1:]:
    urllib.request.urlopen(urllib.request.Request(page + path, form, {"Origin": page[:-1]}), timeout=9).close()
"""

LOOK = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8090/', timeout=9).read().decode())"


def test_a_calibration_from_the_page_is_a_known_absence_and_the_watchdog_does_not_bite(
    place: tuple[Machine, Room],
) -> None:
    machine, _room = place
    pytest.importorskip("starlette", reason="needs the extra [page]")
    configured(machine, CONFIG + "page: {port: 8090}\n")
    machine.sim.state.echo_gain_q15, machine.sim.state.echo_delay = 3 << 15, 80  # so loud that it is to be turned down
    main, begun = machine.main(), time.monotonic()
    machine.call("python3", "-c", PRESS, "calibrate")
    assert machine.until(lambda: machine.show("StatusText")["StatusText"].startswith("calibrating, and deaf"), 10)
    assert machine.until(lambda: machine.show("StatusText")["StatusText"].startswith("listening"), 180)
    assert time.monotonic() - begun > 5 * WATCHDOG_S
    assert machine.main() == main
    assert len(machine.processes()) == AT_WORK
    machine.sim.state.echo_gain_q15 = 0
    said = machine.call("python3", "-c", LOOK)
    assert "stop by gate" in said
    assert "sudo edgeagent calibrate --config /etc/edgeagent/edgeagent.yaml --keep" in said  # /etc is read-only for it
    assert "Keep these settings" not in said
    told = [entry["MESSAGE"] for entry in machine.journal(begun)]
    assert any("lends its card" in line for line in told)
    assert any(line.startswith("CALIBRATING deaf until") and "purple" in line for line in told)


def test_a_device_that_is_killed_while_it_calibrates_leaves_no_process_that_has_its_card(
    place: tuple[Machine, Room],
) -> None:
    machine, _room = place
    machine.call("python3", "-c", PRESS, "calibrate")
    assert machine.until(lambda: len(machine.processes()) > AT_WORK, 10)
    before = machine.main()
    machine.call("kill", "-KILL", str(before))
    assert machine.until(lambda: machine.main() not in (0, before), 10)
    assert machine.until(lambda: machine.show("StatusText")["StatusText"].startswith("listening"), 10)
    assert len(machine.processes()) == AT_WORK
    configured(machine, CONFIG)


def configured(machine: Machine, config: str) -> None:
    """The service, begun anew with that."""
    (Path(machine.root) / "etc" / "edgeagent" / "edgeagent.yaml").write_text(config)
    machine.call("systemctl", "stop", "edgeagent")
    started(machine)


def test_a_wrong_configuration_is_in_the_status_and_tried_seldom(place: tuple[Machine, Room]) -> None:
    machine, _room = place
    (Path(machine.root) / "etc" / "edgeagent" / "edgeagent.yaml").write_text("audio: {inptu: usb}\n")
    machine.call("systemctl", "restart", "--no-block", "edgeagent")
    assert machine.until(lambda: "cannot start: " in machine.show("StatusText")["StatusText"])
    assert machine.show("NRestarts")["NRestarts"] == "0"
    machine.call("systemctl", "stop", "edgeagent")


PINS = CONFIG + "button: {pin: 17}\namplifier: {mute_pin: 4, mute_when: low}\n"


def test_the_pins_library_runs_under_the_rules_and_says_in_the_status_that_there_are_none(
    place: tuple[Machine, Room],
) -> None:
    machine, _room = place
    for library in ("gpiozero", "lgpio"):
        pytest.importorskip(library, reason="needs the extra [pi]")
    if list(Path("/dev").glob("gpiochip*")):
        pytest.skip("this machine has GPIO")
    machine.call("systemctl", "stop", "edgeagent")
    (Path(machine.root) / "etc" / "edgeagent" / "edgeagent.yaml").write_text(PINS)
    machine.call("systemctl", "start", "--no-block", "edgeagent")
    assert machine.until(lambda: "no GPIO here (" in machine.show("StatusText")["StatusText"])
    assert (
        machine.show("NRestarts")["NRestarts"] == "0"
    )  # it was neither killed nor refused a system call that it needs
    configured(machine, CONFIG)


def test_a_device_with_pins_runs_under_the_rules_as_far_as_pins_can_be_made_up(place: tuple[Machine, Room]) -> None:
    machine, _room = place
    pytest.importorskip("gpiozero", reason="needs the extra [pi]")
    drop_in = Path(machine.root) / "etc" / "systemd" / "system" / "edgeagent.service.d" / "pins.conf"
    drop_in.write_text("[Service]\nEnvironment=GPIOZERO_PIN_FACTORY=mock\n")
    machine.call("systemctl", "daemon-reload")
    configured(machine, PINS)
    assert machine.show("StatusText")["StatusText"].startswith("listening")
    assert len(machine.processes()) == AT_WORK
    drop_in.unlink()
    machine.call("systemctl", "daemon-reload")
    configured(machine, CONFIG)
