"""From evidence to verdict: a sequential test over the overlap so far.

Each step brings a log likelihood ratio for "a person speaks here" against "nobody does". Its running sum, never below
zero, is Page's test for the beginning of something (Page 1954, "Continuous inspection schemes"); between its bounds
lies Wald's region of doubt (Wald 1945, "Sequential tests of statistical hypotheses"). The sum crosses three bounds:

    suspicion   duck our voice, which also improves what we hear of the person
    verdict     stop
    zero        nothing there after all: go on

A stop is reversible for a while. If what was heard ends soon after it and does not look like somebody taking the floor,
it was a false alarm, and the sentence goes on from its last word or phrase.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import log
from typing import NamedTuple

from edgeagent.settings import Turns
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.hints import Hints
from edgeagent.turn.temper import Temper
from edgeagent.units import HOP, samples


class Likely(StrEnum):
    """What an overlap may be, in the order of the backchannel model's outputs."""

    FLOOR = "floor"
    BACKCHANNEL = "backchannel"
    OTHER = "other"
    """Neither: a cough, clatter, a hum, somebody far away."""


@dataclass(frozen=True, slots=True)
class Percept:
    """What the ear makes of one step of sound that ended at sample `at`. Probabilities are in (0, 1)."""

    at: int
    near: float
    """P(a person is speaking here), in this step."""
    floor: float
    """P(what has been heard since the onset takes the floor), and is no backchannel, cough or clatter."""
    backchannel: float = 0.0
    """P(it is a backchannel). What is left is neither."""
    power: float = 0.0
    """Mean square of the step without our echo."""

    @property
    def likely(self) -> Likely:
        """What is most probable. Of two that are alike the one that `Likely` names first."""
        probabilities = (self.floor, self.backchannel, 1.0 - self.floor - self.backchannel)
        return max(zip(Likely, probabilities, strict=True), key=lambda pair: pair[1])[0]


SURE = 0.999
"""Probabilities stay inside [1 - SURE, SURE]: no single step is ever certain."""

VERDICT = 20.0
"""Nats of evidence for a person that a stop usually needs."""

MEANT = 3.0
"""Nats of evidence for a person in the first nat by which the overlap takes the floor more surely than is asked: only a
person does that, and a word that is spoken softly is a word before it is surely a voice. More would let a click do."""

CLIP = 4.0
"""Largest log likelihood ratio one step may bring (nats): no single step decides."""

LEAK = 0.1
"""Taken off per step: an undecided ear (ratio 0) must not leave a doubt standing. 6 nats a second."""

OPEN = 6.0
"""Nats with which a turn is opened while we are silent."""

SUSPICION = 1.3
"""Nats with which we duck: a single step in which a person is four times as likely as nobody. What it costs to be wrong
is a tenth of a second of a lowered voice (BLIP)."""

CEILING = 28.0
"""The sum stops growing here, so that it can also come down in reasonable time."""

VOICED = 0.5
"""From this probability on a step counts as voice, for ends."""

FAINT = 0.15
"""From this probability on a step may already be the weak beginning of a word, for onsets."""

ASKED = ((samples(180), 0.85), (samples(600), 0.5), (samples(1400), 0.22))
"""Time since the onset, less the pauses, and what is then asked of P(takes the floor), with straight lines between:
"okay" and "okay, but" share their onset, and waiting costs little while we are ducked; nearly all backchannels are over
after 0.6 s; and whoever goes on and on wants something, however it sounds. Who pauses does not go on and on."""

EARLIEST = samples(160)
"""Nothing is stopped for sooner after its onset. A voice is as sure as it can be after a tenth of a second; but for so
long that is our own too, when somebody has moved the device and the canceller does not know yet."""

ENDED = samples(96)
"""A silence after which a single word is taken to be over, and ALONE is asked of it."""

ALONE = 0.6
"""Asked of P(takes the floor) of a word that is over: a little more than even, for a stop costs more than a duck that
was polite in vain."""

REGRETTED = 0.55
"""A stop whose cause, heard to its end, takes the floor no more likely than that is taken back: it would not be made
then."""

WHOLE = samples(200)
"""After a silence of this length nothing more is learnt about what was said, and what the ear then says of it is kept:
it forgets."""

EVEN = 0.5
"""Nobody knows."""

BRIEF = samples(1200)
"""Nothing longer than this is a backchannel, whatever it sounds like: half of them are over after 0.39 s, nearly all
after 0.9 s, and a room makes them longer."""

