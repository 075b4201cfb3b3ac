"""What `bench decisions` found, in the words that the terminal and the page share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgeagent.report.decisions_page import Table
from edgeagent.sim.confusion import BIN_S, Row, confusion, histogram, worst
from edgeagent.sim.figures import Figure, Figures, pool
from edgeagent.sim.outcomes import FLOOR, OTHER, Outcome, Wrong, wrong
from edgeagent.sim.score import RunScore
from edgeagent.sim.truth import USER

NAMES = {
    "right_balanced": "utterances handled right, balanced",
    "right": "  of all",
    "right_user": "  with somebody taking the floor",
    "right_other": "  with nobody taking it",
    "user_tested": "events that take the floor, tested",
    "recall": "  stopped in time",
    "committed": "  and for good",
    "reach": "  for good, of the untested too",
    "latency_p50": "onset to stop, median (s)",
    "latency_p95": "  95 %",
    "react_p50": "onset to duck or stop, median (s)",
    "self_stops_per_min": "self stops per clear minute",
    "backchannel_rejection": "backchannels rejected",
    "noise_rejection": "noises rejected",
    "far_speech_rejection": "far speech rejected",
    "held_total": "pauses held",
    "ducked_s_per_min": "ducked, s per minute of speech",
    "lost_s": "lost at a resume (s)",
    "words_lost": "  words",
    "words_repeated": "  words said twice",
    "covered": "turns handed over whole, of tested",
    "covered_of_stopped": "  of stopped",
    "lead_ok_of_stopped": "  with the onset, of stopped",
    "turn_sisdr_p50": "  their SI-SDR, median (dB)",
    "ghost_turns": "ghost turns",
    "spoken_error_p95": "error of what was heard, 95 % (s)",
    "not_started": "utterances not started",
}
"""What is printed of the figures of `edgeagent score`, and what it is called."""

BESIDE = {
    "right_balanced": "right",
    "recall": "stopped in time",
    "latency_p50": "p50 s",
    "latency_p95": "95 % s",
    "backchannel_rejection": "backchannels",
    "noise_rejection": "noises",
    "far_speech_rejection": "far speech",
    "self_stops": "self stops",
    "covered": "turns whole",
    "turn_sisdr_p50": "SI-SDR dB",
}
"""Figures in which others are compared, and their headings."""

NOTES = {"right_balanced": "never stopping gives 0.50"}


@dataclass(slots=True)
class Result:
    """All runs of a bench. source: the folder of scenes. told: settings and versions, by name. peers: the runs of
    others on the same scenes, by name."""

    source: str
    told: dict[str, str]
    runs: Sequence[RunScore]
    peers: Mapping[str, Sequence[RunScore]] = field(default_factory=dict)
    pooled: Figures = field(init=False)
    theirs: dict[str, Figures] = field(init=False)
    wrong: list[Wrong] = field(init=False)

    def __post_init__(self) -> None:
        self.pooled = pool(self.runs)
        self.theirs = {name: pool(runs) for name, runs in self.peers.items()}
        self.wrong = [each for run in self.runs for each in wrong(run)]

    @property
    def subtitle(self) -> str:
        """What was run."""
        spoke = f"{self.pooled['utterances']} utterances, the device spoke for {cell(self.pooled['agent_min'])} min"
        return f"{self.source}: {count(len(self.runs), 'scene')}, {spoke}"

    def figures(self) -> list[tuple[str, str, str]]:
        """Name, value, and the 95 % interval of a share."""
        return [(name, cell(self.pooled[key]), NOTES.get(key) or self.interval(key)) for key, name in NAMES.items()]

    def interval(self, key: str) -> str:
        """The 95 % interval of a share; "" of anything else."""
        return span(self.pooled.get(f"{key}_ci"))

    def rows(self) -> list[Row]:
        """The confusion table."""
        return confusion([event for run in self.runs for event in run.events])

    def tables(self) -> list[Table]:
        """The confusion table, those who take the floor and the others apart, without what did not occur; and how
        others did."""
        rows = self.rows()
        sorts = (
            ("Events that take the floor", FLOOR, [row for row in rows if row.kind in USER]),
            ("Events that do not", OTHER, [row for row in rows if row.kind not in USER]),
        )
        tables = [_table(title, outcomes, of_sort) for title, outcomes, of_sort in sorts if of_sort]
        return [*tables, self._beside()] if self.peers else tables

    def _beside(self) -> Table:
        """This device and the others."""
        systems = {"edgeagent": self.pooled, **self.theirs}
        rows = [(False, (name, *(cell(figures[key]) for key in BESIDE))) for name, figures in systems.items()]
        return Table("Others on the same scenes", ("", *BESIDE.values()), rows)

    def histogram(self) -> list[tuple[float, int]]:
        """Of the latencies of stops in time."""
        return histogram(self._latencies())

    def _latencies(self) -> list[float]:
        events = (event for run in self.runs for event in run.events)
        return [event.latency_s for event in events if event.latency_s is not None]

    def latency_note(self) -> str:
        """What the histogram shows, and what is not in it."""
        p50, p95 = (cell(self.pooled[key]) for key in ("latency_p50", "latency_p95"))
        missed = sum(each.outcome is Outcome.MISSED for each in self.wrong)
        stops = count(len(self._latencies()), "stop")
        return f"{stops} in time, p50 {p50} s, p95 {p95} s; {self.pooled['late']} late, {missed} missed"

    def self_note(self) -> str:
        """Stops without a cause, and the time in which there could have been any."""
        own, clear = self.pooled["self_stops"], cell(self.pooled["clear_min"])
        return f"{own} in {clear} min of speech outside all events; {self.pooled['self_held']} more held"

    def worst_note(self) -> str | None:
        """The scene that went worst; None where nothing was said, or all was right."""
        run = worst(self.runs)
        if run is None or all(line.right for line in run.lines):
            return None
        right = sum(line.right for line in run.lines)
        decided = counted([each for each in self.wrong if each.scene == run.scene])
        silent = sum(not line.started for line in run.lines)
        reasons = ", ".join(part for part in (decided, f"{silent} not started" if silent else "") if part)
        return f"{run.scene}, {right} of {len(run.lines)} utterances right" + (f" ({reasons})" if reasons else "")

    def wrong_note(self) -> str:
        """How many decisions were wrong, and how."""
        return f"{len(self.wrong)} ({counted(self.wrong)})" if self.wrong else "none"

    def plain(self) -> dict[str, object]:
        """For JSON."""
        run = worst(self.runs)
        latencies = [{"from_s": edge, "to_s": round(edge + BIN_S, 3), "stops": n} for edge, n in self.histogram()]
        return {
            "folder": self.source,
            "versions": self.told,
            "pooled": self.pooled,
            "confusion": [row.plain() for row in self.rows()],
            "latency": latencies,
            "self": {key: self.pooled[key] for key in ("self_stops", "self_held", "clear_min")},
            "worst_scene": None if run is None else run.scene,
            "wrong": [each.plain() for each in self.wrong],
            "scenes": [each.plain() for each in self.runs],
            "peers": self.theirs,
        }


def _table(title: str, outcomes: Sequence[Outcome], rows: Sequence[Row]) -> Table:
    headings = ("", "events", "tested", *map(str, outcomes), "right", "95 %")
    cells = [
        (
            bool(row.style),
            (
                row.style or row.kind.replace("_", " "),
                *map(str, (row.events, row.tested, *(row.counts[found] for found in outcomes))),
                cell(row.share),
                span(row.interval),
            ),
        )
        for row in rows
    ]
    return Table(title, headings, cells)


def counted(decisions: Sequence[Wrong]) -> str:
    """How many of which outcome, in the order of the outcomes."""
    found = Counter(each.outcome for each in decisions)
    return ", ".join(f"{found[outcome]} {outcome}" for outcome in Outcome if found[outcome])


def cell(figure: Figure) -> str:
    """A figure as a table shows it."""
    if figure is None:
        return "-"
    return f"{figure:.2f}" if isinstance(figure, float) else str(figure)


def span(interval: Figure) -> str:
    """An interval of a share; "" for none."""
    return f"{interval[0]:.2f} .. {interval[1]:.2f}" if isinstance(interval, list) else ""


def count(number: int, thing: str) -> str:
    """ "1 scene", "2 scenes"."""
    return f"{number} {thing}" + ("" if number == 1 else "s")
