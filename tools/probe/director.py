"""What happens in a measurement, on the sample clock: nothing for a while, then talking undisturbed, then one trial
after the other: the device speaks, somebody speaks up, it stops or does not.

Sees what `edgeagent run --record` would record (the sound's length is the clock) and both journals, all on the engine
thread; there it orders the sentences and has the interruptions laid over the microphone's sound. It judges nothing:
what it collects is judged when the device is quiet again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np

from edgeagent.ports import Pcm, Sound
from edgeagent.turn.events import Event, Fact
from edgeagent.units import RATE, samples
from tools.probe.tap import Tap, Tape
from tools.probe.usage import Usage, usage

SETTLE = samples(3000)
"""Before anything is measured: caches fill, the noise floor is learnt; and of the first sentence, the echo's path."""

SOONEST, LATEST = samples(1500), samples(3000)
"""From the beginning of a sentence to the interruption: anywhere there, and in any phase of the card's periods."""

PATIENCE = samples(3000)
"""An interruption that has not stopped the device by then was missed."""

PERSON_PATIENCE = samples(8000)
"""The same where a person is asked to interrupt, who must hear the sentence, and read that."""

AFTERWARDS = samples(400)
"""Collected behind a stop: what the card buffers, and the room's decay."""

PLEASE = "please interrupt it NOW"
"""What a person is told."""

SILENT = samples(10_000)
"""A sentence that has not begun by then will not: the voice is in trouble."""

BREATH = samples(300)
"""Between two sentences."""

VOIDS = 3
"""Trials that may come to nothing (an underrun, a sentence that ended too soon) for each that is wanted."""


class Stage(StrEnum):
    """What is being waited for."""

    SETTLING = "settling"
    IDLING = "idling"
    ORDERED = "ordered"
    """A sentence is; it is about to sound."""
    SPEAKING = "speaking"
    """The moment to interrupt is not there yet."""
    ASKED = "asked"
    """Somebody speaks up."""
    STOPPED = "stopped"
    """What comes behind the stop is still being collected."""
    RESTING = "resting"
    """The floor is not free again."""
    OVER = "over"


UNDER_WAY = (Stage.ORDERED, Stage.SPEAKING, Stage.ASKED, Stage.STOPPED)

DISTURBED = ("mic_lost", "faulty", "muted")
"""States in which a device falls silent for reasons of its own."""


@dataclass(frozen=True, slots=True)
class Plan:
    """voices: interruptions, (n,) int16 at the card's rate, taken in turn; none where a person interrupts.
    idle, speak: samples of the two undisturbed stretches."""

    trials: int
    voices: Sequence[Pcm]
    text: str
    long_text: str
    """Lasts for `speak` and a trial."""
    idle: int = samples(20_000)
    speak: int = samples(20_000)
    seed: int = 1


@dataclass(slots=True)
class Trial:
    """Moments in seconds of time.monotonic(), 0 for never."""

    number: int
    start: int = 0
    """Microphone frame of the onset; 0 where a person is to interrupt."""
    doubts: list[float] = field(default_factory=list)
    """When our voice was lowered."""
    verdict: float = 0.0
    abort_ms: float = 0.0
    undone: bool = False
    """It was taken back."""
    xruns: int = 0
    tape: Tape | None = None
    card_ms: float | None = None
    """From the verdict to the last sample, by a card that keeps a record."""
    lowered: dict[float, float] = field(default_factory=dict)
    """Of `doubts`: when the first lowered sample sounded, by such a card; those of which it is known."""


class Record(Protocol):
    """What a card knows that keeps one. Moments in seconds of time.monotonic()."""

    def ended(self, verdict: float) -> float:
        """How long after `verdict` it sounded, ms; nan if it did not."""

    def lowered(self, doubt: float, verdict: float) -> float | None:
        """When the first sample sounded that was lowered for this doubt, before the verdict; None if that cannot be
        told."""