LEAD = samples(500)
"""At most so much faint sound before the first voice belongs to its beginning."""

OVERLAP = samples(2000)
"""Sound that comes and goes is one overlap for at most this long; a television in the next room must not make every
later voice an old one."""

LONG_AGO = -(10**9)

GAP = samples(240)
"""A silence after which a doubt is over."""

CONVINCING, BLIP = 8.0, samples(96)
"""Evidence (nats) that was surely a voice; a doubt that never had so much is over after a shorter silence. That makes a
duck cheap, so it may come early."""

SETTLED = samples(400)
"""A silence after which what stopped us is over. Longer than the gaps between a person's words, and short enough that a
false alarm is a hesitation of ours and not a breakdown."""

UNJUDGED = (s.HalfDuplex, s.MicLost, s.Faulty)
"""States in which what is heard may be anything, our own voice among it; it is no evidence in the next one either."""

OWN = ("hints", "temper")
"""What of a policy is no evidence."""

REJOIN = samples(1000)
"""Voice within this long of earlier voice goes on with the same overlap: "yeah" may open a real turn."""


class Faint(NamedTuple):
    """Sound that may be the weak beginning of a word: when it began, and when there was any last."""

    onset: int
    last: int


NOTHING = Faint(0, LONG_AGO)


class Policy:
    """Keeps the running evidence. One call a step, engine thread only."""

    def __init__(self, turns: Turns) -> None:
        self.evidence = 0.0
        self.hints = Hints()
        """What others have noticed. It shifts a doubt that sound has raised, and the taking back of a stop."""
        self.temper = Temper(turns)
        """How sure it must be, and how patient it is."""
        self._onset = 0
        self._began = LONG_AGO
        self._faint = NOTHING
        self._last_voice = LONG_AGO
        self._most = 0.0
        self.heard = Percept(LONG_AGO, EVEN, EVEN)
        """The last step in which something was heard, or at most WHOLE after it."""
        self._meant = LONG_AGO
        """When the overlap was last judged to want the floor, whether or not it got it; until that is taken back."""
        self._deaf_for = 0
        self._paused = 0
        """Samples of the pauses in the overlap so far."""

    @property
    def bound(self) -> float:
        """The evidence (nats) that a stop needs."""
        return VERDICT + self.temper.caution

    @property
    def voiced(self) -> bool:
        """Whether the overlap was ever as surely a voice as a turn takes."""
        return self._most >= OPEN

    def hear(self, percept: Percept, state: s.State, *, may_stop: bool = True) -> Iterator[e.Event]:
        """The events that this step of sound brings about in `state`, at most one. may_stop: whether the sentence may
        be stopped at all, and not only ducked; then whoever would have stopped it has the floor when it is over."""
        if isinstance(state, UNJUDGED):
            self.restart()
            return
        self._weigh(percept)
        at, quiet = percept.at, percept.at - self._last_voice
        if quiet <= WHOLE:
            self.heard = percept
        match state:
            case s.Idle() | s.Thinking():
                if self.evidence >= OPEN:
                    yield e.SpeechStarted(at, self._onset)
            case s.Speaking():
                if self.evidence >= SUSPICION:
                    yield e.Suspected(at, self._onset)
            case s.Doubting():
                yield from self._doubt(percept, quiet, may_stop)
            case s.Yielding():
                if self._is_false_alarm(percept, quiet):
                    self._meant = LONG_AGO
                    yield e.Judged(at, e.Verdict.FALSE_ALARM)
                elif quiet >= max(self.temper.patience, SETTLED):
                    yield self._end(at)
            case s.Hearing():
                if quiet >= self.temper.patience:
                    yield self._end(at)
            case _:
                pass

    def notice(self, percept: Percept) -> None:
        """What may be the weak beginning of a word, for its onset; also of steps that are heard after they are over."""
        if percept.near >= FAINT:
            begins = percept.at - self._faint.last > GAP
            self._faint = Faint(percept.at - HOP if begins else self._faint.onset, percept.at)

    def mirror(self, other: Policy) -> None:
        """Have heard what `other` has heard. Its own stay its temper and its hints."""
        for name, value in vars(other).items():
            if name not in OWN:
                setattr(self, name, value)

    def forget(self, after_patience: bool) -> None:
        """Something else than the sound has decided (a button, a deadline): what is being said now counts no more. It
        takes a silence to be heard again, of the patience or of a gap between words."""
        self.evidence = self._most = 0.0
        self._meant = LONG_AGO
        self._deaf_for = self.temper.patience if after_patience else GAP

    def postpone(self) -> None:
        """As `forget`, of a doubt over what nobody may stop: whoever wanted the floor in it may have it later."""
        meant = self._meant
        self.forget(after_patience=False)
        self._meant = meant

    def hear_out(self, at: int) -> None:
        """What nobody might stop is over. Who wanted the floor meanwhile, and has not paused since, is heard again,
        from the same onset on."""
        if self._deaf_for and self._meant > self._began:
            self._deaf_for = 0
            self._began, self._meant = max(self._began, at - OVERLAP + GAP), at
            self._paused = 0

    def restart(self) -> None:
        """What was said until now is of no account, and what is said from now on is, without a silence between."""
        self.evidence = self._most = 0.0
        self._meant = self._began = self._last_voice = LONG_AGO
        self._faint = NOTHING
        self._deaf_for = 0

    def _end(self, at: int) -> e.SpeechEnded:
        """The turn is over; what comes now is another one."""
        ended = e.SpeechEnded(at, self._last_voice)
        self.evidence = self._most = 0.0
        self._began = self._last_voice = LONG_AGO
        self._faint = NOTHING
        return ended

    def _weigh(self, percept: Percept) -> None:
        at = percept.at
        if self._deaf_for:
            if percept.near >= VOICED:
                self._last_voice = at
            if at - self._last_voice < self._deaf_for:
                return
            self.restart()
        self.notice(percept)
        if percept.near >= VOICED:
            if self.evidence <= 0.0 and (at - self._last_voice > REJOIN or at - self._began > OVERLAP):
                self._began, self._most, self._paused = at - HOP, 0.0, 0
                self._onset = max(self._faint.onset, self._began - LEAD)
            elif at - self._last_voice > ENDED:
                self._paused += at - self._last_voice
            self._last_voice = at
        ratio = log_odds(percept.near)
        self.evidence = min(CEILING, max(0.0, self.evidence + max(-CLIP, min(CLIP, ratio)) - LEAK))
        self._most = max(self._most, self.evidence)

    def _doubt(self, percept: Percept, quiet: int, may_stop: bool) -> Iterator[e.Event]:
        since = percept.at - self._began
        asked = ALONE if quiet >= ENDED else floor_asked(since - self._paused)
        person, floor = self.hints.weigh(percept.at)
        surplus = log_odds(percept.floor) - log_odds(asked) - self.temper.caution / 2
        evidence = self._most + person + MEANT * min(1.0, max(0.0, surplus))
        if surplus + floor >= 0 and since >= EARLIEST and evidence >= self.bound and quiet < GAP:
            self._meant = percept.at
            if may_stop:
                yield e.Judged(percept.at, e.Verdict.INTERRUPTION)
        elif may_stop and self._meant > self._began:  # over the end of the sentence before, which is over
            yield e.Judged(percept.at, e.Verdict.INTERRUPTION)
        elif self.evidence <= 0.0 and quiet >= self._gap and self._meant <= self._began:
            yield e.Judged(percept.at, e.Verdict.FALSE_ALARM)

    @property
    def _gap(self) -> int:
        """The silence after which this doubt is over."""
        return GAP if self._most >= CONVINCING else BLIP

    def _is_false_alarm(self, percept: Percept, quiet: int) -> bool:
        over = quiet >= SETTLED and self._last_voice - self._began < BRIEF
        if not over or percept.at - self._meant > self.temper.reconsider:
            return False
        _, floor = self.hints.weigh(percept.at)
        return log_odds(self.heard.floor) + floor <= log_odds(REGRETTED)


def floor_asked(since_onset: int) -> float:
    """P(takes the floor) that a stop usually needs `since_onset` samples after the onset, the pauses left out."""
    (sooner, more), *rest = ASKED
    for later, less in rest:
        if since_onset < later:
            return more + max(0, since_onset - sooner) / (later - sooner) * (less - more)
        sooner, more = later, less
    return more


def bounded(probability: float) -> float:
    """Within [1 - SURE, SURE]."""
    return min(SURE, max(1.0 - SURE, probability))


def log_odds(probability: float) -> float:
    """Of a probability in (0, 1)."""
    return log(probability / (1.0 - probability))
