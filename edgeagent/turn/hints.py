"""What others than the ear have noticed lately: their hints, fading and bounded.

A hint is a log-likelihood ratio, so hints of independent sources add up, and they add to the ear's own (I. J. Good,
"Probability and the Weighing of Evidence", 1950). Nobody here knows how well a camera or a sensor is calibrated, or
whether two of them see the same thing; therefore no source counts beyond a bound, nor do all of them together. The
policy asks for them only while sound has raised a doubt: alone they neither duck, nor stop, nor open a turn.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeagent.turn.events import Hint
from edgeagent.units import samples

HALF_LIFE = samples(750)
"""In which a hint loses half of its weight. Who raises a hand speaks within a second or two; a quarter is left after
1.5 s, the longest doubt."""

FORGOTTEN = 8 * HALF_LIFE
"""After which nothing is left of a hint, not even its source's name (6 s; it would be 0.4 %)."""

PERSON_MOST = 4.0
"""Nats that all hints together may bring for or against a person: what a single step of sound may, and less than a
quarter of what a stop needs."""

FLOOR_MOST = 1.5
"""Nats that all hints together may bring for or against taking the floor. What the ear takes for a backchannel at nine
to one stays one as long as it may be one, 0.9 s; and what takes the floor at nine to one still stops."""

SHARE = 2 / 3
"""Of both that a single source can use up: the rest takes a second one that agrees."""

SOURCES_MOST = 16
"""Sources remembered; of more, those that have been silent for longest are forgotten. There are a few sensors."""


REPEATED = samples(1500)
"""In which a source that says the same again only lasts: a sensor that stays on does so every half second, a camera
with every frame."""


@dataclass(frozen=True, slots=True)
class _Memory:
    """What a source had said in all, as it stood at sample `at`, and the nats that it brought last."""

    at: int
    person: float
    floor: float
    last: tuple[float, float]

    def faded(self, at: int) -> tuple[float, float]:
        left = faded(at - self.at)
        return self.person * left, self.floor * left


class Hints:
    """The memory of the last seconds' hints. Engine thread only."""

    def __init__(self) -> None:
        self._sources: dict[str, _Memory] = {}

    def take(self, hint: Hint) -> None:
        """A hint, at its own sample; never before an earlier one."""
        told = hint.person, hint.floor
        person, floor = self._sources.pop(hint.source, _Memory(hint.at, 0.0, 0.0, told)).faded(hint.at)
        person = _bounded(person + hint.person, SHARE * PERSON_MOST)
        self._sources[hint.source] = _Memory(hint.at, person, _bounded(floor + hint.floor, SHARE * FLOOR_MOST), told)
        while len(self._sources) > SOURCES_MOST:
            del self._sources[next(iter(self._sources))]

    def is_news(self, hint: Hint) -> bool:
        """Whether its source says something else than it has been saying until now. To be asked before `take`."""
        known = self._sources.get(hint.source)
        told = hint.person, hint.floor
        return known is None or known.last != told or hint.at - known.at > REPEATED

    def weigh(self, at: int) -> tuple[float, float]:
        """Nats for a person, within PERSON_MOST, and for taking the floor, within FLOOR_MOST, as they stand at sample
        `at`; both exactly 0 without hints."""
        self._sources = {name: told for name, told in self._sources.items() if at - told.at < FORGOTTEN}
        if not self._sources:
            return 0.0, 0.0
        persons, floors = zip(*(told.faded(at) for told in self._sources.values()), strict=True)
        return _bounded(sum(persons), PERSON_MOST), _bounded(sum(floors), FLOOR_MOST)

    def why(self, at: int) -> dict[str, float]:
        """For the journal beside what was decided at sample `at`; empty without hints."""
        person, floor = self.weigh(at)
        return {"hinted_person": person, "hinted_floor": floor} if self._sources else {}


def faded(age: int) -> float:
    """What is left of a hint's weight after so many samples, in [0, 1]."""
    return float(0.5 ** (max(0, age) / HALF_LIFE))


def _bounded(value: float, most: float) -> float:
    return max(-most, min(most, value))
