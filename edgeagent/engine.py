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
from dataclasses import replace
from typing import TypeVar

from edgeagent.detect.ear import Ear
from edgeagent.ports import EchoCanceller, Journal, Sound
from edgeagent.settings import Settings
from edgeagent.signal.blocks import Blocks
from edgeagent.signal.canceller import Trust
from edgeagent.signal.ring import Ring
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.moderator import Decision, Moderator
from edgeagent.turn.policy import Percept
from edgeagent.units import HOP, samples, seconds

LOOK = 64 * HOP
"""Samples (1 s) between two looks at what the canceller had to discard."""

Told = TypeVar("Told", bound=e.Event | e.Fact)


class Engine:
    """Sound and events in, decisions out. One thread only: the engine thread, or the simulator's."""

    def __init__(self, settings: Settings, journal: Journal, canceller: EchoCanceller, ear: Ear) -> None:
        self._journal = journal
        self.moderator = Moderator(settings.turns, journal.write, samples(settings.capture.pre_roll_ms))
        self.clean = Ring(self.moderator.kept)
        """Echo removed and suppressed, for detection. Sample i is microphone sample i; the newest lags `at` by one
        HOP."""
        self.linear = Ring(self.moderator.kept)
        """Echo removed linearly only, for recognisers and the user's turn. Indexed like `clean`."""
        self.percept = Percept(0, 0.5, 0.5)
        """The ear's last word, for reports and meters."""
        self._canceller = canceller
        self._ear = ear
        self._played = Blocks(HOP)
        self._heard = Blocks(HOP)
        self._reference: list[Sound] = []
        self._microphone: list[Sound] = []
        self._inbox: list[e.Event | e.Fact] = []

    @property
    def at(self) -> int:
        """Samples decided so far: a multiple of HOP."""
        return self.moderator.at

    @property
    def state(self) -> s.State:
        """Who has the floor."""
        return self.moderator.state

    @property
    def drift_ppm(self) -> float:
        """By how much the loudspeaker's clock is fast, as far as is known."""
        return self._canceller.drift_ppm

    def reference(self, block: Sound) -> None:
        """What the loudspeaker got: (n,) float32 in [-1, 1], any n, silence included."""
        self._reference.extend(self._played.push(block))

    def capture(self, block: Sound) -> None:
        """What the microphone heard: (n,) float32 in [-1, 1], any n. Decides every step that is complete."""
        self._microphone.extend(self._heard.push(block))
        while self._microphone and self._reference:
            self._step(self._reference.pop(0), self._microphone.pop(0))

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
            told = self._inbox.pop(0)
            if isinstance(told, e.Lost):
                self._canceller.realign(told.shift, told.frames)
            elif isinstance(told, e.Remembered):
                self._ear.usual.recall(told.level_dbfs, told.turns)
            elif isinstance(told, e.Forgotten):
                self._ear.usual.recall(0.0, 0)
            self.moderator.take(told)
        cancelled = self._canceller.process(reference, microphone)
        if end > HOP:  # the canceller's first output lies before the first sample
            self.clean.write(cancelled.clean)
            self.linear.write(cancelled.linear)
        self.moderator.trust(end, untrusted=cancelled.confidence.trust is Trust.UNTRUSTED)
        if end % LOOK == 0 and (discarded := self._canceller.take_discarded()):
            self._journal.write({"at": end, "event": "discarded", "samples": discarded})
        self.percept = self._ear.hear(cancelled, end)
        self.moderator.hear(self.percept)
        self._learn()

    def _learn(self) -> None:
        """What is learnt about the people, which is all that is kept for the next start, and what fails inside."""
        usual, habits = self._ear.usual, self.moderator.policy.temper.habits
        if self.moderator.voice:
            usual.heard(self.moderator.voice)
        if habits.take_news() or self.moderator.voice:
            counts = {"false_stops": habits.false_stops, "repeats": habits.repeats, "spoken_s": seconds(habits.spoken)}
            level = {"level_dbfs": usual.dbfs, "turns": usual.turns}
            effect = {"known": usual.known, "lean": habits.lean}
            self._journal.write({"at": self.at, "event": "learnt", **level, **counts, **effect})
        if failure := self._ear.take_failure():
            self._journal.write({"at": self.at, "event": "ear_failed", "reason": failure})
