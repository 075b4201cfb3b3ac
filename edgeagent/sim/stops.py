"""Where the device fell silent in the middle of a line, and whether it came back.

A stop is the last sample played before a line is absent for at least 300 ms while at least 0.5 s of it was left. A
pause that resumes within 1 s and loses at most 20 ms of the line is held: not a false stop, only silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from edgeagent.sim.scene import Line
from edgeagent.sim.track import Stretch
from edgeagent.turn.events import Word
from edgeagent.units import samples

ABSENT = samples(300)
"""A shorter silence is a crack in the sound, no stop."""

LEFT = samples(500)
"""With less left, the line is as good as over."""

HELD = samples(1000)
"""Longest silence of a pause that is only held."""

LOST = samples(20)
"""Most of the line that a held pause may lose."""

SELF = "self"
"""Cause of a stop that no event can be blamed for: echo, or the background."""

BORDER = samples(25)
"""Tolerance of word borders."""


@dataclass(slots=True)
class Stop:
    """`at`: loudspeaker sample of the last sound, `offset`: sample of the line reached. gap: silence until the line
    came back, None if it never did. lost: samples of the line that were never played. cause: the kind of event that
    it is put down to, SELF for none."""

    line: int
    at: int
    offset: int
    gap: int | None
    lost: int
    cause: str = ""

    @property
    def held(self) -> bool:
        return self.gap is not None and self.gap <= HELD and self.lost <= LOST


@dataclass(frozen=True, slots=True)
class Course:
    """How one line went. delay: samples from its time to its first sound, None if it never started. reached: one past
    the last of its samples that was played. cracks: silence too short for a stop."""

    started: bool
    delay: int | None
    reached: int
    lost: int
    repeated: int
    words_lost: int
    words_repeated: int
    cracks: int
    stops: tuple[Stop, ...]


def course(index: int, line: Line, stretches: Sequence[Stretch], length: int) -> Course:
    """How line `index` went in a scene of `length` samples, where `stretches` were played in all."""
    mine = [s for s in stretches if s.line == index]
    stops: list[Stop] = []
    cracks = 0
    for k, stretch in enumerate(mine):
        back = mine[k + 1] if k + 1 < len(mine) else None
        later = [s.start for s in stretches if s is not stretch and s.start >= stretch.stop - 1]
        if line.sound.size - stretch.reached < LEFT or length - stretch.stop < ABSENT:
            continue
        if back is not None and back.start == min(later) and back.start - stretch.stop < ABSENT:
            cracks += back.start - stretch.stop
            continue
        if back is None:
            stops.append(Stop(index, stretch.stop, stretch.reached, None, line.sound.size - stretch.reached))
        else:
            lost = max(0, back.first - stretch.reached)
            stops.append(Stop(index, stretch.stop, stretch.reached, back.start - stretch.stop, lost))
    jumps = [(before.reached, after.first) for before, after in pairwise(mine)]
    return Course(
        started=bool(mine),
        delay=mine[0].start - line.at if mine else None,
        reached=max((s.reached for s in mine), default=0),
        lost=sum(max(0, to - left) for left, to in jumps),
        repeated=sum(max(0, left - to) for left, to in jumps),
        words_lost=sum(_cut(word, left, to) for left, to in jumps if to > left for word in line.words),
        words_repeated=sum(_within(word, to, left) for left, to in jumps if left > to for word in line.words),
        cracks=cracks,
        stops=tuple(stops),
    )


def _within(word: Word, start: int, end: int) -> bool:
    return word.start >= start - BORDER and word.end <= end + BORDER


def _cut(word: Word, start: int, end: int) -> bool:
    """Whether a jump from `start` to `end` takes part of the word away."""
    return word.end > start + BORDER and word.start < end - BORDER
