"""Which recordings are learnt from and which are held back to measure on: whole people or whole sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from edgeagent.errors import EdgeAgentError
from edgeagent.store.takes import Expected
from tools.train.collected import Recorded

SHARE = 0.25
"""Of the takes that are held back at least."""

ENOUGH = 5
"""Takes of each kind that is NEEDED on either side, or the figures say nothing."""

NEEDED = (Expected.FLOOR, Expected.BACKCHANNEL, Expected.NOISE)

PEOPLE = 3
"""From so many people on, whole people are held back."""


class By(StrEnum):
    """person: figures hold for people whom the models have not heard. session: for the same people at another time."""

    PERSON = "person"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Split:
    """learnt, held: sessions. by: what they have not in common."""

    learnt: tuple[Recorded, ...]
    held: tuple[Recorded, ...]
    by: By

    def __str__(self) -> str:
        whom = (
            "people who are not learnt from" if self.by is By.PERSON else "other sessions, also of people learnt from"
        )
        return f"learns from {_sessions(self.learnt)}\nmeasures on {_sessions(self.held)}: {whom}"


def split(sessions: Sequence[Recorded], seed: int, by: By | None = None) -> Split:
    """The same for the same seed. by: None chooses people where there are PEOPLE. Raises EdgeAgentError where there is
    too little for both sides."""
    by = by or (By.PERSON if len({_whom(one) for one in sessions}) >= PEOPLE else By.SESSION)
    units: dict[str, list[Recorded]] = {}
    for one in sessions:
        units.setdefault(_whom(one) if by is By.PERSON else str(one.folder), []).append(one)
    if len(units) < 2:
        raise EdgeAgentError(
            f"one {by} alone: nothing can be held back, and models are not measured on what they learnt from",
            "record another session, better on another day, or other people",
        )
    names = sorted(units)
    order = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    everything = sum(len(one.takes) for one in sessions)
    held: list[Recorded] = []
    for number, name in enumerate(order[:-1], start=1):
        held += units[name]
        enough = sum(len(one.takes) for one in held) >= SHARE * everything and not _lacking(held)
        learnt = [one for other in order[number:] for one in units[other]]
        if enough and not _lacking(learnt):
            return Split(tuple(learnt), tuple(held), by)
    raise EdgeAgentError(
        f"too little to hold back: {_counted(sessions)} in {len(units)} units of one {by}; each side needs {ENOUGH} "
        "of each kind",
        "record more, and then again",
    )


def _whom(one: Recorded) -> str:
    """A name is typed anew for each session."""
    return one.person.casefold()


def _lacking(sessions: Sequence[Recorded]) -> list[Expected]:
    return [kind for kind in NEEDED if sum(one.count(kind) for one in sessions) < ENOUGH]


def _sessions(some: Sequence[Recorded]) -> str:
    people = len({_whom(one) for one in some})
    of = f"{_number(len(some), 'session', 'sessions')} of {_number(people, 'person', 'people')}"
    return f"{of}, {_counted(some)}"


def _number(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _counted(sessions: Sequence[Recorded]) -> str:
    counts = {kind: sum(one.count(kind) for one in sessions) for kind in Expected}
    return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count or kind in NEEDED)
