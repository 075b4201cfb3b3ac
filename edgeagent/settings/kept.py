"""What is written down, and what is remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval


@dataclass(frozen=True, slots=True)
class Record:
    """What `edgeagent run` writes down: whole sessions, for `edgeagent replay`, and a journal without their sound."""

    dir: str = ""
    """Folder for sessions, in a folder for each start: mic.wav, reference.wav, events.jsonl, journal.jsonl. Empty:
    nothing is recorded."""

    journal: str = ""
    """File for the journal alone, over all starts: what was decided and what happened beside it. Empty: none."""

    journal_mb: Annotated[int, Interval(ge=1, le=4096)] = 10
    """MB after which `journal` is begun anew; the one before stays beside it, with .1 behind its name."""


@dataclass(frozen=True, slots=True)
class Flight:
    """The flight recorder: the sound around each stop, hold and button press, for `edgeagent review`."""

    dir: str = ""
    """Folder for its clips: microphone, loudspeaker, and what was decided why. They hold the voices of whoever is in
    the room, so nothing is kept unless a folder is named. Empty: none."""

    mb: Annotated[int, Interval(ge=10, le=1_000_000)] = 200
    """MB of clips in all; a clip takes about 1. When they are full the oldest is removed, those that you have labelled
    last."""

    before_s: Annotated[int, Interval(ge=1, le=30)] = 5
    """Seconds of sound kept from before the onset. Fewer than 5 are little for teaching the ear with them."""

    after_s: Annotated[int, Interval(ge=1, le=30)] = 3
    """Seconds kept from after the decision."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered from start to start."""

    file: str = ""
    """File (SQLite) for what the device knows of its people: how loud they usually are, what its mistakes have taught,
    and how loud and how fast they want it to speak. A few numbers, no sound and, but for `talk`, no words. Empty: it
    begins anew at every start. `edgeagent forget` empties it."""

    talk: bool = False
    """Whether `file` also holds where the conversation stands: what was said and heard, and what was left to say. After
    a restart or a power cut the device then offers to go on. These are words of people, so none are kept unless you
    say so, and those that are there are deleted."""

    talk_hours: Annotated[int, Interval(ge=1, le=8760)] = 24
    """Hours after which a line of the conversation, and what was left to say, is deleted."""

    offer_minutes: Annotated[int, Interval(ge=0, le=10_080)] = 30
    """Minutes after which the device does not ask any more whether to go on with what was cut off by a restart. 0: it
    never asks."""
