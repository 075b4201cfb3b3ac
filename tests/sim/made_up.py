"""A made-up scene: four lines of the device with one event each and a fifth without, and a room with everything in
it."""

from __future__ import annotations

import numpy as np

from edgeagent.ports import Sound
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.sim.scene import EchoPath, Line, Scene
from edgeagent.sim.truth import USER, Happening, Kind
from edgeagent.turn.events import Word
from edgeagent.units import RATE, samples

LENGTH = 40 * RATE

EVENTS = ((Kind.INTERRUPTION, 3.0, 1.8), (Kind.BACKCHANNEL, 2.5, 0.4), (Kind.NOISE, 3.3, 0.5), (Kind.COMMAND, 2.0, 0.5))
"""Kind, onset within the line of the same number, length; in seconds."""


def speechlike(rng: np.random.Generator, size: int) -> Sound:
    """(size,) coloured noise with a slow envelope, on the 16-bit grid and never digitally silent."""
    envelope = np.convolve(rng.normal(size=size // 800 + 2), (0.3, 0.4, 0.3), "same") + 0.4
    slow = np.interp(np.arange(size) / 800, np.arange(envelope.size), np.maximum(envelope, 0.0))
    sound = np.convolve(rng.normal(size=size), np.ones(6) / 6, "same") * slow * 0.15
    pcm = to_int16(np.clip(sound, -0.9, 0.9).astype(np.float32))
    pcm[pcm == 0] = 1
    return to_float(pcm)


def build() -> tuple[Scene, list[Happening], Sound]:
    """The scene, its truth, and the user alone."""
    rng = np.random.default_rng(1)
    near = rng.normal(size=LENGTH) * 1e-4
    clean = np.zeros(LENGTH)
    lines, truth = [], []
    words = tuple(Word(samples(500 * k), samples(500 * k + 450), f"w{k}") for k in range(13))
    for i in range(5):
        at = RATE + round(7.8 * RATE) * i
        lines.append(Line(at, speechlike(rng, round(6.5 * RATE)), "a b", words))
        if i < len(EVENTS):
            kind, onset, lasts = EVENTS[i]
            start = at + round(onset * RATE)
            voice = speechlike(rng, round(lasts * RATE))
            near[start : start + voice.size] += voice
            if kind in USER:
                clean[start : start + voice.size] += voice
            truth.append(Happening(kind, start, start + voice.size, "hm"))
    response = rng.normal(size=2000) * np.exp(-np.arange(2000) / 300) * 0.05
    echo = EchoPath(response.astype(np.float32), 648.0, drift_ppm=60.0, saturation=0.2)
    on_grid = [to_float(to_int16(x.astype(np.float32))) for x in (near, clean)]
    return Scene("made-up", LENGTH, tuple(lines), on_grid[0], echo), truth, on_grid[1]
