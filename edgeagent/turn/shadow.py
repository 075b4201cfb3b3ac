"""A second policy in the shadow of the live one: what it would have done about each overlap, told where that differs.

It stands where the live policy stands, with the live state and the live evidence, whenever our voice does not sound
or nothing has been doubted. From the first suspicion of either on, each goes its own way through the same table of
states: the shadow hears every step and decides for itself whether it would have lowered our voice, stopped, gone on.
What sounds in the room follows the live one, so the longer they disagree the less the shadow's word means; therefore
it is taken back to where the live one stands as soon as both are back at speaking, or the live one has left the
overlap (the turn was handed over, a button, a fault), or everything must have been decided. So each disagreement
stands for itself, and none comes of another.

It shares the caution and the patience that the device has learnt, for the mistakes were the live one's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeagent.settings import Turns
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.machine import Limits, deadline, step
from edgeagent.turn.policy import Percept, Policy
from edgeagent.units import samples

TOLERATED = samples(200)
"""Two who do the same thing within so long agree: a person would not notice."""

OVERLAP = (s.Speaking, s.Doubting, s.Yielding)
"""States in which the two may differ."""

DECIDED = samples(6000)
"""After an onset: a doubt lasts 1.5 s, and a stop is taken back within 3 s. Whoever still speaks keeps the floor."""

NEVER = -1


@dataclass(slots=True)
class Course:
    """What one of the two did about an overlap: the samples at which our voice was lowered, stopped, and came back, or
    would have. NEVER for what did not happen."""

    ducked: int = NEVER
    stopped: int = NEVER
    back: int = NEVER

    def note(self, before: s.State, after: s.State, at: int) -> None:
        """It went from one state to the other in the step that ended at sample `at`."""
        match before, after:
            case s.Speaking(), s.Doubting() if self.ducked == NEVER:
                self.ducked = at
            case s.Doubting(), s.Yielding() if self.stopped == NEVER:
                self.stopped = at
            case s.Doubting() | s.Yielding(), s.Speaking():
                self.back = at

    @property
    def outcome(self) -> str:
        """In a word: nothing, held, stopped, taken_back."""
        if self.stopped != NEVER:
            return "taken_back" if self.back > self.stopped else "stopped"
        return "held" if self.ducked != NEVER else "nothing"

    def agrees(self, other: Course) -> bool:
        """Whether a person would not have noticed a difference. When our voice is back may be known of one only."""
        if self.outcome != other.outcome:
            return False
        pairs = [(self.ducked, other.ducked), (self.stopped, other.stopped), (self.back, other.back)]
        return all(abs(one - another) <= TOLERATED for one, another in pairs if NEVER not in (one, another))

    def told(self) -> dict[str, object]:
        """For the journal."""
        times = {"ducked": self.ducked, "stopped": self.stopped, "back": self.back}
        return {"outcome": self.outcome, **{name: at for name, at in times.items() if at != NEVER}}


class Shadow:
    """Engine thread only."""

    def __init__(self, turns: Turns, live: Policy, doubt: int) -> None:
        """turns: as they are tried. live: the policy that decides. doubt: samples after which a doubt ends."""
        self._live = live
        self._policy = Policy(turns)
        self._policy.temper.habits = live.temper.habits
        self._policy.temper.ending = live.temper.ending
        self._limits = Limits(doubt, samples(turns.longest_turn_ms), samples(turns.reply_timeout_ms))
        self._state: s.State = s.Starting()
        self._onset = NEVER
        """Of the overlap that is going on for either; NEVER for none."""
        self._did, self._would = Course(), Course()
        self._stands = True
        """Its policy has heard what the live one has heard, and no more."""

    def hint(self, hint: e.Hint) -> None:
        """What somebody else has noticed, likewise."""
        self._policy.hints.take(hint)

    def told(self) -> None:
        """Something has happened between two steps, and the live policy knows what that makes of the sound so far (a
        sleeping device begins to speak: nothing). So does the shadow, unless it goes its own way."""
        if self._stands:
            self._policy.mirror(self._live)

    def hear(self, percept: Percept, before: s.State, after: s.State, may_stop: bool) -> Mapping[str, object] | None:
        """A step of sound, after the live policy has heard it. percept: as the shadow hears it. before, after: the live
        state in which the live one heard it, and what it led to. may_stop: see `Policy.hear`. What to write down if an
        overlap is over about which the two thought differently; else None."""
        if not isinstance(before, OVERLAP):
            return self.follow(percept.at)
        self._stands = False
        if self._onset == NEVER:
            self._state, self._did, self._would = before, Course(), Course()
        if isinstance(self._state, OVERLAP):
            self._decide(percept, may_stop)
        self._did.note(before, after, percept.at)
        for state in (after, self._state):
            if isinstance(state, s.Doubting) and self._onset == NEVER:
                self._onset = state.onset
        if self._onset == NEVER:
            return None
        both = isinstance(after, s.Speaking) and not isinstance(self._state, s.Doubting | s.Yielding)
        if both or not isinstance(after, OVERLAP) or percept.at - self._onset >= DECIDED:
            return self.follow(percept.at)
        return None

    def follow(self, at: int) -> Mapping[str, object] | None:
        """The overlap is over, if there was one: stand where the live one stands. As `hear`."""
        onset, self._onset = self._onset, NEVER
        self._policy.mirror(self._live)
        self._stands = True
        if onset == NEVER or self._did.agrees(self._would):
            return None
        return {"at": at, "event": "shadow", "onset": onset, "live": self._did.told(), "shadow": self._would.told()}

    def _decide(self, percept: Percept, may_stop: bool) -> None:
        """As `Moderator.hear`, without any consequence."""
        for event in self._policy.hear(percept, self._state, may_stop=may_stop):
            self._go(event)
        due = deadline(self._state)
        if due is not None and percept.at >= due:
            self._policy.forget(after_patience=not isinstance(self._state, s.Doubting))
            self._go(e.Passed(percept.at))

    def _go(self, event: e.Event) -> None:
        before = self._state
        self._state, _ = step(before, event, self._limits)
        self._would.note(before, self._state, event.at)
