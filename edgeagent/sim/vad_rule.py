"""How others decide to stop: a voice activity detector behind a canceller, and a length of speech.

The rules are those of two frameworks for talking agents, with the settings they come with, read off their sources
(August 2026) and written anew; none of their code runs here. A satellite that listens for nothing but a wake word while
it speaks needs no rule: it never stops.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeagent.sim.echo_bench.scenes import FRAME
from edgeagent.units import samples


@dataclass(frozen=True, slots=True)
class Rule:
    """on: probability from which a frame is voice; off: below which it is none while somebody speaks; smoothing: weight
    of the frames before. In samples, begins: voice without a break that makes speech; ends: silence that ends it;
    stops: length of speech, breaks included, at which the device stops; before: what is handed over from before it."""

    name: str
    on: float
    off: float
    smoothing: float
    begins: int
    ends: int
    stops: int
    before: int = samples(500)


RULES = (
    Rule("LiveKit Agents", 0.5, 0.35, 0.35, samples(50), samples(550), samples(500)),
    Rule("Pipecat", 0.7, 0.7, 0.0, samples(200), samples(200), 0),
)
"""LiveKit stops for a recogniser's text, too; it comes later than this rule stops, for the silence that ends a speech
counts as its length. That LiveKit goes on after two seconds without text is left out: silence of more than one is a
stop here. So is Pipecat's least loudness (-50 LUFS): speech in scenes is louder."""


class Activity:
    """A rule at work on one sound."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.speeches: list[tuple[int, int]] = []
        """Those that are over: first sample of the voice, and the one at which the silence was long enough."""
        self.speaking = False
        self._at = self._start = self._voice = self._silence = 0
        self._probability = 0.0

    def hear(self, probability: float) -> bool:
        """The next FRAME; whether the device must be silent now."""
        rule, self._at = self.rule, self._at + FRAME
        self._probability = rule.smoothing * self._probability + (1 - rule.smoothing) * probability
        if self._probability >= (rule.off if self.speaking else rule.on):
            self._voice, self._silence = self._voice + FRAME, 0
            if not self.speaking and self._voice >= rule.begins:
                self.speaking, self._start = True, self._at - self._voice
        else:
            self._voice, self._silence = 0, self._silence + FRAME
            if self._silence >= rule.ends:
                self.finish()
        return self.speaking and self._at - self._start >= rule.stops

    def finish(self) -> None:
        """No more is heard: what is being said is over."""
        if self.speaking:
            self.speaking = False
            self.speeches.append((self._start, self._at))
