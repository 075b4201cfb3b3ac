"""An ear that hears nothing, for recording people while the device talks on: no label may depend on a model.

Now and then it imagines the faint beginning of a voice, so that the device ducks, by the same way as for a real one,
and speaks on. When it does so depends on its seed and on the sample index alone: were it to follow the person, or what
the person was asked to do, a model could learn from our falling voice that somebody speaks.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp

import numpy as np

from edgeagent.detect.ear import Ear, Upsets
from edgeagent.detect.usual import Usual
from edgeagent.signal.canceller import Cancelled
from edgeagent.turn.policy import LEAK, SURE, SUSPICION, VOICED, Percept
from edgeagent.units import HOP, RATE

Watch = Callable[[Cancelled, int], None]

BETWEEN_S = (3.0, 9.0)
"""Seconds between two imaginings: about one take in two has a ducked voice in it."""

RISE = 2
"""Hops in which evidence comes to suspicion."""

JUST = 0.2
"""Nats beyond suspicion: enough to duck, and less than an idle device needs to open a turn."""

HELD = (10, 45)
"""Hops for which the doubt is then kept up; what follows it is a short silence of the policy. In all 0.3 to 0.9 s."""

IMAGINED = 1.0 / (1.0 + exp(-((SUSPICION + JUST) / RISE + LEAK)))
"""P(a person) of the rising hops."""

DEAF = "deaf"


class Deaf(Ear):
    """Engine thread only. watch: gets what the canceller made of each hop, and the sample at which the hop ended; hops
    of lost sound, which the engine passes over, are left out."""

    restless = True

    def __init__(self, seed: int | None, watch: Watch = lambda _cancelled, _at: None) -> None:
        """seed: of the imaginings, None for none."""
        self.usual = Usual()
        self.every = 1
        self._seed = seed
        self._watch = watch
        self._dice = np.random.default_rng(seed)
        self._begins = self._ends = 0
        self._plan(0)

    @property
    def name(self) -> str:
        """What a recording must know to be replayed: `deaf` reads it."""
        return DEAF if self._seed is None else f"{DEAF} {self._seed}"

    def hear(self, cancelled: Cancelled, at: int) -> Percept:
        """Nobody, or what is imagined at that hop."""
        self._watch(cancelled, at)
        near = self._imagined(at // HOP - 1) if self._seed is not None else 1.0 - SURE
        return Percept(at, near, 1.0 - SURE, 1.0 - SURE)

    @property
    def well(self) -> bool:
        """See `Ear`; always: it is meant to hear nothing."""
        return True

    def unknown(self, at: int) -> Percept:
        """Of a step that is not listened to: nobody."""
        return Percept(at, 1.0 - SURE, 1.0 - SURE, 1.0 - SURE)

    def take_failure(self) -> str:
        """See `Ear`; never."""
        return ""

    def take_upsets(self) -> Upsets | None:
        """See `Ear`; never."""
        return None

    def _imagined(self, hop: int) -> float:
        if hop < self._begins:
            return 1.0 - SURE
        if hop >= self._ends:
            self._plan(hop)
            return 1.0 - SURE
        return IMAGINED if hop < self._begins + RISE else VOICED

    def _plan(self, hop: int) -> None:
        self._begins = hop + round(self._dice.uniform(*BETWEEN_S) * RATE / HOP)
        self._ends = self._begins + RISE + int(self._dice.integers(*HELD))


def deaf(name: str) -> Deaf | None:
    """The ear of that name; None if it is none of these."""
    kind, _, seed = name.partition(" ")
    if kind != DEAF or not (seed.isdecimal() or not seed):
        return None
    return Deaf(int(seed) if seed else None)
