"""Many runs in one line: pooled rates with their Wilson intervals, and the table that compares systems.

Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22: unlike the textbook
interval it is right for a handful of events and for rates near 0 and 1, which is what a set of scenes gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt

import numpy as np

from edgeagent.sim.score import LineScore, RunScore
from edgeagent.sim.stops import SELF
from edgeagent.sim.truth import USER, Kind
from edgeagent.sim.verdicts import PROTECTED, EventScore
from edgeagent.units import RATE

Figure = float | int | list[float] | None
Figures = dict[str, Figure]

SCORE_Z = 1.96
"""Standard deviations of a 95 % interval."""

COLUMNS = {
    "right": "right",
    "right_balanced": "balanced",
    "right_user": "user",
    "right_other": "other",
    "user_tested": "tested",
    "recall": "recall",
    "committed": "commit",
    "reach": "reach",
    "latency_p50": "p50 s",
    "latency_p95": "p95 s",
    "react_p50": "react s",
    "self_stops_per_min": "self/min",
    "backchannel_rejection": "backch.",
    "noise_rejection": "noise",
    "far_speech_rejection": "far",
    "held_total": "held",
    "ducked_s_per_min": "duck s/min",
    "lost_s": "lost s",
    "words_lost": "words lost",
    "lead_ok_of_stopped": "lead ok",
    "covered_of_stopped": "covered",
    "turn_sisdr_p50": "SI-SDR",
    "ghost_turns": "ghost",
    "spoken_error_p95": "heard err",
}
"""What the table shows, and its headings."""


def pool(runs: Sequence[RunScore]) -> Figures:
    """All figures over `runs`: rates 0 .. 1 with `_ci` intervals, times in seconds, counts. None: nothing tested."""
    events = [event for run in runs for event in run.events]
    lines = [line for run in runs for line in run.lines]
    user = [event for event in events if event.kind in USER and event.untested != PROTECTED]
    figures: Figures = {"scenes": len(runs), "warnings": sum(len(run.warnings) for run in runs)}
    figures |= _lines(lines) | _user(user) | _handover([event for event in user if event.tested], runs) | _own(runs)
    for kind in (Kind.BACKCHANNEL, Kind.NOISE, Kind.FAR_SPEECH):
        figures |= _other(str(kind), [event for event in events if event.kind == kind])
    return figures


def _lines(lines: Sequence[LineScore]) -> Figures:
    user = [line.right for line in lines if line.user]
    other = [line.right for line in lines if not line.user]
    balanced = (np.mean(user) + np.mean(other)) / 2 if user and other else None
    spoken = [abs(line.spoken_error_s) for line in lines if line.spoken_error_s is not None]
    words = [abs(line.words_error) for line in lines if line.words_error is not None]
    return {
        "utterances": len(lines),
        "not_started": sum(not line.started for line in lines),
        **_rate("right", [*user, *other]),
        **_rate("right_user", user),
        **_rate("right_other", other),
        "right_balanced": None if balanced is None else round(float(balanced), 3),
        "lost_s": round(sum(line.lost_s for line in lines), 2),
        "repeated_s": round(sum(line.repeated_s for line in lines), 2),
        "words_lost": sum(line.words_lost for line in lines),
        "words_repeated": sum(line.words_repeated for line in lines),
        "spoken_error_p50": _percentile(spoken, 50),
        "spoken_error_p95": _percentile(spoken, 95),
        "words_error_mean": round(float(np.mean(words)), 2) if words else None,
    }


def _user(events: Sequence[EventScore]) -> Figures:
    tested = [event for event in events if event.tested]
    latency = [event.latency_s for event in tested]
    react = [event.react_s for event in tested]
    figures: Figures = {
        "user_events": len(events),
        "user_tested": len(tested),
        "already_silent": sum(event.untested == "already_silent" for event in events),
        **_rate("recall", [event.stopped for event in tested]),
        **_rate("committed", [event.committed for event in tested]),
        "reach": _share(sum(event.committed for event in tested), len(events)),
        "late": sum(event.late for event in tested),
        "latency_p50": _percentile(latency, 50),
        "latency_p90": _percentile(latency, 90),
        "latency_p95": _percentile(latency, 95),
        "react_p50": _percentile(react, 50),
        "react_p95": _percentile(react, 95),
    }
    for kind in USER:
        figures |= _rate(f"recall_{kind}", [event.stopped for event in tested if event.kind == kind])
    return figures


def _handover(tested: Sequence[EventScore], runs: Sequence[RunScore]) -> Figures:
    stopped = [event for event in tested if event.stopped]
    loss = [event.lead_loss_s for event in tested]
    return {
        **_rate("heard", [event.heard for event in tested]),
        **_rate("covered", [event.covered for event in tested]),
        **_rate("lead_ok", [event.lead_ok for event in tested]),
        **_rate("covered_of_stopped", [event.covered for event in stopped]),
        **_rate("lead_ok_of_stopped", [event.lead_ok for event in stopped]),
        "lead_loss_p50": _percentile(loss, 50),
        "lead_loss_p95": _percentile(loss, 95),
        "turn_sisdr_p50": _percentile([event.sisdr_db for event in tested], 50),
        "heard_turns": sum(run.heard_turns for run in runs),
        "ghost_turns": sum(run.ghost_turns for run in runs),
    }


def _other(kind: str, events: Sequence[EventScore]) -> Figures:
    tested = [event for event in events if event.tested]
    return {
        f"{kind}_events": len(events),
        f"{kind}_tested": len(tested),
        f"{kind}_false_stops": sum(event.false_stop for event in tested),
        f"{kind}_resumed_later": sum(event.resumed for event in tested),
        f"{kind}_held": sum(event.held for event in tested),
        **_rate(f"{kind}_rejection", [not event.false_stop for event in tested]),
        f"{kind}_silent_s_per_event": _share(sum(event.silent_s for event in tested), len(tested)),
        f"{kind}_ducked_s_per_event": _share(sum(event.ducked_s for event in tested), len(tested)),
    }


def _own(runs: Sequence[RunScore]) -> Figures:
    stops = [stop for run in runs for stop in run.stops]
    own = [stop for stop in stops if stop.cause == SELF]
    false = [stop for stop in stops if not stop.held and stop.cause not in USER]
    played = sum(run.played_s for run in runs)
    clear = sum(run.clear_s for run in runs)
    return {
        "agent_min": round(played / 60, 2),
        "clear_min": round(clear / 60, 2),
        "played_share": _share(played, sum(run.planned_s for run in runs)),
        "self_stops": sum(not stop.held for stop in own),
        "self_held": sum(stop.held for stop in own),
        "self_stops_per_min": _share(60 * sum(not stop.held for stop in own), clear),
        "false_stops_per_agent_min": _share(60 * len(false), played),
        "held_total": sum(stop.held for stop in stops),
        "held_silent_s": round(sum(stop.gap or 0 for stop in stops if stop.held) / RATE, 2),
        "ducked_s_per_min": _share(60 * sum(run.ducked_s for run in runs), played),
        "foreign_s": round(sum(run.foreign_s for run in runs), 2),
    }


def wilson(hits: int, count: int) -> list[float] | None:
    """95 % interval [low, high] of a rate; None without a count."""
    if count == 0:
        return None
    rate, z2 = hits / count, SCORE_Z**2 / count
    middle, half = rate + z2 / 2, SCORE_Z * sqrt(rate * (1 - rate) / count + z2 / (4 * count))
    return [round(max(0.0, middle - half) / (1 + z2), 3), round((middle + half) / (1 + z2), 3)]  # never "-0.00"


def table(systems: Mapping[str, Figures]) -> str:
    """The systems side by side, as Markdown."""
    rows = [["system", *COLUMNS.values()], ["---"] * (len(COLUMNS) + 1)]
    rows += [[name, *(_cell(figures[key]) for key in COLUMNS)] for name, figures in systems.items()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _cell(figure: Figure) -> str:
    if figure is None:
        return "-"
    return f"{figure:.2f}" if isinstance(figure, float) else str(figure)


def _rate(name: str, hits: Sequence[bool]) -> Figures:
    return {name: _share(sum(hits), len(hits)), f"{name}_ci": wilson(sum(hits), len(hits))}


def _share(amount: float, whole: float) -> float | None:
    return round(amount / whole, 3) if whole else None


def _percentile(values: Iterable[float | None], q: float) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(np.percentile(known, q)), 3) if known else None
