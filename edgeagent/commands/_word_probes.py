"""What `check` looks at where the settings ask for hints from words: whether it can be had, and is fast enough here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from time import monotonic, sleep

import numpy as np

from edgeagent import app
from edgeagent.commands._finding import Finding, fail, ok, warn
from edgeagent.detect.words import PIECE
from edgeagent.errors import EdgeAgentError
from edgeagent.ports import Spotter
from edgeagent.services.pocketsphinx_spotter import PocketsphinxSpotter
from edgeagent.settings import Settings
from edgeagent.sim.noises import murmur
from edgeagent.units import RATE

SECONDS = 3
"""Of sound that is recognised."""

PATIENCE_S = 30.0
"""After which it is slow enough to be told."""

SLOW = 0.5
"""Seconds of waiting for a second of sound from which on the machine is too slow: the first piece of a doubt is half a
second long, and the audio needs its share, too."""

FIX = "set hints.words: none"


def words(settings: Settings) -> Iterator[Finding]:
    """Nothing where nobody asked for it."""
    if settings.hints.words == "none":
        return
    try:
        with closing(PocketsphinxSpotter(app.spotted().all, stall_s=PATIENCE_S)) as spotter:
            spotter.check()
            factor = pace(spotter)
    except EdgeAgentError as error:
        yield fail("words", error.problem, error.remedy)
        return
    said = f"pocketsphinx, {factor:.2f} s for a second of sound"
    if factor < SLOW:
        yield ok("words", said)
    else:
        yield warn("words", f"{said}: too slow, its hints would come too late", FIX)


def pace(spotter: Spotter) -> float:
    """Seconds that the recogniser lets us wait for a second of something like speech. Raises EdgeAgentError."""
    sound = (0.1 * murmur(np.random.default_rng(1), SECONDS * RATE)).astype(np.float32)
    spotting, begun = spotter.listen(0), monotonic()
    for at in range(0, sound.size, PIECE):
        piece = sound[at : at + PIECE]
        spotting.feed(piece)
        while not (said := spotting.partials()):
            if monotonic() - begun > PATIENCE_S:
                return (monotonic() - begun) / SECONDS
            sleep(0.001)
        if said[-1].final:
            raise EdgeAgentError("pocketsphinx died over a test sound", FIX)
    return (monotonic() - begun) / SECONDS