class Director:
    """Engine thread only. Is a `live.door.Recorder` and, for both journals, a `ports.Journal`."""

    def __init__(
        self,
        plan: Plan,
        tap: Tap,
        record: Record | None = None,
        told: Callable[[str], None] = lambda _line: None,
        clock: Callable[[], float] = time.monotonic,
        measure: Callable[[], Usage] = usage,
    ) -> None:
        """record: the simulated card's. told: gets a line at a time about what goes on."""
        self.trials: list[Trial] = []
        self.marks: dict[str, Usage] = {}
        """At the beginning and the end of either stretch, and at the end of it all."""
        self.early = self.void = 0
        """Stops before anybody had spoken up; trials that came to nothing."""
        self.facts: Mapping[str, object] = {}
        """The last that was noted of the card."""
        self._plan = plan
        self._tap = tap
        self._outside = (record, told, clock, measure)
        self._device: tuple[Callable[[str], int], Callable[[], None]]
        self._now = _Now()

    def begin(self, say: Callable[[str], int], stop: Callable[[], None]) -> None:
        """say: makes the device speak; stop: makes it leave. Before it runs."""
        self._device = (say, stop)
        self._now.due = SETTLE

    # What is seen -----------------------------------------------------------------------------------------------------

    def reference(self, block: Sound) -> None:
        """See `live.door.Recorder`."""

    def tell(self, event: Event | Fact) -> None:
        """See `live.door.Recorder`."""

    def capture(self, block: Sound) -> None:
        """See `live.door.Recorder`: time passes."""
        now = self._now
        now.at += block.size
        if now.at >= now.due:
            now.due = NEVER
            self._due()

    def write(self, entry: Mapping[str, object]) -> None:
        """See `ports.Journal`: something happened."""
        match entry.get("event"):
            case "playing" if self._now.stage is Stage.ORDERED:
                self._speaks()
            case "state":
                self._state(str(entry["state"]), str(entry.get("from", "")))
            case "halted":
                self._halted(entry)
            case "card":
                self.facts = entry

    # What follows -----------------------------------------------------------------------------------------------------

    def _due(self) -> None:
        now = self._now
        match now.stage:
            case Stage.SETTLING:
                self._mark("idle begins")
                now.wait(Stage.IDLING, self._plan.idle)
            case Stage.IDLING:
                self._mark("idle ends")
                self._order(self._plan.long_text)
            case Stage.ORDERED:
                self._void(BREATH)
            case Stage.SPEAKING if now.undisturbed:
                self._undisturbed()
            case Stage.SPEAKING:
                self._interrupt()
            case Stage.ASKED:
                self._tell("missed")
                self._collect()
            case Stage.STOPPED:
                self._collect()
            case Stage.RESTING:
                self._next()

    def _undisturbed(self) -> None:
        """The first sentence: its echo is learnt, then what speaking costs is measured, then it is a trial's."""
        now = self._now
        if "speaking begins" not in self.marks:
            self._mark("speaking begins")
            now.wait(Stage.SPEAKING, self._plan.speak)
        else:
            self._mark("speaking ends")
            now.undisturbed = False
            self._interrupt()

    def _order(self, text: str) -> None:
        self._now.wait(Stage.ORDERED, SILENT)
        self._device[0](text)

    def _speaks(self) -> None:
        now, dice = self._now, self._now.dice(self._plan.seed)
        now.wait(Stage.SPEAKING, SETTLE if now.undisturbed else int(dice.integers(SOONEST, LATEST)))

    def _interrupt(self) -> None:
        now, plan = self._now, self._plan
        now.trial = Trial(len(self.trials) + 1, xruns=self._tap.xruns())
        if plan.voices:
            voice = plan.voices[len(self.trials) % len(plan.voices)]
            now.trial.start = self._tap.inject(voice, int(now.dice(plan.seed).integers(RATE // 50, RATE // 10)))
        else:
            self._tell(PLEASE)
        now.wait(Stage.ASKED, PATIENCE if plan.voices else PERSON_PATIENCE)

    def _state(self, state: str, before: str) -> None:
        now, clock = self._now, self._outside[2]
        now.idle = state == "idle"
        if state == "doubting" and now.trial:
            now.trial.doubts.append(clock())
        if state == "speaking" and before == "yielding" and now.stopped:
            now.stopped.undone = True
        if state in DISTURBED and now.stage in UNDER_WAY:
            self._void(NEVER)
        elif state == "idle" and now.stage in (Stage.RESTING, Stage.ORDERED, Stage.SPEAKING, Stage.ASKED):
            self._free()

    def _free(self) -> None:
        """The floor is: after a trial, or because the sentence was over too soon, or was refused, for somebody seemed
        to go on speaking."""
        if self._now.stage is Stage.RESTING:
            self._rest(BREATH)
        else:
            self._void(BREATH)

    def _void(self, rest: int) -> None:
        """Nothing comes of this sentence."""
        self.void += 1
        self._rest(rest)

    def _rest(self, rest: int) -> None:
        self._now.trial = None
        if self._now.undisturbed:
            self.marks.pop("speaking begins", None)
        self._now.wait(Stage.RESTING, rest)

    def _halted(self, note: Mapping[str, object]) -> None:
        now = self._now
        now.stopped = now.trial
        if now.stage is Stage.SPEAKING:
            self.early += 1
            now.wait(Stage.RESTING)
        elif now.stage is Stage.ASKED and now.trial:
            moment, took = note["monotonic_s"], note["took_ms"]
            assert isinstance(moment, float)
            assert isinstance(took, float)
            now.trial.verdict, now.trial.abort_ms = moment, took
            now.wait(Stage.STOPPED, AFTERWARDS)

    def _collect(self) -> None:
        now, record = self._now, self._outside[0]
        trial = now.trial
        assert trial is not None
        if trial.verdict and record is not None:
            trial.card_ms = record.ended(trial.verdict)
            found = {doubt: record.lowered(doubt, trial.verdict) for doubt in trial.doubts if doubt <= trial.verdict}
            trial.lowered = {doubt: when for doubt, when in found.items() if when is not None}
        trial.tape = self._tap.tape()
        trial.xruns = self._tap.xruns() - trial.xruns
        if trial.xruns:  # the card had broken off before we did
            self.void += 1
        else:
            self.trials.append(trial)
            self._tell(f"{len(self.trials)} of {self._plan.trials}")
        now.trial = None
        now.wait(Stage.RESTING, BREATH if now.idle else NEVER)

    def _next(self) -> None:
        plan = self._plan
        if len(self.trials) >= plan.trials or self.void + self.early > VOIDS * max(plan.trials, 4):
            self._mark("over")
            self._now.wait(Stage.OVER)
            self._device[1]()
        else:
            self._order(plan.long_text if self._now.undisturbed else plan.text)

    def _mark(self, name: str) -> None:
        self.marks[name] = self._outside[3]()
        self._tell(name)

    def _tell(self, line: str) -> None:
        self._outside[1](line)


NEVER = 1 << 62


class _Now:
    """Where we are."""

    def __init__(self) -> None:
        self.at = 0
        self.due = NEVER
        self.stage = Stage.SETTLING
        self.idle = False
        """The floor is free."""
        self.undisturbed = True
        """The first sentence is still to be measured."""
        self.trial: Trial | None = None
        self.stopped: Trial | None = None
        """Whose the newest stop is; None for nobody's."""
        self._dice: np.random.Generator | None = None

    def wait(self, stage: Stage, count: int = NEVER) -> None:
        """For `stage` to bring something, or for so many samples to pass."""
        self.stage = stage
        self.due = self.at + count

    def dice(self, seed: int) -> np.random.Generator:
        """The same for a whole measurement."""
        self._dice = self._dice or np.random.default_rng(seed)
        return self._dice
