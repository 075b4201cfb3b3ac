"""What two journals of one scene have in common."""

from __future__ import annotations

from dataclasses import dataclass

Entry = dict[str, object]


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
