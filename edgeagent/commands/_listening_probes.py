"""What `check` looks at where the settings ask others when a person begins, or has finished: whether the wake
word server knows its words, whether the network for the ends of turns is one, and fast enough."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from time import monotonic

import numpy as np

from edgeagent import app
from edgeagent.commands._finding import Finding, fail, ok, warn
from edgeagent.commands._pin_probes import pins_of
from edgeagent.commands._probes import connected
from edgeagent.errors import EdgeAgentError
from edgeagent.live.turn_ends import DEADLINE_S, LONGEST
from edgeagent.services.wyoming_link import WyomingLink
from edgeagent.services.wyoming_wake import STALL_S, introduce
from edgeagent.settings import Settings
from edgeagent.sim.noises import murmur

PLAIN = (17, 27, 22, 23, 24, 25, 5, 6, 16, 26)
"""GPIO numbers of the header that serve nothing else; more than the settings can name."""

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
        yield warn("turn end", f"{said}: too slow, its answers would come too late", 'set models.smart_turn: ""')


def free(settings: Settings) -> int:
    """A pin of the header that the settings do not name."""
    taken = {pin for pins in pins_of(settings).values() for pin in pins}
    return next(pin for pin in PLAIN if pin not in taken)


def wake(settings: Settings) -> Iterator[Finding]:
    """Nothing where the device is not woken by a word."""
    activation = settings.activation
    if activation.mode != "wake":
        return
    try:
        with closing(WyomingLink(activation.uri, STALL_S)) as link:
            connected(link, "activation.uri")
            introduce(link, activation)
    except EdgeAgentError as error:
        yield fail("wake word", error.problem, error.remedy)
    else:
        yield ok("wake word", f"{activation.uri} listens for {', '.join(activation.words) or 'all that it knows'}")
    if settings.button.pin < 0:
        yield warn(
            "wake word",
            "without a button nobody can wake the device while the server is away",
            f"a push button from GPIO {free(settings)} to ground, and set button.pin: {free(settings)}",
        )
