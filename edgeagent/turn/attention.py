"""Whether somebody who speaks while we are silent speaks to us: a gate before Idle accepts an onset.

Not a state of the machine: asleep or awake, Idle waits for a voice or for a reply of ours, and no other state asks.
While we speak, and until we have answered, nobody has to wake us. What is decided here is which onsets reach the
machine, from which sample on sound is handed over, and which of two lights Idle has.
"""

from __future__ import annotations

from edgeagent.settings import Activation
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.units import samples

CALLED = samples(5000)
"""Who has called the device has at least so long to begin, whatever the follow-up window."""

LATE = samples(3000)
"""So late at most it is told when a wake word ended: a server whose clock is not ours must not open the past."""

FOR_EVER = 1 << 62


class Attention:
    """Engine thread only."""

    def __init__(self, activation: Activation) -> None:
        self._open = activation.mode == "open"
        self._follow_up = samples(activation.follow_up_ms)
        self._until = FOR_EVER if self._open else 0
        self._floor = 0
        self._woken = -FOR_EVER
        self._shown = True

    def awake(self, at: int) -> bool:
        """Whether a voice that begins at sample `at` speaks to us."""
        return at < self._until

    def start(self, turn: int, pre_roll: int) -> int:
        """From which sample on the sound of a turn with its onset at `turn` is handed over: never what was said while
        muted or asleep, nor a wake word; but everything behind that, though the server took its time."""
        return self._floor if turn - self._woken <= pre_roll else max(self._floor, turn - pre_roll)

    def shut_until(self, at: int) -> None:
        """Nothing from before `at` is handed over."""
        self._floor = at

    def wake(self, at: int, end: int) -> None:
        """At sample `at` it is known that somebody wants us; what they said for it ended at sample `end`."""
        if not self._open:
            self._until = max(self._until, at + max(CALLED, self._follow_up))
            self._floor, self._woken = max(self._floor, min(max(end, at - LATE), at)), at

    def wakes(self, before: s.State, event: e.Event) -> bool:
        """Whether `event` in `before` is a press of somebody who wants to speak to a silent device."""
        return not self._open and isinstance(before, s.Idle) and isinstance(event, e.ButtonShort)

    def note(self, before: s.State, event: e.Event, after: s.State) -> None:
        """`event` led from one state to the other. Who has just been answered, or has stopped us, may go on; who called
        their own turn off is done."""
        if self._open:
            return
        if self.wakes(before, event):
            self.wake(event.at, event.at)
        elif isinstance(before, s.Idle) or not isinstance(after, s.Idle):
            return
        elif isinstance(before, s.Hearing | s.Thinking | s.Yielding) and isinstance(event, e.ButtonShort):
            self._until = 0
        elif isinstance(before, (*s.AUDIBLE, s.Thinking)):
            self._until = event.at + self._follow_up
        else:
            self._until = 0

    def changed(self, at: int) -> bool:
        """Whether it fell asleep or woke since this was last asked."""
        before, self._shown = self._shown, self.awake(at)
        return before != self._shown
