"""How fast the loudspeaker falls silent, through the real PortAudio, judged by the DAC of the simulated card.

    python -m tools.simcard.stop_times [--stops 1000] [--streams split|duplex] [--busy]

Prints percentiles of: verdict -> last non-zero DAC sample, by hard stop and by the gate alone (zeros from the
callback); restart -> first sound; and how far the count of unplayed frames is from the DAC's record. `--busy` runs a
Python thread that computes without pause beside it, at the switch interval that the device uses.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from math import inf, isnan, nan
from pathlib import Path

import numpy as np

from edgeagent.__main__ import ended
from edgeagent.devices.pyaudio_card import PyAudioCard
from edgeagent.ports import Pcm
from edgeagent.settings import Audio
from tools.simcard.card import SimCard
from tools.simcard.orderly import orderly

CYCLE = 30_000
SWITCH_S = 0.0005
"""Beside a busy thread a callback waits for the interpreter lock by this much and not by Python's own 5 ms."""

PERIOD_MS = Audio().block_ms
"""A device's own."""

FALL_S, RISE_S = 0.1, 0.12
"""Time for an end or a beginning to reach the DAC: more than what PortAudio buffers (three periods, 48 ms)."""


class Gate:
    """Plays a counter that never is zero while open, and zeros while shut."""

    def __init__(self) -> None:
        self.open = True
        self.handed = 0

    def play(self, out: Pcm, when: float) -> None:
        del when
        out[:] = np.arange(self.handed, self.handed + out.size) % CYCLE + 1 if self.open else 0
        self.handed += out.size


def await_sound(sim: SimCard) -> None:
    """Until the DAC has played without a hole for 20 ms: a stop must have something to stop, also after an underrun."""
    while True:
        time.sleep(0.02)
        now = sim.frame()
        if sim.played(now - sim.state.rate // 50, now).all():
            return


def last_sound_ms(sim: SimCard, asked_ns: int) -> float:
    """When the last non-zero DAC sample ended, after the moment `asked_ns`; nan if there was none to stop, because the
    machine was too busy to keep the card fed."""
    frame, span = sim.frame(asked_ns), int(sim.state.rate * FALL_S)
    sounding = np.flatnonzero(sim.played(frame - span, frame + span))
    return float(sounding[-1] + 1 - span) * 1000 / int(sim.state.rate) if sounding.size else nan


def first_sound_ms(sim: SimCard, asked_ns: int) -> float:
    """When the first non-zero DAC sample began, after the moment `asked_ns`; waits for it, infinite after a second."""
    frame = sim.frame(asked_ns)
    for _ in range(round(1 / RISE_S)):
        time.sleep(RISE_S)
        if (sounding := np.flatnonzero(sim.played(frame, sim.frame()))).size:
            return float(sounding[0]) * 1000 / int(sim.state.rate)
    return inf


def hard_stop(sim: SimCard, card: PyAudioCard, gate: Gate) -> tuple[float, float, float]:
    """(end, beginning, error of the unplayed count) of one stop and restart, ms."""
    asked = time.monotonic_ns()
    unplayed = card.abort()
    time.sleep(0.005)
    frame, span = sim.frame(asked), sim.state.rate // 10
    record = sim.played(frame - span, frame + span)
    last = int(record[np.flatnonzero(record)[-1]]) if record.any() else gate.handed
    error = abs(unplayed - (gate.handed - last) % CYCLE) * 1000 / sim.state.rate
    end = last_sound_ms(sim, asked)
    asked = time.monotonic_ns()
    card.restart()
    return end, first_sound_ms(sim, asked), error


def gate_alone(sim: SimCard, gate: Gate) -> float:
    """The end of one stop by zeros from the callback, ms."""
    asked = time.monotonic_ns()
    gate.open = False
    time.sleep(FALL_S)
    end = last_sound_ms(sim, asked)
    gate.open = True
    return end


def table(rows: dict[str, Sequence[float]]) -> None:
    """Percentiles of each row."""
    print(f"{'ms':<34}{'n':>6}" + "".join(f"{name:>8}" for name in ("p50", "p95", "p99", "max")))
    for name, values in rows.items():
        cells = "".join(f"{value:8.2f}" for value in np.percentile(values, [50, 95, 99, 100]))
        print(f"{name:<34}{len(values):>6}{cells}")


def compute(stop: threading.Event) -> None:
    while not stop.is_set():
        sum(range(1000))


def measure(stops: int, streams: str, busy: bool) -> None:
    """In the child: all stops, then the table."""
    sim = SimCard.attach(os.environ["ALSA_CONFIG_PATH"])
    sys.setswitchinterval(SWITCH_S)
    over = threading.Event()
    if busy:
        threading.Thread(target=compute, args=(over,), daemon=True).start()
    random = np.random.default_rng(1)
    gate = Gate()
    spoiled = 0
    card = PyAudioCard(streams="duplex" if streams == "duplex" else "split", block_ms=PERIOD_MS)
    card.open(lambda *_: None, gate.play)

    def each(act: Callable[[], tuple[float, ...]]) -> list[tuple[float, ...]]:
        nonlocal spoiled
        done: list[tuple[float, ...]] = []
        while len(done) < stops:
            await_sound(sim)
            time.sleep(random.uniform(0.0, PERIOD_MS / 1000))  # any phase of the period
            found = act()
            if isnan(found[0]):
                spoiled += 1
            else:
                done.append(found)
            if sys.stderr.isatty():
                print(f"\r{len(done)}/{stops}", end="", file=sys.stderr)
        return done

    try:
        ends, begins, errors = zip(*each(lambda: hard_stop(sim, card, gate)), strict=True)
        by_gate = [end for (end,) in each(lambda: (gate_alone(sim, gate),))]
        facts = card.facts()
    finally:
        over.set()
        card.close()
    table(
        {
            "hard stop -> last DAC sample": ends,
            "gate alone -> last DAC sample": by_gate,
            "restart -> first DAC sample": begins,
            "unplayed count, error": errors,
        }
    )
    beside = ", beside a busy thread" if busy else ""
    print(f"{streams}{beside}; {dict(facts)}; DAC underruns {sim.state.output_underruns}")
    print(f"not counted, for an underrun had silenced the card before we did: {spoiled}")


def main() -> int:
    """Makes the card, then measures in a child that sees no other."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.simcard.stop_times",
        description="percentiles of the stop times, on the simulated sound card",
    )
    parser.add_argument("--stops", type=int, default=1000, help="how many of each kind (default 1000, 5 minutes)")
    parser.add_argument("--streams", choices=("split", "duplex"), default="split")
    parser.add_argument("--busy", action="store_true", help="with a busy Python thread beside it")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.child:
        measure(wanted.stops, wanted.streams, wanted.busy)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        sim = SimCard(Path(folder))
        command = [sys.executable, "-m", "tools.simcard.stop_times", "--child", *sys.argv[1:]]
        with orderly(lambda: subprocess.Popen(command, env=sim.env())) as child:
            return child.wait()


if __name__ == "__main__":
    raise SystemExit(ended(main))
