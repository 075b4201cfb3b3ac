"""What the device made of each event: stopped in time, stopped for nothing, or went on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeagent.sim.scene import Line
from edgeagent.sim.stops import LEFT, Stop
from edgeagent.sim.track import FRAME, Played
from edgeagent.sim.truth import USER, Happening
from edgeagent.units import samples, seconds

IN_TIME = samples(1500)
"""A stop so long after the onset of a user event still counts."""

TOO_LATE = samples(1500)
"""A stop until so long after the end of a user event is the answer to it, but late."""

AFTER = samples(1000)
"""A stop until so long after the end of any other event is put down to it."""

GONE, DUCKED = 0.05, 0.7
"""Gain below which a line counts as absent, and below which it counts as ducked."""

PROTECTED = "protected"

Times = NDArray[np.int64]


@dataclass(slots=True)
class EventScore:
    """One event. Times in seconds, None where the question does not arise. `untested` says why the device was not
    speaking: idle, near_end, already_silent; or protected, where it may not be stopped whoever speaks. stop_s: when the
    stop began that is put down to it; of an event that takes no floor, the first that was wrong. The last two groups of
    fields are for user events and for others."""

    kind: str
    start_s: float
    end_s: float
    text: str
    tested: bool
    untested: str = ""
    style: str = ""
    stop_s: float | None = None

    stopped: bool = False
    late: bool = False
    committed: bool = False
    latency_s: float | None = None
    react_s: float | None = None
    heard: bool = False
    covered: bool = False
    lead_ok: bool = False
    lead_loss_s: float | None = None
    sisdr_db: float | None = None

    false_stop: bool = False
    resumed: bool = False
    held: bool = False
    silent_s: float = 0.0
    ducked_s: float = 0.0


def judge(event: Happening, lines: Sequence[Line], played: Played, stops: Sequence[Stop], ducked: Times) -> EventScore:
    """The verdict on one event. It claims the stops that belong to it (`Stop.cause`): judge user events first."""
    verdict = _present(event, lines, played)
    if event.kind in USER:
        _judge_user(event, verdict, stops, ducked)
    else:
        _judge_other(event, verdict, stops, ducked)
    return verdict


def ducked_frames(played: Played) -> Times:
    """Loudspeaker samples at which a frame of lowered speech begins, in order."""
    found = [s.frames_from + FRAME * np.flatnonzero((s.gains >= GONE) & (s.gains < DUCKED)) for s in played.stretches]
    return np.concatenate([np.zeros(0, np.int64), *found])


def window(event: Happening) -> tuple[int, int]:
    """Samples [start, end) in which a stop is put down to the event, whichever way."""
    within = event.start + IN_TIME if event.kind in USER else 0
    return event.start, max(within, event.end + AFTER)


def _present(event: Happening, lines: Sequence[Line], played: Played) -> EventScore:
    start, end = seconds(event.start), seconds(event.end)
    verdict = EventScore(str(event.kind), start, end, event.text, tested=False, style=event.style)
    current = next((s for s in played.stretches if s.start <= event.start < s.stop), None)
    if current is not None and lines[current.line].sound.size - (event.start - current.lag) >= LEFT:
        verdict.tested = event.kind not in USER or not lines[current.line].protected
        verdict.untested = "" if verdict.tested else PROTECTED
    elif not any(line.at <= event.start < line.at + line.sound.size for line in lines):
        verdict.untested = "idle"
    else:
        verdict.untested = "already_silent" if current is None else "near_end"
    return verdict


def _judge_user(event: Happening, verdict: EventScore, stops: Sequence[Stop], ducked: Times) -> None:
    deadline = event.start + IN_TIME
    in_time = [s for s in stops if not s.cause and event.start <= s.at <= deadline]
    late = [s for s in stops if not s.cause and deadline < s.at <= event.end + TOO_LATE]
    for stop in (*in_time, *late):
        stop.cause = event.kind
    if not verdict.tested:
        return
    reactions = [int(t) - event.start for t in ducked[(ducked >= event.start) & (ducked <= deadline)][:1]]
    verdict.late = bool(late) and not in_time
    verdict.stop_s = next((seconds(stop.at) for stop in (*in_time, *late)), None)
    if in_time:
        latency = in_time[0].at - event.start
        reactions.append(latency)
        verdict.stopped, verdict.committed, verdict.latency_s = True, in_time[0].gap is None, seconds(latency)
    if reactions:
        verdict.react_s = seconds(min(reactions))


def _judge_other(event: Happening, verdict: EventScore, stops: Sequence[Stop], ducked: Times) -> None:
    mine = [s for s in stops if not s.cause and event.start <= s.at <= event.end + AFTER]
    for stop in mine:
        stop.cause = event.kind
    wrong = [s for s in mine if not s.held]
    verdict.false_stop = bool(wrong)
    verdict.stop_s = seconds(wrong[0].at) if wrong else None
    verdict.resumed = bool(wrong) and all(s.gap is not None for s in wrong)
    verdict.held = bool(mine) and not wrong
    verdict.silent_s = sum(seconds(s.gap) for s in mine if s.held and s.gap is not None)
    verdict.ducked_s = seconds(FRAME * int(((ducked >= event.start) & (ducked < event.end + AFTER)).sum()))
