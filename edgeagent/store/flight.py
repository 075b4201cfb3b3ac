"""The flight recorder: the last seconds are always in memory, and around each occasion they go to the disk.

The engine's thread copies what it hears into rings and leaves a note of what is to be kept; a thread of its own reads
the rings and writes. Nothing here waits for a disk. A disk that stalls for longer than SLACK costs a clip, a full one
costs the clips that do not fit; both are said once, and the device goes on.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeagent.errors import RingError
from edgeagent.ports import Sound
from edgeagent.settings import Settings, settings_hash
from edgeagent.signal.ring import Ring
from edgeagent.store.clips import SOUNDS, Shelf, now
from edgeagent.store.journal import line
from edgeagent.store.occasions import LONGEST, Occasion, Occasions
from edgeagent.store.plain import to_plain
from edgeagent.store.spool import Spool
from edgeagent.turn.events import Event, Fact
from edgeagent.turn.policy import Percept
from edgeagent.units import HOP, samples

SLACK = samples(8000)
"""Kept in the rings beyond the longest clip: SD cards stall for seconds."""

WAITING = 8
"""Clips that may wait for the disk. Each waits in the rings, so more of them take no memory."""

ENTRIES = 1000
"""Of the journal remembered; the liveliest minute has some hundreds."""

MUTED = "muted"
AWAY = ("mic_lost", "faulty")
"""States, as the journal has them. A device that was muted stays so where it cannot hear or speak."""

HEARD = ("mic", "clean")
"""Of the sounds, those that people can be heard in."""

Entry = Mapping[str, Any]


class Thought(NamedTuple):
    """What the engine made of the step that ended at sample `at`."""

    at: int
    near: float
    floor: float
    backchannel: float
    evidence: float


@dataclass(frozen=True, slots=True)
class _Job:
    """A clip to be written: samples [start, stop) of the session, and what belongs to them. state, muted: at its
    start."""

    start: int
    stop: int
    state: str
    muted: bool
    occasion: Occasion
    entries: Sequence[Entry]
    thoughts: Sequence[Thought]


class Flight:
    """See `live.door.Follower` and `ports.Journal`: engine thread, but for `close`."""

    def __init__(self, settings: Settings, versions: Mapping[str, str], warn: Callable[[str], None]) -> None:
        """warn: gets a line about the first clip that is lost, on the writer's thread. Raises EdgeAgentError where
        `flight.dir` cannot be written."""
        flight = settings.flight
        self._before, self._after = samples(1000 * flight.before_s), samples(1000 * flight.after_s)
        self._shelf = Shelf(Path(flight.dir).expanduser(), flight.mb * 1_000_000)
        self._head = {
            "run": now(),
            "versions": dict(versions),
            "settings": settings_hash(settings),
            "echo": to_plain(settings.echo),
            "turns": to_plain(settings.turns),
        }
        capacity = self._before + LONGEST + self._after + SLACK
        self._rings = {name: Ring(capacity) for name in SOUNDS}
        self._entries: deque[Entry] = deque(maxlen=ENTRIES)
        self._thoughts: deque[Thought] = deque(maxlen=capacity // HOP)
        self._occasions = Occasions(self._after)
        self._pending: list[Occasion] = []
        self._warn = warn
        self._lost = 0
        self._spool: Spool[_Job] = Spool("flight recorder", self._write, lambda _error: None, WAITING)

    def reference(self, block: Sound) -> None:
        """What the loudspeaker got."""
        self._rings["reference"].write(block)

    def capture(self, block: Sound) -> None:
        """What the microphone heard."""
        self._rings["mic"].write(block)

    def tell(self, event: Event | Fact) -> None:
        """The journal has it, too."""

    def write(self, entry: Entry) -> None:
        """What the engine has decided."""
        self._entries.append(entry)
        self._await(self._occasions.take(entry))

    def thought(self, percept: Percept, evidence: float, clean: Sound) -> None:
        """A step is over: so is what has been waited for, perhaps."""
        at = percept.at
        self._rings["clean"].write(clean)
        self._thoughts.append(Thought(at, percept.near, percept.floor, percept.backchannel, evidence))
        self._await(self._occasions.passes(at))
        while self._pending and at - HOP >= self._pending[0].ended + self._after:
            self._keep(self._pending.pop(0), at - HOP)

    def close(self) -> None:
        """Write what waits, within 2 s. After the engine's last step. Idempotent."""
        heard = self._rings["clean"].end
        self._await(self._occasions.leave(heard))
        for occasion in self._pending:
            self._keep(occasion, heard)
        self._pending.clear()
        if not self._spool.close():
            self._warn(f"{self._shelf.folder}: the disk does not answer; the last clips are lost")
        elif self._lost:
            self._tell_loss("the disk is too slow")

    def beside(self) -> Beside:
        """A journal for what happens beside the engine: it is kept with the clips, and decides nothing."""
        return Beside(self._entries)

    def _await(self, occasion: Occasion | None) -> None:
        if occasion is not None:
            self._pending.append(occasion)
            self._pending.sort(key=lambda each: each.ended)

    def _keep(self, occasion: Occasion, heard: int) -> None:
        """heard: up to where there is sound in all rings."""
        start = max(0, occasion.onset - self._before) // HOP * HOP
        stop = min(heard, occasion.ended + self._after)
        entries = [entry for entry in self._entries if start <= int(entry.get("at", 0)) <= stop]
        thoughts = [each for each in self._thoughts if start < each.at <= stop]
        state = next((str(each.get("from")) for each in self._entries if each.get("event") == "state"), "")
        muted = state == MUTED
        for entry in self._entries:
            if int(entry.get("at", 0)) < start:
                state, muted = _after(entry, state, muted)
        if start < stop and not self._spool.offer(_Job(start, stop, state, muted, occasion, entries, thoughts)):
            self._lost += 1

    # The writer's thread ----------------------------------------------------------------------------------------------

    def _write(self, jobs: list[_Job]) -> None:
        for job in jobs:
            try:
                sounds = {name: _read(ring, job) for name, ring in self._rings.items()}
                for start, stop in _muted(job):
                    for name in HEARD:
                        sounds[name][start:stop] = 0.0
                self._shelf.put(self._told(job), sounds)
            except RingError:
                self._tell_loss("the disk is too slow")
            except OSError as error:
                self._tell_loss(str(error.strerror))
            except Exception as error:  # a fault of ours shall cost one clip, not all that come later
                self._tell_loss(f"{type(error).__name__}: {error}")

    def _told(self, job: _Job) -> dict[str, object]:
        thoughts = job.thoughts
        columns = {name: [_rounded(getattr(each, name)) for each in thoughts] for name in Thought._fields[1:]}
        first = job.thoughts[0].at if job.thoughts else job.start
        return {
            "utc": now(job.stop - job.occasion.decided),
            **self._head,
            "start": job.start,
            "stop": job.stop,
            "state": job.state,
            "occasion": asdict(job.occasion),
            "trace": {"first": first, **columns},
            "journal": [json.loads(line(entry)) for entry in job.entries],
        }

    def _tell_loss(self, reason: str) -> None:
        self._warn(f"{self._shelf.folder}: {reason}; a clip is lost, everything else goes on")


