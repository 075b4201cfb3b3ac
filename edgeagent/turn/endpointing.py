"""How long a silence must be to end the person's turn: not the same for everybody, nor after every word.

Three things move the patience away from the setting, all within bounds. The person: people who pause long inside their
turns are waited for, and who never pauses is answered sooner. Of each turn with more than a phrase in it counts its
longest pause. The estimate is the pause that WHOLE of the turns do not reach, found by stochastic approximation
(Robbins & Monro 1951; Tierney 1983, "A space-efficient recursive procedure for estimating a quantile"): a turn that had
a longer one raises it a good deal, another one lowers it a little. On the logarithm, as pauses are spread
(Campione & Véronis 2002, "A large-scale multilingual study of silent pause duration"). A pause that ended the turn too
early is known as well: the person went on before we had answered, or over our first words.

What was said so far, and how it sounded: whoever has an opinion (a recogniser's text, a network on the sound) tells it
as `events.Completeness`, and an opinion holds as long as nothing more was said.

And somebody who needs time says so by a setting.
"""

from __future__ import annotations

from math import exp, log

from edgeagent.settings import Turns
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.units import HOP, milliseconds, samples

WHOLE = 0.95
"""Of a person's turns, so many are to be left whole by what was learnt about them."""

FIRST, LEAST_STEP, SETTLES = 0.3, 0.08, 4
"""Of the logarithm of the estimate: the step that the first turn makes, the one that there is always left, and the
turns after which the step is half of the first."""

BEYOND = 1.1
"""No single pause raises the estimate to more than so many times its own length."""

QUICKEST = 0.7
"""Of the setting: nobody is answered sooner for what was learnt about them."""

SLOWEST = 2.5
"""Of the setting: nobody is waited for longer for what was learnt about them."""

SAYS_MUCH = samples(1500)
"""Voice in a turn from which on its pauses tell something: "stop" has none, whoever says it."""

BREATH = samples(160)
"""Shorter silences are stops between sounds (Heldner & Edlund 2010 take 180 ms), and no pauses."""

MOMENT = samples(2000)
"""Who goes on within so long of their own last voice had not finished. Later it may be a thought of their own."""

LONGER, SHORTER = 2.5, 0.5
"""What an opinion multiplies the patience by that is sure that something is to follow, and one that nothing is."""

GRACE = samples(300)
"""Voice so long after what an opinion has heard is still the end of that: recognisers write a word before it has died
away."""

SHORTEST = samples(200)
"""Nobody is cut off after less: people leave so much between each other's turns (Stivers et al. 2009)."""

SLOWLY = 2.0
"""What patient mode multiplies the patience and its maximum by."""

NOTICED = samples(1000)
"""A beginning may be told so late after its onset."""


LONG_AGO = -(10**9)


