"""What two journals of one scene have in common."""

from __future__ import annotations

from collections.abc import Sequence
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


def differing(one: Sequence[Entry], other: Sequence[Entry], most: int = 3) -> tuple[tuple[Entry, ...], ...]:
    """What only one of two journals holds; of the same entries in another order, or more often, the first that are not
    the same."""
    only = tuple(
        tuple(entry for entry in mine if entry not in theirs)[:most] for mine, theirs in ((one, other), (other, one))
    )
    if one == other or any(only):
        return only
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return tuple(tuple(mine[at : at + 1]) for mine in (one, other))