class Beside:
    """See `Flight.beside`."""

    def __init__(self, entries: deque[Entry]) -> None:
        self._entries = entries

    def write(self, entry: Entry) -> None:
        self._entries.append(entry)


def _rounded(value: float) -> float:
    """For the trace; what is no number says nothing."""
    return round(float(value), 3) if math.isfinite(value) else 0.0


def _after(entry: Entry, state: str, muted: bool) -> tuple[str, bool]:
    """The state after an entry of the journal, and whether the device is muted then."""
    match entry.get("event"):
        case "state":
            before, state = str(entry.get("from")), str(entry.get("state"))
            return state, state == MUTED or (state in AWAY and (before == MUTED or (before in AWAY and muted)))
        case "button_long" if state in AWAY:
            return state, not muted
    return state, muted


def _muted(job: _Job) -> Iterator[tuple[int, int]]:
    """Samples of the clip in which the device was muted: who presses for that wants no recording."""
    state, muted, since = job.state, job.muted, 0
    for entry in job.entries:
        at, before = int(entry.get("at", 0)) - job.start, muted
        state, muted = _after(entry, state, muted)
        if before and not muted:
            yield since, at
        if muted and not before:
            since = at
    if muted:
        yield since, job.stop - job.start


def _read(ring: Ring, job: _Job) -> Sound:
    """(stop - start,); zeros for what lies before a ring that began later. Raises RingError if it is gone."""
    stop = min(job.stop, ring.end)
    sound = ring.read(min(job.start, stop), stop)
    return np.concatenate((sound, np.zeros(job.stop - job.start - sound.size, np.float32)))
