"""How patient and how cautious the device is: what the user wishes, and what its own history adds."""

from __future__ import annotations

from edgeagent.settings import Turns
from edgeagent.turn.endpointing import Endpointing
from edgeagent.turn.habits import Habits
from edgeagent.turn.wishes import caution
from edgeagent.units import samples


class Temper:
    """Asked by the policy at every step. Engine thread only."""

    def __init__(self, turns: Turns) -> None:
        self.habits = Habits(turns.false_stops_per_hour, turns.adapt)
        self.ending = Endpointing(turns)
        self.reconsider = samples(turns.false_alarm_ms)
        """Samples for which a stop may be taken back."""
        self.wished = caution(turns.false_stops_per_hour)
        """Nats of caution that the user's wish comes to."""

    @property
    def patience(self) -> int:
        """Samples of silence that end the person's turn."""
        return self.ending.patience

    @property
    def caution(self) -> float:
        """Nats by which a stop must be surer than usual."""
        return self.wished + self.habits.lean
