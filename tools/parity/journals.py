"""The journals of runs on two machines, entry by entry.

Processors round differently, so what the ear believed may differ in the fourth digit, and what is learnt with it. What
was decided, at which sample and with which words may not. The onset of a suspicion is such a belief: the step in which
something faint began. Where a turn comes of it, the turn is named by its onset, and that is decided.
"""

from __future__ import annotations

from pathlib import Path

from edgeagent.commands._simulation import SESSION
from edgeagent.errors import EdgeAgentError
from edgeagent.store.journal import read_lines
from tools.parity.found import BELIEFS, Entry, Pair, differing

FILE = "journal.jsonl"

ONSET = "onset"


def journals(one: Path, other: Path) -> list[Pair]:
    """Every run below `one` beside the run of the same name below `other`. Raises EdgeAgentError where they are not the
    same runs, or none."""
    names, others = (_names(folder) for folder in (one, other))
    if not names or names != others:
        only = sorted(map(str, set(names) ^ set(others))) or ["nothing at all"]
        raise EdgeAgentError(
            f"{one} and {other} do not hold the same runs: {', '.join(only)}", "simulate the same scenes"
        )
    return [beside(str(name), *(_entries(folder / name / FILE) for folder in (one, other))) for name in names]


def beside(name: str, one: list[Entry], other: list[Entry]) -> Pair:
    """Two journals of one run."""
    mine, theirs = ([_decision(entry) for entry in journal] for journal in (one, other))
    alike = [(a, b) for a, b in zip(one, other, strict=False) if _decision(a) == _decision(b)]
    apart = max((_apart(a, b) for a, b in alike), default=0.0)
    return Pair(name, len(one), differing(mine, theirs), apart, max((_moved(a, b) for a, b in alike), default=0))


def _names(folder: Path) -> list[Path]:
    """Of runs; the session that a run has recorded is no other run."""
    files = [file.parent.relative_to(folder) for file in folder.rglob(FILE)]
    return sorted(name for name in files if name.name != SESSION)


def _entries(path: Path) -> list[Entry]:
    return [entry for entry in read_lines(path) if entry["event"] != "started"]


def _decision(entry: Entry) -> Entry:
    """All but what is measured or believed; moments are counted."""
    believed = BELIEFS | ({ONSET} if entry["event"] == "suspected" else set())
    kept = {key: value for key, value in entry.items() if key not in believed}
    return {key: value for key, value in kept.items() if not isinstance(value, float) or key.endswith("_s")}


def _apart(one: Entry, other: Entry) -> float:
    """Of probabilities."""
    return max(
        (abs(float(str(one[key])) - float(str(other[key]))) for key in ("near", "floor") if key in one), default=0.0
    )


def _moved(one: Entry, other: Entry) -> int:
    """Samples between two datings of an onset."""
    return abs(int(str(one.get(ONSET, 0))) - int(str(other.get(ONSET, 0))))