class Endpointing:
    """Engine thread only."""

    def __init__(self, turns: Turns) -> None:
        slowly = SLOWLY if turns.patient else 1.0
        self._set = samples(slowly * turns.patience_ms)
        self.most = longest(turns)
        """Samples of silence that end a turn whatever is known."""
        self._patient, self._adapt = turns.patient, turns.adapt
        self._learnt = log(self._set)
        self.turns = 0
        """Turns that have taught something."""
        self._opinions: dict[str, e.Completeness] = {}
        self._news = False
        self._course = Course()

    @property
    def pause_ms(self) -> float:
        """The pause that WHOLE of the person's turns do not reach; 0 for not known."""
        return milliseconds(round(exp(self._learnt))) if self.turns else 0.0

    @property
    def last_voice(self) -> int:
        """The sample up to which the person was last heard."""
        return self._course.last_voice

    @property
    def patience(self) -> int:
        """Samples of silence that end the turn as things stand."""
        wanted = exp(self._learnt) if self._adapt else self._set
        factor = sum(log(LONGER if said.complete < 0.5 else SHORTER) * _sure(said) for said in self._standing())
        if self._patient:
            factor = max(0.0, factor)
        factor = min(log(LONGER), max(log(SHORTER), factor))
        return max(SHORTEST, min(self.most, round(wanted * exp(factor))))

    @property
    def why(self) -> dict[str, object]:
        """What the patience comes of, for the journal."""
        opinions = {said.source: round(said.complete, 3) for said in self._standing()}
        return {"patience_ms": round(milliseconds(self.patience)), **({"opinions": opinions} if opinions else {})}

    def recall(self, pause_ms: float, turns: int) -> None:
        """Begin with this estimate instead; with two zeros: forget."""
        self.turns = turns if pause_ms else 0
        self._learnt = self._bounded(log(samples(pause_ms) or 1)) if self.turns else log(self._set)
        self._course = Course()
        self._opinions.clear()

    def think(self, said: e.Completeness) -> None:
        """Somebody's opinion; the newest of each counts."""
        self._opinions[said.source] = said

    def hear(self, at: int, voiced: bool) -> None:
        """A step of sound ended at sample `at`, before it is decided upon."""
        self._course.hear(at, voiced)
        if (pause := self._course.settled(at)) is not None:
            self._learn(pause)

    def note(self, before: s.State, event: e.Event, after: s.State) -> None:
        """`event` led from one state to the other."""
        match before, event, after:
            case s.Idle() | s.Thinking(), e.SpeechStarted(onset=onset), s.Hearing():
                self._open(onset)
            case s.Doubting(onset=onset), _, s.Hearing() | s.Yielding():
                self._open(onset)
            case s.Hearing() | s.Yielding(), e.SpeechEnded(end=end), s.Thinking():
                self._course.close(end)
            case s.Hearing() | s.Yielding(), _, _ if type(after) is not type(before):  # nothing that the person did
                self._course = Course(self._course.last_voice)
            case _, e.ButtonShort() | e.ButtonLong() | e.MicrophoneFailed(), _:
                self._course = Course(self._course.last_voice)

    def take_news(self) -> bool:
        """Whether a turn has taught something since this was last asked."""
        news, self._news = self._news, False
        return news

    def _open(self, onset: int) -> None:
        if (pause := self._course.open(onset)) is not None:
            self._learn(pause)

    def _standing(self) -> list[e.Completeness]:
        """The opinions about all that has been said."""
        return [said for said in self._opinions.values() if self.last_voice <= said.upto + GRACE]

    def _learn(self, pause: int) -> None:
        """A turn is over, and this was the longest pause in it."""
        if not self._adapt:
            return
        step = max(LEAST_STEP, FIRST / (1 + self.turns / SETTLES))
        before = self._learnt
        if pause > exp(before):
            self._learnt = max(before, min(before + WHOLE * step, log(BEYOND * pause)))
        else:
            self._learnt = before - (1 - WHOLE) * step
        self._learnt = self._bounded(self._learnt)
        self.turns = min(e.COUNTED_MOST, self.turns + 1)
        self._news = True

    def _bounded(self, learnt: float) -> float:
        least = self._set * (1.0 if self._patient else QUICKEST)
        return min(log(self._set * SLOWEST), log(self.most), max(log(least), learnt))


class Course:
    """The turn that is under way, or was last: its voice and its longest pause."""

    def __init__(self, last_voice: int = LONG_AGO) -> None:
        self.last_voice = last_voice
        self._going = False
        self._ended = LONG_AGO
        """The last voice of a turn that may still be gone on with."""
        self._longest = self._voiced = 0
        self._hasty = False

    def hear(self, at: int, voiced: bool) -> None:
        if not voiced:
            return
        if self._going:
            self._voiced += HOP
            pause = at - HOP - self.last_voice
            if pause >= BREATH:
                self._longest = max(self._longest, pause)
        self.last_voice = at

    def open(self, onset: int) -> int | None:
        """A turn begins, or goes on; the longest pause of the one before, if that turns out to be over."""
        if self._ended != LONG_AGO and onset - self._ended <= MOMENT:
            self._longest, self._hasty = max(self._longest, onset - self._ended), True
            self._going, self._ended = True, LONG_AGO
            return None
        pause = self._over()
        self._going, self._ended = True, LONG_AGO
        self._longest = self._voiced = 0
        self._hasty = False
        return pause

    def close(self, end: int) -> None:
        self._going, self._ended = False, end

    def settled(self, at: int) -> int | None:
        """The longest pause of a turn that nobody went on with in time; once."""
        if self._ended == LONG_AGO or at - self._ended <= MOMENT + NOTICED:
            return None
        pause, self._ended = self._over(), LONG_AGO
        return pause

    def _over(self) -> int | None:
        """What the closed turn tells."""
        tells = self._ended != LONG_AGO and (self._voiced >= SAYS_MUCH or self._hasty)
        return self._longest if tells else None


def longest(turns: Turns) -> int:
    """Samples of silence that end a turn whatever is known."""
    return samples((SLOWLY if turns.patient else 1.0) * max(turns.patience_ms, turns.longest_patience_ms))


def _sure(said: e.Completeness) -> float:
    """How sure an opinion is, 0 to 1."""
    return abs(2 * said.complete - 1)
