"""The lexical hint: what is said during a doubt, from a recogniser of any kind, as nats for the verdict.

While there is a doubt, and while a stop may still be taken back, the sound from a little before the onset goes to the
recogniser in small pieces, and each of its partial results is weighed by `turn.cue_words`. Told is the difference to
what was told before, as much of it as has not faded yet: so the hints add up to the latest belief, also when the
recogniser changes its mind. The evidence comes late (a word must be said first) and knows a few words only. It shifts
a verdict that sound has put in question; it is never asked whether there is a question.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeagent.ports import Partial, Spotter, Spotting
from edgeagent.signal.ring import Ring
from edgeagent.turn import states as s
from edgeagent.turn.cue_words import Cue, CueWords, Worth, cue, worth
from edgeagent.turn.events import Hint
from edgeagent.turn.hints import faded
from edgeagent.units import samples

SOURCE = "words"
"""Of the hints."""

PRE_ROLL = samples(300)
"""Given to the recogniser from before the onset: the faint beginning of the word, and some silence to begin in."""

PIECE = samples(100)
"""Samples handed over at a time. Smaller ones cost the recogniser more and come hardly sooner."""

LONGEST = samples(3000)
"""Of one stretch, with its pre-roll: the longest doubt, and as long again for a stop to be taken back."""


class Words:
    """Engine thread only. One call after every step or block of sound; chunking does not matter on the sample clock."""

    def __init__(self, spotter: Spotter, sound: Ring, language: CueWords, delay: int = 0) -> None:
        """sound: the engine's `clean`; in what is only cancelled linearly a recogniser finds words of our own.
        language: the words that count. delay: samples by which hints are told later than the recogniser gave them, for
        a simulation, in which it takes no time."""
        self.spotter = spotter
        self.last = ""
        """The text that was told of last, for notes and reports."""
        self._sound = sound
        self._language = language
        self._delay = delay
        self._spotting: Spotting | None = None
        self._onset = -1
        self._fed = 0
        self._until = 0
        self._cue = Cue.NOTHING
        self._told = Hint(0, SOURCE, 0.0, 0.0)
        self._paused = False

    def pause(self) -> None:
        """Recognise nothing until `resume`: the first thing that a machine can do without when it is too slow. Returns
        at once; what was being recognised is given up, what has been told fades as ever."""
        self._paused = True
        self._give_up()

    def resume(self) -> None:
        """From the next doubt on, or with the whole of this one if it began in the pause."""
        self._paused = False

    def hear(self, state: s.State, at: int) -> Iterator[Hint]:
        """The hints that follow from what is known when the engine is at sample `at` and in `state`."""
        if not isinstance(state, s.Doubting | s.Yielding):
            self._leave()
            return
        if isinstance(state, s.Doubting) and state.onset != self._onset and not self._paused:
            self._begin(state.onset)
        if self._spotting is None:
            return
        self._feed(self._spotting)
        for partial in self._spotting.partials():
            yield from self._weigh(partial, at + self._delay)

    def _begin(self, onset: int) -> None:
        self._leave()
        self._onset = onset
        self._fed = max(onset - PRE_ROLL, self._sound.start)
        self._until = self._fed + LONGEST
        self._cue = Cue.NOTHING
        self._spotting = self.spotter.listen(self._fed)

    def _leave(self) -> None:
        self._give_up()
        self._onset = -1

    def _give_up(self) -> None:
        if self._spotting is not None:
            self._spotting.cancel()
        self._spotting = None

    def _feed(self, spotting: Spotting) -> None:
        """Whole pieces of what has come since, in one."""
        if self._fed < self._sound.start:  # a loss longer than the ring: nobody knows what was said
            spotting.cancel()
            return
        ready = (min(self._sound.end, self._until) - self._fed) // PIECE * PIECE
        if ready <= 0:
            return
        spotting.feed(self._sound.read(self._fed, self._fed + ready))
        self._fed += ready
        if self._fed == self._until:
            spotting.finish()

    def _weigh(self, partial: Partial, at: int) -> Iterator[Hint]:
        now = cue(partial.text, self._language)
        if now is self._cue:
            return
        self._cue, self.last = now, partial.text
        yield self._difference(worth(partial.text, self._language), at)

    def _difference(self, belief: Worth, at: int) -> Hint:
        left = faded(at - self._told.at)
        person, floor = belief.person - left * self._told.person, belief.floor - left * self._told.floor
        self._told = Hint(at, SOURCE, belief.person, belief.floor)
        return Hint(at, SOURCE, person, floor)
