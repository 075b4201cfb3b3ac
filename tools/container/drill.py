"""One fault after the other, and what came of each: when it was shown, when a person was heard again."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from edgeagent.store.journal import read_lines
from tools.container.faults import Fault
from tools.container.machine import Machine
from tools.container.room import Room

CONFIG = """
record: {journal: /var/lib/edgeagent/journal.jsonl, journal_mb: 100}
lamp: {kind: terminal}
script: {opening: "", replies: ["Yes."]}
"""

PATIENCE_S = 30.0
"""After which a device counts as stuck, where it may not take longer."""

LAMPS = ("lamp: mic lost", "lamp: faulty", "lamp: starting")
"""That it cannot hear, or has only just begun."""

AT_WORK = 2
"""Processes: ours and the voice."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds: from the fault to the lamp and the journal that show it (-1: not needed), from its end to listening
    (-1: it listened all the time) and to a person being heard. wrong: promises that were broken."""

    fault: str
    shown_s: float
    again_s: float
    heard_s: float
    wrong: tuple[str, ...]


def started(machine: Machine) -> None:
    """Starts the service and waits until it is ready. Raises RuntimeError."""
    machine.call("systemctl", "start", "--no-block", "edgeagent")
    if not machine.until(lambda: machine.show("ActiveState")["ActiveState"] == "active", PATIENCE_S):
        raise RuntimeError(machine.call("systemctl", "status", "--no-pager", "edgeagent", check=False))


def drill(machine: Machine, room: Room, faults: Sequence[Fault], random: Random) -> Iterator[Outcome]:
    """Each of them once, in this order; the service must be running."""
    for fault in faults:
        lasts_s = random.uniform(*fault.lasts)
        machine.aim()
        begun = time.monotonic()
        fault.begin(machine, room)
        time.sleep(max(0.0, begun + lasts_s - time.monotonic()))
        mended = time.monotonic() if fault.lasts[1] else begun
        fault.mend(machine, room)
        yield judged(machine, fault, begun, mended, heard(machine, room, max(PATIENCE_S, fault.again_s + 10.0)))
        time.sleep(random.uniform(0.0, 1.0))


def heard(machine: Machine, room: Room, patience_s: float = PATIENCE_S) -> float:
    """The moment at which a person who goes on asking was heard; 0 for never. Then it has answered."""
    end = time.monotonic() + patience_s
    while (asked := time.monotonic()) < end:
        until = asked + room.speak() + 1.0
        while time.monotonic() < until:
            if found := [entry["when"] for entry in machine.journal(asked) if _state(entry) == "hearing"]:
                _answered(machine, found[0])
                return float(found[0])
            time.sleep(0.1)
    return 0.0


def _answered(machine: Machine, heard: float) -> None:
    """Waits until the conversation is over."""

    def over() -> bool:
        states = [_state(entry) for entry in machine.journal(heard) if _state(entry)]
        return states[-1:] == ["idle"] and len(states) > 1

    machine.until(over, PATIENCE_S)


def _state(entry: dict[str, Any]) -> str:
    return str(entry.get("EDGEAGENT_STATE", "")) if entry.get("EDGEAGENT_EVENT") == "state" else ""


def judged(machine: Machine, fault: Fault, begun: float, mended: float, heard: float) -> Outcome:
    """What the log says came of it. begun, mended, heard: moments of time.monotonic(), `heard` 0 for never."""
    entries = list(machine.journal(begun))
    lamp = min((entry["when"] for entry in entries if entry["MESSAGE"].startswith(LAMPS)), default=0.0)
    told = min(
        (entry["when"] for entry in entries if _state(entry) in ("mic_lost", "faulty") or _began(entry)), default=0.0
    )
    shown = max(lamp, told) if lamp and told else 0.0
    ready = int(machine.show("ActiveEnterTimestampMonotonic")["ActiveEnterTimestampMonotonic"]) / 1e6
    back = [entry["when"] for entry in entries if entry.get("EDGEAGENT_FROM") in ("mic_lost", "faulty")]
    again = max([when for when in (ready, *back) if begun < when <= max(heard, begun)], default=0.0)
    wrong = []
    shown_s, again_s = shown - begun if shown else -1.0, max(0.0, again - mended) if again else -1.0
    if not heard:
        wrong.append("nobody was heard any more")
    deaf_s = min(when for when in (shown, heard, time.monotonic()) if when) - begun
    if fault.deafens and deaf_s > fault.shown_s:
        wrong.append(f"deaf for {deaf_s:.1f} s before it was shown")
    if again_s > fault.again_s:
        wrong.append(f"listened only {again_s:.1f} s after its end")
    wrong.extend(_orphans(machine))
    return Outcome(fault.name, shown_s, again_s, heard - mended, tuple(wrong))


def _began(entry: dict[str, Any]) -> bool:
    """A new process says that it starts."""
    return entry.get("EDGEAGENT_EVENT") == "realtime"


def _orphans(machine: Machine) -> Iterator[str]:
    """Processes of the service's user that are not its own."""
    main, processes = machine.main(), machine.processes()
    for pid, parent in processes.items():
        if pid != main and parent != main and parent not in processes:
            yield f"process {pid} is nobody's child"
    if len(processes) > AT_WORK:
        yield f"{len(processes)} processes"


def lost_lines(machine: Machine) -> list[str]:
    """What the system's journal has and the journal in the file lacks. That file must have no damaged line, or
    SessionError is raised."""
    file = read_lines(Path(machine.root, "var/lib/edgeagent/journal.jsonl"))
    written = Counter(_key(str(entry.get("event")), entry.get("at"), entry.get("state", "")) for entry in file)
    told: Counter[str] = Counter()
    for entry in machine.journal():
        if "EDGEAGENT_EVENT" in entry:
            at, state = int(entry.get("EDGEAGENT_AT", 0)), entry.get("EDGEAGENT_STATE", "")
            told[_key(entry["EDGEAGENT_EVENT"], at, state)] += 1
    return sorted((told - written).elements())


def _key(event: str, at: object, state: object) -> str:
    return json.dumps([event, at, state])
