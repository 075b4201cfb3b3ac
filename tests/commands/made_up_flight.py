"""A recorded session with a flight recorder beside it, as if it had been there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgeagent import app
from edgeagent.live.door import Door
from edgeagent.settings import Flight as Kept
from edgeagent.settings import Shadow
from edgeagent.store import flight as flights
from edgeagent.store.flight import Flight
from edgeagent.store.journal import MemoryJournal, TeeJournal
from edgeagent.store.session import read_session
from edgeagent.units import RATE


def fly(session: Path, folder: Path, shadow: Shadow | None = None, before_s: int = 2, after_s: int = 1) -> list[str]:
    """The clips of `session` into `folder`; the warnings. It is done faster than any disk, so the rings are longer."""
    recorded, warned = read_session(session), list[str]()
    kept = Kept(str(folder), before_s=before_s, after_s=after_s)
    settings = replace(recorded.settings, flight=kept, shadow=shadow or Shadow())
    before, flights.SLACK = flights.SLACK, len(recorded.microphone) + RATE
    try:
        flight = Flight(settings, app.versions(settings), warned.append)
        door = Door(app.build_engine(settings, TeeJournal(MemoryJournal(), flight)))
        door.follow(flight)
        for event in recorded.events:
            door.tell(event)
        for start in range(0, len(recorded.microphone), 160):
            door.hear(recorded.reference[start : start + 160], recorded.microphone[start : start + 160])
        flight.close()
    finally:
        flights.SLACK = before
    return warned
