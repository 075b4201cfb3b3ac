"""Moments out of jittery arrivals and of clocks with other bases."""

from __future__ import annotations

import time

import numpy as np
import pytest

from edgeagent.devices.moments import Steady, StreamClock


@pytest.mark.parametrize("ppm", [-200, 0, 200])
def test_jitter_is_smoothed_and_drift_followed(ppm: int) -> None:
    steady = Steady(16000)
    random = np.random.default_rng(1)
    period = 0.01 * (1 + ppm * 1e-6)
    late = []
    for block in range(3000):
        true = 100 + block * period
        late.append(steady.arrived(160, true + 0.01 + random.exponential(0.003)) - true)
    assert max(map(abs, late[500:])) < 0.002


def test_a_stream_clock_is_recognised() -> None:
    wall = StreamClock()
    now, there = time.monotonic(), time.time()
    assert there + wall.offset(there) == pytest.approx(now, abs=0.1)
    assert wall.kind == "wall"
    same = StreamClock()
    assert same.offset(time.monotonic()) == 0.0
    assert same.kind == "monotonic"
    none = StreamClock()
    none.offset(0.0)
    assert none.kind == "none"


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_wall_clock_that_is_set_moves_no_sound(jump: float, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StreamClock()
    before = time.time()
    clock.offset(before)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + jump)
    assert before + clock.offset(before) == pytest.approx(time.monotonic(), abs=0.2)  # set between stamp and callback
    after = time.time()
    assert after + clock.offset(after) == pytest.approx(time.monotonic(), abs=0.2)
