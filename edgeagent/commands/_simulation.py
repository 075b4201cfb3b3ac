"""One scene through the engine into a folder: what `simulate` and `demo` share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from edgeagent import app
from edgeagent.commands._witness import Witness
from edgeagent.commands.terminal import coloured, columns, warn
from edgeagent.detect.ear import Ear
from edgeagent.detect.words import Words
from edgeagent.errors import SessionError
from edgeagent.ports import EchoCanceller, Spotter
from edgeagent.report.record import RunRecord, Truth
from edgeagent.report.timeline import Timeline, printable
from edgeagent.settings import Settings, settings_hash
from edgeagent.signal.wav import read_wav
from edgeagent.sim.loop import Progress, Spoken, simulate
from edgeagent.sim.patient_spotter import DELAY, PATIENCE_S, PatientSpotter
from edgeagent.sim.scene import Scene
from edgeagent.sim.truth import Happening
from edgeagent.store.journal import CallbackJournal, Entry, JsonLinesJournal, MemoryJournal, TeeJournal
from edgeagent.store.session import Recording, is_simulated
from edgeagent.turn.events import Shed
from edgeagent.turn.levels import Level
from edgeagent.units import RATE, seconds

SESSION = "session"
"""Folder inside a run that `replay` reads."""

PAGE = "report.html"
"""File inside a run that shows it."""

RESULT = ("speaker.wav", "mic.wav", "report.json")
"""Files of a run, but for its journal, that are always written."""


@dataclass(frozen=True, slots=True)
class Run:
    """A scene that was simulated into `folder`. journal: everything in it, in order."""

    scene: Scene
    folder: Path
    settings: Settings
    spoken: tuple[Spoken, ...]
    journal: list[dict[str, object]]
    witness: Witness


def perform(
    scene: Scene,
    settings: Settings,
    folder: Path,
    *,
    record: bool = False,
    shed: int = 0,
    parts: Callable[[Settings], tuple[EchoCanceller, Ear]] = app.parts,
    spotter: Spotter | None = None,
    watch: Callable[[Entry], None] = lambda _entry: None,
    progress: Progress = lambda _done, _length: None,
) -> Run:
    """Simulate `scene` into `folder`, made if missing. record: also as a session to replay. shed: as on a machine that
    is too slow, a `Level`. parts: what the engine hears with. spotter: who listens for words, instead of whom the
    settings name; stays open. watch: gets each entry of the journal as it happens. Raises EdgeAgentError, OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    kept = MemoryJournal()
    file = JsonLinesJournal(folder / "journal.jsonl", warn)
    journal = TeeJournal(file, kept, CallbackJournal(watch))
    try:
        engine = Witness(settings, journal, *parts(settings), app.build_beside(settings))
        journal.write(app.head(settings))
        if shed:
            engine.tell(Shed(0, shed))
        with ExitStack() as stack:
            if spotter is None and (spotter := app.build_spotter(settings.hints, warn, PATIENCE_S)):
                stack.callback(spotter.close)
            words = None
            if spotter and shed < Level.HINT:
                words = Words(PatientSpotter(spotter), engine.clean, app.spotted(), DELAY)
            spoken = simulate(scene, engine, settings, folder, words=words, progress=progress)
    finally:
        file.close()
    run = Run(scene, folder, settings, spoken, kept.entries, engine)
    if record:
        _record(run, kept)
    return run


def _clear(folder: Path) -> None:
    """What another run may have left, and this one would not overwrite, or not if it is ended before: it would pass for
    this one's. Raises SessionError for a session that only looks so: nobody could record it again."""
    session = folder / SESSION
    if (there := (session / "session.json").is_file()) and not is_simulated(session):
        raise SessionError(f"{session}: a session that was not simulated lies there", "give another folder")
    for left in (*(folder / name for name in (PAGE, *RESULT)), *folder.glob("turn-*.wav")):
        left.unlink(missing_ok=True)
    if there:
        shutil.rmtree(session)


def _record(run: Run, journal: MemoryJournal) -> None:
    """The session: what the engine got and what it wrote."""
    folder = run.folder / SESSION
    recording = Recording(folder, run.settings, app.versions(run.settings), warn, simulated=True)
    for event in run.witness.told:
        recording.tell(event)
    recording.reference(read_wav(run.folder / "speaker.wav"))
    recording.capture(read_wav(run.folder / "mic.wav"))
    recording.close()
    (folder / "journal.jsonl").write_bytes(journal.lines())


def record_of(run: Run, title: str, subtitle: str, truth: Iterable[Happening] = ()) -> RunRecord:
    """The run as the page shows it, with what really happened where that is known."""
    return RunRecord(
        title=title,
        subtitle=subtitle,
        speaker=read_wav(run.folder / "speaker.wav"),
        microphone=read_wav(run.folder / "mic.wav"),
        journal=run.journal,
        clean=run.witness.clean_sound(),
        traces=run.witness.traces(),
        truth=tuple(Truth(str(event.kind), event.start, event.end, event.text) for event in truth),
        words={index: line.words for index, line in enumerate(run.scene.agent) if line.words},
        facts={"settings": settings_hash(run.settings), **app.versions(run.settings)},
    )


def teller(real_time: bool = False) -> Callable[[Entry], None]:
    """Prints the timeline as it happens, or in the time that it would really take."""
    timeline = Timeline(colour=coloured(), columns=columns(), answers=False)
    began = monotonic()

    def tell(entry: Entry) -> None:
        line = timeline.line(entry)
        if line is not None:
            if real_time:
                sleep(max(0.0, began + float(str(entry["at"])) / RATE - monotonic()))
            print(line, flush=True)

    return tell


def outcome(run: Run, elapsed_s: float) -> dict[str, object]:
    """The run in figures, for JSON."""
    utterances = [
        {"index": s.index, "spoken_s": round(seconds(s.reached), 4), "length_s": round(seconds(line.sound.size), 4)}
        | ({"words_heard": s.words, "words": len(line.words)} if line.words else {})
        for s, line in zip(run.spoken, run.scene.agent, strict=True)
    ]
    return {
        "scene": run.scene.name,
        "folder": str(run.folder),
        "duration_s": seconds(run.scene.length),
        "elapsed_s": round(elapsed_s, 2),
        "turns": sum(entry["event"] == "heard" for entry in run.journal),
        "stops": sum(entry.get("action") == "halt" for entry in run.journal),
        "utterances": utterances,
    }


def line_of(figures: Mapping[str, Any]) -> str:
    """An outcome in a line."""
    spoken = sum(u["spoken_s"] for u in figures["utterances"])
    whole = sum(u["length_s"] for u in figures["utterances"])
    stops, turns = (
        f"{n} {name}" + "s" * (n != 1) for n, name in ((figures["stops"], "stop"), (figures["turns"], "turn"))
    )
    speed = figures["duration_s"] / max(figures["elapsed_s"], 0.01)
    said = f"spoke {spoken:.1f} of {whole:.1f} s, {stops}, {turns} heard; {speed:.0f} times faster than real time"
    return printable(f"{figures['scene']}: {said}; in {figures['folder']}")
