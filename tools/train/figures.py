"""How good the models are on scenes they have not seen, and how good it is to look at length or loudness alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeagent.detect.backchannel import KINDS
from edgeagent.signal.measure import LINEAR_POWER
from edgeagent.units import HOP, RATE
from tools.train.acts import Heard
from tools.train.calibration import expected_error
from tools.train.render import Event
from tools.train.scenes import Listened
from tools.train.truth import Floats, hop_of

NEAR_KINDS = (Heard.FLOOR, Heard.BACKCHANNEL)

ASKED_MS = (200, 300, 500)
"""Overlap after which the two kinds are told apart."""

MOMENTS = (*(f"after {ms} ms" for ms in ASKED_MS), "at the end")
"""At which listening and taking the floor are told apart."""

AFTERWARDS = 6
"""Hops after the end (0.1 s) at which a word that stood alone is judged."""

PAIRS = {
    "English words": ("speech_commands", ("yes", "right"), ("stop", "no", "go")),
    "Arabic words": ("arabic_commands", ("yes", "right", "ok"), ("stop", "no", "cancel")),
    "espeak": ("espeak", (), ()),
    "festival": ("festival", (), ()),
    "throat": ("throat", (), ()),
    "Flite": ("flite", (), ()),
    "Open JTalk": ("openjtalk", (), ()),
}
"""Listening and taking the floor by the same source, so that nothing can be won by recognising the source: its name's
beginning, and the words of either; () for all of that kind."""

SHORTEST_S = 0.2
"""Of what is compared."""

CLEAN_POWER = LINEAR_POWER - 1
"""Where in what is measured the mean square of the cleaned signal stands."""


def auc(scores: Floats, positive: NDArray[np.bool_]) -> float:
    """Probability that a positive scores above a negative (Mann & Whitney 1947), ties counting half; nan where there is
    none of either."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2
    above, n = float(rank[inverse][positive].sum()), int(positive.sum())
    pairs = n * (len(positive) - n)
    return (above - n * (n + 1) / 2) / pairs if pairs else float("nan")


def equal_error(scores: Floats, positive: NDArray[np.bool_]) -> float:
    """Share of errors at the threshold where both kinds of error are as frequent."""
    ones, others = np.sort(scores[positive]), np.sort(scores[~positive])
    thresholds = np.append(np.unique(scores), np.inf)
    missed = np.searchsorted(ones, thresholds) / max(1, len(ones))
    alarmed = 1.0 - np.searchsorted(others, thresholds) / max(1, len(others))
    best = int(np.argmin(np.abs(missed - alarmed)))
    return float((missed[best] + alarmed[best]) / 2)


def near_figures(scenes: Sequence[Listened], near: Sequence[Floats]) -> dict[str, float]:
    """Area under the curve of near speech against each other thing, by hops."""
    scores, heard = np.concatenate(near), np.concatenate([scene.heard for scene in scenes])
    speech = np.isin(heard, NEAR_KINDS)
    found = {"all": auc(scores, speech)}
    for kind in (Heard.NOTHING, Heard.NOISE, Heard.FAR):
        chosen = speech | (heard == kind)
        found[kind.name.lower()] = auc(scores[chosen], speech[chosen])
    return found


