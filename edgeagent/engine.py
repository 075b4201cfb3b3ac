"""The engine: three doors and nothing else decides.

    engine.reference(played)        what the loudspeaker got, before the microphone block of the same instant
    engine.capture(heard)           what the microphone heard, same sample index
    engine.tell(ReplyReady(...))    everything else that happens

    for decision in engine.decisions():
        ...                         gate, amplifier, abort, then lamp

The classic mistake is to capture first and refer later: the canceller then sees the future of neither, and the engine
waits. There is no clock and no thread in here; the same sound and the same events give the same journal, byte for byte,
however they are cut into blocks.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import asdict, replace
from typing import TypeVar

import numpy as np

from edgeagent.detect.beside import Beside
from edgeagent.detect.ear import Ear
from edgeagent.ports import EchoCanceller, Journal, Sound
from edgeagent.settings import Settings
from edgeagent.signal.blocks import Pairs
from edgeagent.signal.canceller import Trust
from edgeagent.signal.confidence import Confidence
from edgeagent.signal.gap import Gap
from edgeagent.signal.kept import Kept
from edgeagent.signal.lull import Lull
from edgeagent.signal.ring import Ring
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.levels import SPARSE, Level
from edgeagent.turn.moderator import Decision, Moderator
from edgeagent.turn.outputs import Impairment
from edgeagent.turn.policy import FAINT, Percept
from edgeagent.units import HOP, samples, seconds

LOOK = 64 * HOP
"""Samples (1 s) between two looks at what the canceller had to discard."""

SILENCE = np.zeros(HOP, np.float32)
"""A hop of what the loudspeaker gets while nothing is said."""

Told = TypeVar("Told", bound=e.Event | e.Fact)


class Engine:
    """Sound and events in, decisions out. One thread only: the engine thread, or the simulator's."""

    def __init__(
        self, settings: Settings, journal: Journal, canceller: EchoCanceller, ear: Ear, beside: Beside | None = None
    ) -> None:
        """beside: the shadow, if there is one; new, as everything else."""
        self._journal = journal
        self.moderator = Moderator(
            settings.turns, journal.write, samples(settings.capture.pre_roll_ms), settings.activation
        )
        self._kept = Kept(self.moderator.kept)
        self.percept = Percept(0, 0.5, 0.5)
        """The ear's last word, for reports and meters."""
        self.confidence: Confidence | None = None
        """The canceller's, likewise; None before there is any."""
        self._canceller = canceller
        self._ear = ear
        self._beside = beside
        if beside is not None:
            beside.attach(self.moderator, ear, journal.write)
        self._sound = Pairs(HOP)
        self._gap = Gap()
        self._lull = Lull()
        self._inbox: list[e.Event | e.Fact] = []

    @property
    def clean(self) -> Ring:
        """Echo removed and suppressed, for detection. Sample i is microphone sample i; the newest lags `at` by one
        HOP."""
        return self._kept.clean

    @property
    def linear(self) -> Ring:
        """Echo removed linearly only, for recognisers and the user's turn. Indexed like `clean`."""
        return self._kept.linear

    @property
    def at(self) -> int:
        """Samples decided so far: a multiple of HOP."""
        return self.moderator.at

    @property
    def wanting(self) -> int:
        """Samples of the microphone, 1 .. HOP, that complete the next step: with less nothing is decided."""
        return self._sound.wanting

    @property
    def calm(self) -> bool:
        """We speak, and nothing in the last step may have been a person."""
        return isinstance(self.state, s.Speaking) and self._nobody

    @property
    def due(self) -> bool:
        """Something has happened that the next step decides upon."""
        return bool(self._inbox) and self._inbox[0].at < self.at + HOP

    @property
    def rests(self) -> bool:
        """Nothing was computed in the last step: the room is quiet, and so are we."""
        return self._lull.on

    @property
    def state(self) -> s.State:
        """Who has the floor."""
        return self.moderator.state

    @property
    def drift_ppm(self) -> float:
        """By how much the loudspeaker's clock is fast, as far as is known."""
        return self._canceller.drift_ppm

    @property
    def far(self) -> float:
        """Probability that the turn closed last was not said to us, by how loud it was."""
        return self._ear.usual.last

    def reference(self, block: Sound) -> None:
        """What the loudspeaker got: (n,) float32 in [-1, 1], any n, silence included."""
        self._sound.first(block)

    def capture(self, block: Sound) -> None:
        """What the microphone heard: (n,) float32 in [-1, 1], any n. Decides every step that is complete."""
        self._sound.second(block)
        for reference, microphone in self._sound.take():
            self._step(reference, microphone)

    def tell(self, told: Told) -> Told:
        """Anything else that happened. Stamped not earlier than `at`; ahead of `at` it waits. Returns it as stamped,
        for recording."""
        stamped = replace(told, at=max(told.at, self.at))
        insort(self._inbox, stamped, key=lambda waiting: waiting.at)
        return stamped

    def decisions(self) -> list[Decision]:
        """What was decided since the last call, in order."""
        return self.moderator.decisions()

    def _step(self, reference: Sound, microphone: Sound) -> None:
        end = self.at + HOP
        self.moderator.at = end
        while self._inbox and self._inbox[0].at < end:
            self._take(self._inbox.pop(0))
        cancelled = None
        if self._gap.covers(end, microphone):
            self._catch_up(end)
            self._canceller.miss(reference)
            self._kept.take_silence()
            self.percept = self._ear.unknown(end)
        elif self._lull.covers(reference, microphone, self._at_rest):
            self._kept.take_plain(self._lull.pass_over())
            self.percept = replace(self.percept, at=end)
        else:
            self._catch_up(end)
            cancelled = self._canceller.process(reference, microphone)
            self.confidence = cancelled.confidence
            if end > HOP:  # the canceller's first output lies before the first sample
                self._kept.take(cancelled)
            self.moderator.trust(end, untrusted=cancelled.confidence.trust is Trust.UNTRUSTED)
            self.percept = self._ear.hear(cancelled, end)
        if end % LOOK == 0:
            self._count()
        if failure := self._ear.take_failure():
            self._journal.write({"at": end, "event": "ear_failed", "reason": failure})
        self.moderator.impair(Impairment.RULES, not self._ear.well)
        heard_in = self.moderator.state
        self.moderator.hear(self.percept)
        if self._beside is not None:
            self._beside.hear(cancelled, self.percept, heard_in, self.moderator)
        self._learn()

    @property
    def _at_rest(self) -> bool:
        """Nobody has the floor, and nothing is being decided by what was heard last."""
        ear = self._ear.well and not self._ear.restless
        return isinstance(self.state, s.Idle) and self._nobody and ear and self._beside is None

    @property
    def _nobody(self) -> bool:
        """Nothing in the last step may have been a person."""
        return not self.moderator.policy.evidence and self.percept.near < FAINT

    def _catch_up(self, end: int) -> None:
        """Before the hop that ends at sample `end` is heard: the last of what was passed over."""
        lost, missed = self._lull.take_missed()
        if lost:
            self._canceller.rest(lost)
            self._ear.rest(lost)
        for back, microphone in zip(range(len(missed), 0, -1), missed, strict=True):
            percept = self._ear.hear(self._canceller.process(SILENCE, microphone), end - back * HOP)
            self.moderator.policy.notice(percept)

    def _take(self, told: e.Event | e.Fact) -> None:
        match told:
            case e.Lost():
                self._canceller.realign(told.shift, self._gap.lose(told.at, told.frames))
            case e.Remembered():
                self._ear.usual.recall(told.level_dbfs, told.turns)
            case e.Forgotten():
                self._ear.usual.recall(0.0, 0)
            case e.Shed():
                self._canceller.suppress(told.level < Level.RESIDUAL)
                self._ear.every = SPARSE if told.level >= Level.RATE else 1
        self.moderator.take(told)
        if self._beside is not None:
            self._beside.take(told)
        if isinstance(told, e.Shed):
            self.moderator.impair(Impairment.SLOW, told.level >= Level.RESIDUAL)
        if isinstance(told, e.Alone):
            self.moderator.impair(Impairment.ALONE, told.alone)

    def _count(self) -> None:
        """What went wrong inside in the last second; a replay counts the same."""
        if discarded := self._canceller.take_discarded():
            self._journal.write({"at": self.at, "event": "discarded", "samples": discarded})
        if upsets := self._ear.take_upsets():
            self._journal.write({"at": self.at, "event": "ear_upset", **asdict(upsets)})

    def _learn(self) -> None:
        """What is learnt about the people, which is all that is kept for the next start."""
        usual, temper = self._ear.usual, self.moderator.policy.temper
        habits, ending = temper.habits, temper.ending
        if self.moderator.voice:
            usual.heard(self.moderator.voice)
        elif isinstance(self.moderator.state, s.Hearing | s.Yielding):
            usual.last = 0.0
        if habits.take_news() | ending.take_news() or self.moderator.voice:
            counts = {"false_stops": habits.false_stops, "repeats": habits.repeats, "spoken_s": seconds(habits.spoken)}
            pauses = {"pause_ms": ending.pause_ms, "phrases": ending.turns}
            level = {"level_dbfs": usual.dbfs, "turns": usual.turns}
            effect = {"known": usual.known, "lean": habits.lean}
            self._journal.write({"at": self.at, "event": "learnt", **level, **counts, **pauses, **effect})
