"""What people have recorded with `edgeagent collect`, as the ear gets it: through the canceller of the device, with its
settings and with whatever the card lost, to the features; the labels are the stretches that were found then.

What is not sure is left out: takes that were no good, and sound between the takes that is too loud to be nothing. Only
sessions with a consent are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeagent.app import build_engine
from edgeagent.detect.deaf import Deaf
from edgeagent.detect.stretch import clear_db
from edgeagent.errors import SessionError
from edgeagent.signal.canceller import Cancelled
from edgeagent.signal.measure import LEVELS, LINEAR_POWER, MEASURED, Measure, Vector
from edgeagent.sim.replay import replay
from edgeagent.store.journal import MemoryJournal
from edgeagent.store.session import Session, read_session
from edgeagent.store.takes import CONSENT, TAKES, Expected, Take, read_consent, read_takes
from edgeagent.units import HOP
from tools.train.acts import Heard
from tools.train.render import Event
from tools.train.scenes import LEAST, Listened, per_hop
from tools.train.truth import AFTER, IGNORED, Truth, hop_of, truth

HEARD = {
    Expected.FLOOR: Heard.FLOOR,
    Expected.BACKCHANNEL: Heard.BACKCHANNEL,
    Expected.NOISE: Heard.NOISE,
    Expected.FAR: Heard.FAR,
}
"""What a take that was asked for so is."""

CLEAN_POWER = LINEAR_POWER - 1

AROUND = 12
"""Hops before and behind what is not sure that are left out as well."""

SOURCE = "collected"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One session. takes: the good ones. unsure: (hops,) bool, what is neither learnt from nor measured on."""

    folder: Path
    person: str
    listened: Listened
    takes: tuple[Take, ...]
    unsure: NDArray[np.bool_]

    def count(self, expected: Expected) -> int:
        """Good takes of that kind."""
        return sum(take.expected is expected for take in self.takes)

    def truth(self) -> Truth:
        """What is true of each hop, IGNORED where that is not sure."""
        whole = truth(self.listened, {})
        near, kind = (np.where(self.unsure, IGNORED, labels) for labels in (whole.near, whole.kind))
        return replace(whole, near=near, kind=kind)


def find(folders: Iterable[Path]) -> list[Path]:
    """The collected sessions in and below these folders, in order, each once, also where a copy of it lies there: it
    would be measured on what was learnt from. Raises SessionError where there is none."""
    found: dict[bytes, Path] = {}
    for folder in folders:
        here = sorted(path.parent for path in folder.rglob(CONSENT))
        if not here:
            raise SessionError(f"{folder}: holds no collected session", "name a folder that `edgeagent collect` wrote")
        for one in here:
            found.setdefault(_name(one), one)
    return list(found.values())


def _name(folder: Path) -> bytes:
    """What no other session has. Raises SessionError."""
    try:
        return b"".join(path.read_bytes() for path in (folder / CONSENT, folder / TAKES) if path.exists())
    except OSError as error:
        raise SessionError(f"{error.filename}: {error.strerror}", "make it readable, or leave it out") from error


def recorded(folder: Path) -> Recorded:
    """The session in `folder`, listened to once more. Raises SessionError, also without a consent."""
    person = read_consent(folder).person
    session, takes = read_session(folder), read_takes(folder)
    packed, lost = _packed(session)
    size = len(packed) * HOP
    whole = [take for take in takes if take.until <= size]
    good = tuple(take for take in whole if take.good)
    heard = np.zeros(size, np.int8)
    events = []
    for take in good:
        if take.expected in HEARD:
            kind = HEARD[take.expected]
            for start, stop in take.sounds:
                heard[start:stop] = kind
            start, stop = take.sounds[0][0], take.sounds[-1][1]
            power = (10 ** packed[hop_of(start) : hop_of(stop), LINEAR_POWER].astype(np.float64)).mean()
            events.append(Event(kind, start, stop, take.text, float(10 * np.log10(power)), SOURCE))
    listened = Listened(packed, per_hop(heard), tuple(events))
    return Recorded(folder, person, listened, good, _unsure(listened, whole) | lost)


def _packed(session: Session) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """(hops, MEASURED): what was measured of each hop, packed as `Listened` has it. (hops,): which of them are lost
    sound, of which nothing was."""
    measure, vectors, lost = Measure(), list[Vector](), list[bool]()

    def watch(cancelled: Cancelled, at: int) -> None:
        while len(vectors) < at // HOP - 1:
            vectors.append(np.zeros(MEASURED, np.float32))
            lost.append(True)
        vectors.append(measure.of(cancelled))
        lost.append(False)

    engine = build_engine(session.settings, MemoryJournal(), Deaf(None, watch))
    replay(engine, session.reference, session.microphone, session.events)
    if not vectors:
        raise SessionError("a session without a hop of sound", "record it again")
    made = np.stack(vectors)
    made[:, :LEVELS] = np.log10(made[:, :LEVELS] + LEAST)
    return made.astype(np.float16), np.array(lost)


def _unsure(listened: Listened, takes: Sequence[Take]) -> NDArray[np.bool_]:
    hops = len(listened.heard)
    ground = float(np.median([take.ground_db for take in takes])) if takes else -90.0
    loud = 10 * listened.packed[:, CLEAN_POWER].astype(np.float64) > clear_db(ground)
    for take in takes:
        if take.good:
            loud[hop_of(take.shown) : hop_of(take.until)] = False
    unsure = np.convolve(loud, np.ones(2 * AROUND + 1), "same")[:hops] > 0
    for take in takes:
        window = slice(hop_of(take.shown), hop_of(take.until) + AFTER)
        unsure[window] = not take.good
    return unsure


def pieces(one: Recorded, hops: int) -> Iterator[tuple[Listened, Truth]]:
    """The session cut into pieces of `hops`, which begin between takes and so overlap a little; nothing of one that is
    shorter."""
    listened, whole = one.listened, one.truth()
    total, start = len(listened.heard), 0
    free = np.ones(total + 1, np.bool_)
    for event in listened.events:
        free[hop_of(event.start) : hop_of(event.stop) + AFTER] = False
    while start + hops <= total:
        span = slice(start, start + hops)
        inside = [event for event in listened.events if start <= hop_of(event.start) < start + hops]
        moved = tuple(replace(e, start=e.start - start * HOP, stop=e.stop - start * HOP) for e in inside)
        cut = Truth(*(getattr(whole, field.name)[span] for field in fields(Truth)))
        yield Listened(listened.packed[span], listened.heard[span], moved), cut
        if start + hops == total:
            return
        between = np.flatnonzero(free[start + 1 : start + hops + 1])
        start = min(total - hops, start + 1 + int(between[-1]) if between.size else start + hops)
