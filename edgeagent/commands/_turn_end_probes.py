"""What `check` looks at where the settings ask a network for the ends of turns: whether it is one, and fast enough."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

import numpy as np

from edgeagent import app
from edgeagent.commands._finding import Finding, fail, ok, warn
from edgeagent.errors import EdgeAgentError
from edgeagent.live.turn_ends import DEADLINE_S, LONGEST
from edgeagent.settings import Settings
from edgeagent.sim.noises import murmur

TRIES = 3
"""The fastest counts: the first is slow everywhere."""


def turn_end(settings: Settings) -> Iterator[Finding]:
    """Nothing where nobody asked for it."""
    if not settings.models.smart_turn:
        return
    sound = (0.1 * murmur(np.random.default_rng(1), LONGEST)).astype(np.float32)
    took = []
    try:
        judge = app.load_turn_end(settings.models.smart_turn)
        for _ in range(TRIES):
            begun = monotonic()
            judge.complete(sound)
            took.append(monotonic() - begun)
    except EdgeAgentError as error:
        yield fail("turn end", error.problem, error.remedy)
        return
    said = f"Smart Turn, {1000 * min(took):.0f} ms for an answer"
    if min(took) < DEADLINE_S / 2:
        yield ok("turn end", said)
    else:
        yield warn("turn end", f"{said}: too slow, its answers would come too late", "leave models.smart_turn empty")
