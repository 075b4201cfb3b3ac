"""Every scene through the whole engine at every caution, in several processes where asked.

In a module of its own: what runs in a child process must be found under its name there, and `__main__` is another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from edgeagent import app
from edgeagent.commands._jobs import watched
from edgeagent.commands.terminal import warn
from edgeagent.settings import Models, Settings, Turns
from edgeagent.sim.loop import simulate
from edgeagent.sim.scene import load_scene
from edgeagent.sim.score import RunScore, score
from edgeagent.sim.stops import SELF, Stop
from edgeagent.sim.truth import USER
from edgeagent.store.journal import JsonLinesJournal, read_lines
from edgeagent.units import RATE, samples

PAUSE = samples(500)
"""A stop is dated by our last audible sample: whoever begins in a pause of ours, so long at most, begins behind it."""


@dataclass(frozen=True, slots=True)
class Order:
    """A scene to judge at one caution. models: a folder, "" for those of this release."""

    scene: Path
    caution: float
    models: str


def measure(folders: Sequence[Path], cautions: Sequence[float], models: str, jobs: int) -> dict[float, list[RunScore]]:
    """The runs of all scenes, by caution. Raises EdgeAgentError."""
    orders = [Order(folder, caution, models) for caution in cautions for folder in folders]
    runs = watched(judged, orders, jobs, "deciding")
    count = len(folders)
    return {caution: runs[row * count : (row + 1) * count] for row, caution in enumerate(cautions)}


def judged(order: Order) -> RunScore:
    """Simulate, judge, forget."""
    settings = Settings(models=Models(folder=order.models), turns=Turns(adapt=False))
    with TemporaryDirectory(prefix="edgeagent-") as name:
        folder = Path(name)
        journal = JsonLinesJournal(folder / "journal.jsonl", warn)
        try:
            engine = app.build_engine(settings, journal)
            engine.moderator.policy.temper.wished = order.caution
            simulate(load_scene(order.scene), engine, settings, folder)
        finally:
            journal.close()
        halts = [
            int(str(entry["at"])) for entry in read_lines(folder / "journal.jsonl") if entry.get("action") == "halt"
        ]
        return fair(replace(score(order.scene, folder), scene=order.scene.name), halts)


def fair(run: RunScore, halts: Sequence[int]) -> RunScore:
    """The run, with stops for people who began in a pause of ours put down to them, and not to nothing; and without
    those for nothing that the device never made: the score goes by sound alone, and may take a clip that two lines
    have for the other line's. halts: samples at which it stopped."""
    onsets = [(round(event.start_s * RATE), event.kind) for event in run.events if event.kind in USER]

    def cause(stop: Stop) -> str:
        if stop.cause != SELF:
            return stop.cause
        return next((str(kind) for onset, kind in onsets if 0 < onset - stop.at <= PAUSE), SELF)

    stops = [replace(stop, cause=cause(stop)) for stop in run.stops]
    made = [stop for stop in stops if stop.cause != SELF or any(-PAUSE <= stop.at - halt <= PAUSE for halt in halts)]
    return replace(run, stops=made)
