"""The power goes in the middle of a sentence, under a real systemd and with a real disk: what is left, and what it does
with that when the power is back."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgeagent.store.journal import read_lines
from tools.container.machine import UID, CannotRun, Machine, needed
from tools.container.power import Disk
from tools.container.room import Room
from tools.simcard import BuildError

pytest.importorskip("pyaudio", reason="needs the extra [card]")
pytest.importorskip("espeakng_loader", reason="needs the extra [speech]")
pytestmark = pytest.mark.slow

STATE = "var/lib/edgeagent"

STORY = " ".join(f"This is sentence number {number} of a story that goes on and on." for number in range(1, 30))

CONFIG = f"""
record: {{journal: /{STATE}/journal.jsonl}}
memory: {{file: /{STATE}/memory.db, talk: true}}
lamp: {{kind: terminal}}
script: {{opening: "{STORY}"}}
capture: {{on_turn: "true"}}
"""

LISTENS_S = 2.0
"""From the start of the service; half a second where nothing else runs."""


class Device:
    """The machine, and its journal on the disk."""

    def __init__(self, machine: Machine, disk: Disk) -> None:
        self.machine = machine
        self.disk = disk

    def journal(self) -> list[dict[str, Any]]:
        """Raises SessionError for anything but whole lines."""
        path = self.machine.root / STATE / "journal.jsonl"
        return read_lines(path) if path.exists() else []

    def heads(self) -> list[int]:
        """Where in the journal each start begins."""
        return [index for index, entry in enumerate(self.journal()) if entry["event"] == "started"]

    def await_entry(self, event: str, start: int, **wanted: object) -> bool:
        """In the journal of that start, counted from 0."""

        def there() -> bool:
            begins = self.heads()
            entries = self.journal()[begins[start] :] if len(begins) > start else []
            return any({"event": event, **wanted}.items() <= entry.items() for entry in entries)

        return self.machine.until(there)


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    try:
        machine = Machine(tmp_path, CONFIG)
        with Disk(machine.root / STATE, tmp_path / "disk") as disk:
            os.chown(machine.root / STATE, UID, UID)
            with machine, Room(machine.sim):
                machine.call("systemctl", "add-wants", "default.target", "edgeagent")
                machine.call("systemctl", "start", "edgeagent")
                yield Device(machine, disk)
    except (CannotRun, BuildError) as missing:
        pytest.skip(str(missing))


def test_a_power_cut_in_mid_sentence_costs_what_was_not_on_the_disk_and_it_offers_to_go_on(device: Device) -> None:
    assert device.await_entry("playing", 0)
    device.disk.write_back()
    kept = device.journal()
    time.sleep(3.0)  # it goes on telling its story
    assert device.await_entry("state", 0, state="speaking")
    device.disk.cut()
    device.machine.cut()
    device.disk.again()
    left = device.journal()
    assert left[: len(kept)] == kept
    device.machine.boot()
    assert device.machine.until(lambda: device.machine.show("ActiveState")["ActiveState"] == "active")
    assert service_s(device.machine) < LISTENS_S
    assert device.await_entry("scripted", 1, text="Shall I go on?")
    assert device.journal()[: len(left)] == left
    assert device.await_entry("playing", 1)


def service_s(machine: Machine) -> float:
    """Seconds from the start of the process until it heard."""
    names = ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    shown = machine.show(*names)
    started, active = (int(shown[name]) / 1e6 for name in names)
    return active - started


def test_power_that_goes_again_and_again_at_any_moment_never_leaves_it_deaf_or_its_journal_unreadable(
    device: Device,
) -> None:
    for moment_s in (0.0, 0.3, 0.6, 1.0, 2.0):  # after its start, in which it reads and mends what is there
        device.disk.cut()
        device.machine.cut()
        device.disk.again()
        left = device.journal()
        device.machine.boot()
        assert device.journal()[: len(left)] == left
        device.machine.call("systemctl", "restart", "--no-block", "edgeagent")
        time.sleep(moment_s)
    assert device.machine.until(lambda: device.machine.show("ActiveState")["ActiveState"] == "active")
    assert device.await_entry("playing", len(device.heads()) - 1)
    assert not [entry for entry in device.journal() if entry["event"] == "memory_trouble"]


def test_a_disk_without_power_keeps_what_was_written_back_and_no_more(tmp_path: Path) -> None:
    place = tmp_path / "place"
    try:
        needed()
        with Disk(place, tmp_path / "file") as disk:
            (place / "before").write_text("kept")
            disk.write_back()
            (place / "after").write_text("lost")
            disk.cut()
            with pytest.raises(OSError, match="rror"):
                (place / "later").write_text("refused")
            disk.again()
            assert sorted(path.name for path in place.iterdir()) == ["before", "lost+found"]
            assert (place / "before").read_text() == "kept"
    except CannotRun as missing:
        pytest.skip(str(missing))
