"""The canceller keeps nothing of what it has heard but what its length needs: an hour takes what a minute takes."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

from edgeagent.signal import drift
from edgeagent.signal.canceller import Canceller
from edgeagent.units import HOP, RATE
from tests.signal.echo_world import echo_of, room, voice

LAP = RATE // HOP
"""Hops between two measurements."""

WARM, LAPS = 20, 26
"""Laps after which what is kept for long is full and Python has the small objects at hand that it needs; and in all."""

MOST = 4.0
"""Bytes a hop that may be called growth; a reference kept for each hop takes 8."""


def test_nothing_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "LOOKS", 24)  # of 480 the warming up would take a minute
    far = voice(LAP * HOP / RATE, 1)[: LAP * HOP]
    near = voice(LAP * HOP / RATE, 2, 0.02)[: LAP * HOP]
    near[: near.size // 2] = 0
    microphone = echo_of(far, room(3), 1000) + near
    canceller = Canceller()
    sizes = []
    tracemalloc.start()
    try:
        for _ in range(LAPS):
            for at in range(0, far.size, HOP):
                canceller.process(far[at : at + HOP], microphone[at : at + HOP])
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert (sizes[-1] - sizes[WARM]) / ((LAPS - 1 - WARM) * LAP) < MOST, np.diff(sizes)


def test_no_string_is_interned_anew_with_every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sliding window of numpy's interns six that nobody keeps: the interpreter's table doubles within the hour."""
    forbidden = "a window in the running engine"

    def fail(*_: object, **__: object) -> None:
        raise AssertionError(forbidden)

    monkeypatch.setattr(np.lib.stride_tricks, "sliding_window_view", fail)
    monkeypatch.setattr(np.lib.stride_tricks, "as_strided", fail)
    far = voice(3.0, 1)
    microphone, canceller = echo_of(far, room(3), 1000), Canceller()
    for at in range(0, far.size - HOP, HOP):
        if at == 2 * RATE // HOP * HOP:
            canceller.realign(777)
        canceller.process(far[at : at + HOP], microphone[at : at + HOP])
    assert canceller.process(far[:HOP], microphone[:HOP]).confidence.delay > 0
