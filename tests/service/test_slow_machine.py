"""The engine's thread gets too little of the processor, under a real systemd: what is left out and shown, and that the
watchdog bites only where nobody is heard any more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgeagent.store.journal import read_lines
from tools.container.drill import CONFIG, heard, started
from tools.container.machine import CannotRun, Machine
from tools.container.room import Room
from tools.container.slow import Ration, needs
from tools.simcard import BuildError

pytest.importorskip("pyaudio", reason="needs the extra [card]")
pytest.importorskip("espeakng_loader", reason="needs the extra [speech]")
pytestmark = pytest.mark.slow

HOPELESS = 0.05
"""Of what the engine needs while somebody talks with it; it needs half of that while nobody does."""

LESS = 0.88
"""It gets so much less from one conversation to the next, until it gets behind: what it needs varies with whatever else
runs on the machine, by more than lies between what is too little and what is far too little."""

SHOWN_S = 120.0
"""Within which all is left out and the lamp winks; a queue has to stand before anything is, and it comes and goes."""

BACK_S = 60.0
"""Within which all is taken up again: each of the three after ten seconds, if the one before was not too much."""

BITES_S = 25.0
"""5 to 13 s were measured: WatchdogSec, and before it the sound of which more than half must be given up. An engine
that gets a twentieth looks at itself every other second only."""

SAID_S = 10.0
"""Nobody is deaf for longer without the journal saying so."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Machine, Room]]:
    """The service, listening in a quiet room."""
    try:
        with Machine(tmp_path, CONFIG) as machine, Room(machine.sim) as room:
            started(machine)
            Ration(machine, 1.0)
            yield machine, room
    except (CannotRun, BuildError) as missing:
        pytest.skip(str(missing))


def journal(machine: Machine, event: str) -> list[dict[str, Any]]:
    path = Path(machine.root) / "var/lib/edgeagent/journal.jsonl"
    return [entry for entry in read_lines(path) if entry["event"] == event]


def levels(machine: Machine) -> list[int]:
    return [entry["level"] for entry in journal(machine, "shed")]


def test_one_that_is_too_slow_leaves_out_what_it_can_says_so_and_hears_on(place: tuple[Machine, Room]) -> None:
    machine, room = place
    main, need, begun = machine.main(), needs(machine, room), time.monotonic()
    with Ration(machine, need) as ration:
        while 3 not in (before := levels(machine)):
            assert time.monotonic() - begun < SHOWN_S, before
            assert heard(machine, room)
            if levels(machine) == before:
                ration.cut(LESS)
        assert machine.until(lambda: "the machine is too slow" in machine.show("StatusText")["StatusText"], 5.0)
        assert heard(machine, room)
        assert any("impaired" in entry["MESSAGE"] for entry in machine.journal(begun) if "lamp: " in entry["MESSAGE"])
        assert machine.main() == main
    assert machine.until(lambda: levels(machine)[-1] == 0, BACK_S), levels(machine)
    assert "too slow" not in machine.show("StatusText")["StatusText"]
    assert heard(machine, room)
    assert machine.main() == main


def test_one_that_hears_nobody_any_more_is_started_anew(place: tuple[Machine, Room]) -> None:
    machine, room = place
    main, need = machine.main(), needs(machine, room)
    with Ration(machine, HOPELESS * need):
        slow = time.monotonic()
        assert machine.until(lambda: machine.main() not in (0, main), BITES_S)
        assert heard(machine, room) - slow < BITES_S + SAID_S
    assert min(entry["when"] for entry in machine.journal(slow)) - slow < SAID_S
    assert any("Aborted" in entry["MESSAGE"] for entry in machine.journal(slow))  # and where each thread stood
