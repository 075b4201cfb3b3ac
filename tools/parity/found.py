"""What two journals of one scene have in common."""

from __future__ import annotations

from dataclasses import dataclass

Entry = dict[str, object]

BELIEFS = frozenset(("near", "floor", "evidence", "likely", "floor_heard", "backchannel_heard"))
"""What a journal says of why something was decided: decisions may agree where these differ in the sixth digit, or, of
two that are as likely, the other is named."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One scene. differing: what only one of the two journals holds, of each at most a few."""

    scene: str
    decisions: int
    differing: tuple[tuple[Entry, ...], ...]
    belief: float
    """By how much the two differ at most in P(near) or P(takes the floor) where something was decided."""
    moved: int = 0
    """Samples between the two datings of a suspicion's onset, at most."""

    @property
    def alike(self) -> bool:
        """Whether every decision falls on the same sample."""
        return not any(self.differing)
