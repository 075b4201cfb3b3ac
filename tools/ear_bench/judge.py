"""Figures of a near-end detector: how early each person is found, and how often nobody is.

Times are those a device sees: from the onset at the microphone to the end of the step of sound that gave the answer,
the canceller's delay included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeagent.signal.canceller import Canceller
from edgeagent.units import HOP, RATE, samples
from tools.ear_bench.cases import Case
from tools.train.acts import Heard
from tools.train.figures import NEAR_KINDS, RUN, auc

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

CAUGHT = 0.95
"""Share of the events that are caught at the threshold at which false runs are counted."""

WORKING_POINT = 0.4
"""P(near) from which somebody is found, where onsets and false alarms are measured together: a little below what the
policy takes for voice, whose evidence adds up over steps, because half a false run a minute is granted."""

SOON = samples(1000)
"""An event that is not found so long after its onset is never found."""

BEFORE, AFTER = samples(100), samples(500)
"""Around what happens nothing counts as a false alarm: truth is not exact, rooms ring, ears hold on a little."""

SETTLING = samples(3000)
"""After the start, and after the echo path has moved."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a detector said of a case. scores: (steps,), higher means a person. step: samples each is for. late: by how
    many samples what a score is about is behind the sound that was fed until then."""

    case: Case
    scores: Floats
    step: int = HOP
    late: int = Canceller.delay

    def span(self, onset: int, lasts: int) -> slice:
        """The steps whose answers come within `lasts` samples of an onset, from the first that holds any of it."""
        first = (onset + self.late) // self.step
        return slice(first, max(first + 1, (onset + lasts) // self.step))


def heard(answers: Answers) -> NDArray[np.int8]:
    """(steps,), of Heard: what each score is about."""
    hops = answers.case.listened.heard
    shift = (Canceller.delay - answers.late) // HOP
    aligned = np.concatenate((hops[shift:], hops[-1:].repeat(shift)))
    every = answers.step // HOP
    return aligned[: len(aligned) // every * every : every][: len(answers.scores)]


def area(all_answers: Sequence[Answers], others: Sequence[Heard] = tuple(Heard)) -> float:
    """Area under the curve of near speech against `others`, by steps; nan without either."""
    scores = np.concatenate([a.scores[: len(heard(a))] for a in all_answers])
    truth = np.concatenate([heard(a) for a in all_answers])
    speech = np.isin(truth, NEAR_KINDS)
    chosen = speech | np.isin(truth, others)
    return auc(scores[chosen], speech[chosen])


def alone(answers: Answers) -> Mask:
    """(steps,): nothing is heard but echo and background, nor shortly before or after."""
    quiet = np.ones(len(answers.scores), bool)
    for event in answers.case.listened.events:
        first = max(0, event.start + answers.late - BEFORE) // answers.step
        quiet[first : (event.stop + answers.late + AFTER) // answers.step + 1] = False
    return quiet


def settling(answers: Answers) -> Mask:
    """(steps,): the canceller does not know the echo path yet."""
    young = np.zeros(len(answers.scores), bool)
    young[: SETTLING // answers.step] = True
    if (moved := answers.case.changed) >= 0:
        young[moved // answers.step : (moved + SETTLING) // answers.step] = True
    return young


def onsets(all_answers: Sequence[Answers], threshold: float = WORKING_POINT) -> NDArray[np.float64]:
    """Seconds from each onset of near speech to the answer that finds it; inf where none does within SOON."""
    times = []
    for answers in all_answers:
        for event in answers.case.listened.events:
            if event.heard in NEAR_KINDS:
                span = answers.span(event.start, SOON)
                found = np.flatnonzero(answers.scores[span] >= threshold)
                end = (span.start + int(found[0]) + 1) * answers.step if found.size else np.inf
                times.append((end - event.start) / RATE)
    return np.array(times)


def late_ms(times: NDArray[np.float64]) -> tuple[float, float]:
    """Median and 95 % of what `onsets` found, in ms; nan where nobody speaks."""
    if not times.size:
        return float("nan"), float("nan")
    p50, p95 = (float(np.quantile(times, q, method="higher")) * 1000 for q in (0.5, 0.95))
    return p50, p95


def never(times: NDArray[np.float64]) -> float:
    """Share of the onsets that were not found; nan where nobody speaks."""
    return float(np.isinf(times).mean()) if times.size else float("nan")


def threshold(all_answers: Sequence[Answers], steps: int = 1) -> float:
    """The highest at which CAUGHT of the events are: `steps` scores in a row reach it, the first of them within SOON of
    the onset. One, or RUN to ask of people what is counted of false alarms. nan where nobody speaks."""
    best = []
    for answers in all_answers:
        for event in answers.case.listened.events:
            if event.heard in NEAR_KINDS:
                span = answers.span(event.start, SOON)
                row = np.append(answers.scores[span.start : span.stop + steps - 1], np.zeros(steps, np.float32))
                best.append(np.lib.stride_tricks.sliding_window_view(row, steps).min(axis=1).max())
    return float(np.quantile(best, 1 - CAUGHT, method="lower")) if best else float("nan")


def false_runs(
    all_answers: Sequence[Answers], level: float, where: Callable[[Answers], Mask] = alone
) -> tuple[int, float]:
    """How many runs of 200 ms reach `level` where nobody speaks, and in how many minutes."""
    runs, minutes = 0, 0.0
    for answers in all_answers:
        quiet = where(answers)
        minutes += float(quiet.sum()) * answers.step / RATE / 60
        padded = np.concatenate(([0], ((answers.scores >= level) & quiet).astype(np.int8), [0]))
        edges = np.flatnonzero(np.diff(padded))
        lengths = edges[1::2] - edges[::2]
        runs += int(np.count_nonzero(lengths >= RUN * HOP // answers.step))
    return runs, minutes


def same_false_share(all_answers: Sequence[Answers], share: float) -> float:
    """The threshold that `share` of the steps without anybody reach."""
    return float(np.quantile(np.concatenate([a.scores[alone(a)] for a in all_answers]), 1 - share, method="higher"))


def events_in(all_answers: Sequence[Answers]) -> int:
    """How many people speak in all."""
    return sum(event.heard in NEAR_KINDS for answers in all_answers for event in answers.case.listened.events)
