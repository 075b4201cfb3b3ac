"""What became of each event in a word, and which decisions were wrong.

An event takes the floor or it does not; of either sort each tested event has exactly one outcome, so that the counts of
a row add up. A stop that no event can be blamed for is the device's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from edgeagent.sim.score import RunScore
from edgeagent.sim.stops import SELF
from edgeagent.sim.truth import USER
from edgeagent.sim.verdicts import IN_TIME, EventScore
from edgeagent.units import seconds


class Outcome(StrEnum):
    """In order from right to wrong: first of events that take the floor, then of the others, then of no event."""

    STOPPED = "in time"
    TALKED_ON = "talked on"
    LATE = "late"
    MISSED = "missed"

    UNDISTURBED = "undisturbed"
    DUCKED = "ducked only"
    HELD = "held"
    FALSE_STOP = "false stop"

    SELF_STOP = "self stop"


FLOOR = (Outcome.STOPPED, Outcome.TALKED_ON, Outcome.LATE, Outcome.MISSED)
"""Of events at which the device should stop. Talked on: it stopped in time, and the utterance came back."""

OTHER = (Outcome.UNDISTURBED, Outcome.DUCKED, Outcome.HELD, Outcome.FALSE_STOP)
"""Of events at which it should go on. Held: silent for at most a second, and nothing lost."""

WRONG = frozenset((Outcome.TALKED_ON, Outcome.LATE, Outcome.MISSED, Outcome.FALSE_STOP, Outcome.SELF_STOP))


def outcome(event: EventScore) -> Outcome:
    """What became of a tested event."""
    if event.kind in USER:
        if event.stopped:
            return Outcome.STOPPED if event.committed else Outcome.TALKED_ON
        return Outcome.LATE if event.late else Outcome.MISSED
    if event.false_stop:
        return Outcome.FALSE_STOP
    if event.held:
        return Outcome.HELD
    return Outcome.DUCKED if event.ducked_s else Outcome.UNDISTURBED


@dataclass(frozen=True, slots=True)
class Wrong:
    """One wrong decision. kind, style, text: of the event, SELF and "" without one. Times are seconds of the scene;
    start_s, end_s: the event's, None without one. stop_s: when the loudspeaker fell silent, None if it did not."""

    scene: str
    outcome: Outcome
    kind: str
    style: str
    text: str
    start_s: float | None
    end_s: float | None
    stop_s: float | None

    def plain(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)

    @property
    def at_s(self) -> float:
        """Where it begins: at the onset, or at a stop without one."""
        return self.start_s if self.start_s is not None else self.stop_s or 0.0

    @property
    def decided_s(self) -> float:
        """By when it was decided: at the stop; without one, when it was too late for one in time and the event over."""
        if self.stop_s is not None:
            return self.stop_s
        return max(self.end_s or 0.0, self.at_s + seconds(IN_TIME))


def wrong(run: RunScore) -> Iterator[Wrong]:
    """The wrong decisions of a run: first those about its events, then the stops that belong to none."""
    for event in run.events:
        if event.tested and (found := outcome(event)) in WRONG:
            times = (event.start_s, event.end_s, event.stop_s)
            yield Wrong(run.scene, found, event.kind, event.style, event.text, *times)
    for stop in run.stops:
        if stop.cause == SELF and not stop.held:
            yield Wrong(run.scene, Outcome.SELF_STOP, SELF, "", "", None, None, seconds(stop.at))