def onset_figures(scenes: Sequence[Listened], near: Sequence[Floats], threshold: float = 0.5) -> dict[str, float]:
    """Of the events of near speech: median and 95th percentile of the time (s) to the first hop above `threshold`, and
    the share never found within a second; and runs of 200 ms above it per minute where nobody speaks."""
    times: list[float] = []
    runs, minutes = 0, 0.0
    for scene, score in zip(scenes, near, strict=True):
        for event in scene.events:
            if event.heard in NEAR_KINDS:
                first = hop_of(event.start)
                found = np.flatnonzero(score[first : first + RATE // HOP] >= threshold)
                times.append(float(found[0]) * HOP / RATE if found.size else np.inf)
        nothing = scene.heard == Heard.NOTHING
        minutes += float(nothing.sum()) * HOP / RATE / 60
        above = np.convolve((score >= threshold) & nothing, np.ones(RUN), "valid") == RUN
        runs += int(np.count_nonzero(above & ~np.append(False, above[:-1])))
    median, late = np.quantile(times, (0.5, 0.95), method="higher")
    never = float(np.mean(np.isinf(times)))
    return {"p50_s": float(median), "p95_s": float(late), "never": never, "false_runs_per_minute": runs / minutes}


RUN = round(0.2 * RATE / HOP)


def kind_figures(scenes: Sequence[Listened], kinds: Sequence[Floats]) -> dict[str, float]:
    """kinds: (hops, KINDS) probabilities. Area under the curve of P(takes the floor) against each other kind, 0.1 s
    after the end of what was heard."""
    told = [
        probability[hop_of(event.stop) + AFTERWARDS, KINDS.index("floor")]
        for scene, probability in zip(scenes, kinds, strict=True)
        for event in _over(scene)
    ]
    return _told_apart(scenes, told)


def kind_baselines(scenes: Sequence[Listened]) -> dict[str, dict[str, float]]:
    """The same of who goes by nothing but the length, or the true level, whichever way round is better."""
    events = [event for scene in scenes for event in _over(scene)]
    lengths, levels = [float(event.stop - event.start) for event in events], [event.level_db for event in events]
    alone = {LENGTH_ALONE: lengths, LEVEL_ALONE: levels}
    found = {name: _told_apart(scenes, values) for name, values in alone.items()}
    return {name: {kind: max(area, 1 - area) for kind, area in row.items()} for name, row in found.items()}


LENGTH_ALONE, LEVEL_ALONE = "length alone", "level alone"


def _over(scene: Listened) -> list[Event]:
    """The events that are over early enough to be judged."""
    return [event for event in scene.events if hop_of(event.stop) + AFTERWARDS < len(scene.heard)]


def _told_apart(scenes: Sequence[Listened], told: Sequence[float]) -> dict[str, float]:
    heard, scores = np.array([e.heard for scene in scenes for e in _over(scene)]), np.array(told, np.float32)
    found = {"all": auc(scores, heard == Heard.FLOOR)}
    for kind in (Heard.BACKCHANNEL, Heard.NOISE, Heard.FAR):
        chosen = (heard == Heard.FLOOR) | (heard == kind)
        found[kind.name.lower()] = auc(scores[chosen], heard[chosen] == Heard.FLOOR)
    return found


def calibration_figures(scenes: Sequence[Listened], kinds: Sequence[Floats]) -> dict[str, float]:
    """Expected calibration error of P(takes the floor) after each of ASKED_MS of what lasts so long, and at the end."""
    rows: dict[str, list[tuple[float, bool]]] = {}
    for scene, probability in zip(scenes, kinds, strict=True):
        for event in scene.events:
            moments = {f"{ms} ms": hop_of(event.start) + round(ms / 1000 * RATE / HOP) for ms in ASKED_MS}
            end = hop_of(event.stop)
            moments = {name: at for name, at in moments.items() if at <= end} | {"end": end + AFTERWARDS}
            for name, at in moments.items():
                if at < len(probability):
                    took = event.heard is Heard.FLOOR
                    rows.setdefault(name, []).append((float(probability[at, KINDS.index("floor")]), took))
    return {
        name: expected_error(np.array([p for p, _ in row], np.float32), np.array([t for _, t in row]))
        for name, row in sorted(rows.items())
    }


@dataclass(frozen=True, slots=True)
class Pairs:
    """How many were compared, and equal error rates after each of ASKED_MS and 0.1 s after the end: of the model, and
    of who goes by nothing but the length so far, or the level so far, whichever way round is better."""

    count: int
    model: tuple[float, ...]
    length: tuple[float, ...]
    level: tuple[float, ...]


NONE = Pairs(0, (), (), ())


def pair_figures(scenes: Sequence[Listened], kinds: Sequence[Floats]) -> dict[str, Pairs]:
    """For each of PAIRS, floor against backchannel, the two kinds matched in length."""
    return {name: _pair(scenes, kinds, *pair) for name, pair in PAIRS.items()}


def _pair(
    scenes: Sequence[Listened], kinds: Sequence[Floats], source: str, listening: Sequence[str], taking: Sequence[str]
) -> Pairs:
    rows = []
    for scene, probability in zip(scenes, kinds, strict=True):
        rows += pair_rows(scene, probability, source, listening, taking)
    return compared(rows)


def pair_rows(
    scene: Listened, probability: Floats, source: str = "", listening: Sequence[str] = (), taking: Sequence[str] = ()
) -> list[list[float]]:
    """For `compared`: of each event of a scene that takes the floor or listens, by a source whose name begins so, with
    these words where there are any, whether it takes it, its length (s), and what `at_moments` says."""
    rows = []
    for event in scene.events:
        words = {Heard.FLOOR: taking, Heard.BACKCHANNEL: listening}.get(event.heard)
        if words is None or not event.source.startswith(source) or (words and event.text not in words):
            continue
        asked = at_moments(scene, event, probability)
        if event.stop - event.start >= SHORTEST_S * RATE and asked is not None:
            rows.append([event.heard == Heard.FLOOR, (event.stop - event.start) / RATE, *asked.ravel()])
    return rows


def at_moments(scene: Listened, event: Event, probability: Floats) -> Floats | None:
    """(3, moments) for one event, after each of ASKED_MS and 0.1 s after its end: the model's odds of floor against
    backchannel, the length so far (s), and the level so far (dB; in the end the true one of the whole). probability:
    (hops, KINDS). None where the scene is over before."""
    onset, end = hop_of(event.start), hop_of(event.stop)
    moments = [onset + round(ms / 1000 * RATE / HOP) for ms in ASKED_MS] + [end + AFTERWARDS]
    if max(moments) >= len(probability):
        return None
    floor, listening = (np.log(probability[moments, KINDS.index(kind)] + 1e-6) for kind in ("floor", "backchannel"))
    end = max(onset + 1, end)
    seconds = (event.stop - event.start) / RATE
    power = 10.0 ** scene.packed[onset:end, CLEAN_POWER].astype(np.float64)
    level = [10 * np.log10(power[: moment - onset].mean()) for moment in moments[:-1]]
    length = [min(ms / 1000, seconds) for ms in ASKED_MS]
    return np.array((floor - listening, [*length, seconds], [*level, event.level_db]), np.float32)


def compared(rows: Sequence[Sequence[float]]) -> Pairs:
    """rows: as `pair_rows` makes them; as many of either kind are taken, matched in length."""
    table = np.array(rows, np.float32).reshape(len(rows), 2 + 3 * (len(ASKED_MS) + 1))
    taken = table[:, 0] > 0
    keep = _matched(table[:, 1], taken)
    if not keep.size:
        return NONE
    scores, taken = table[keep, 2:], taken[keep]
    model, length, level = (
        tuple(equal_error(column, taken) for column in part.T) for part in np.split(scores, 3, axis=1)
    )
    return Pairs(len(keep), model, *(tuple(min(rate, 1 - rate) for rate in alone) for alone in (length, level)))


def _matched(lengths: Floats, taken: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Rows of which as many of either kind are in each tenth of a second of length."""
    bins = (lengths * 10).astype(int)
    kept: list[int] = []
    for each in np.unique(bins):
        ones, others = (np.flatnonzero((bins == each) & (taken == kind)) for kind in (True, False))
        count = min(len(ones), len(others))
        kept += [*ones[:count], *others[:count]]
    return np.array(sorted(kept), np.intp)
