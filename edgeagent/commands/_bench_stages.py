"""The stages of the engine, timed from outside: a wrapper around the very object that the device uses.

A call handles a period of 10 ms (player, conversions, resampler) or a step of 16 ms (all else) and is scaled to 10 ms.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Callable
from time import perf_counter_ns, thread_time_ns
from typing import Any

import numpy as np

from edgeagent import app, config
from edgeagent.commands.terminal import Progress, print_json
from edgeagent.engine import Engine
from edgeagent.errors import EdgeAgentError
from edgeagent.settings import Settings
from edgeagent.signal.canceller import Canceller
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.signal.playback import Playback
from edgeagent.signal.resample import Resampler
from edgeagent.sim.noises import murmur
from edgeagent.sim.room import Room
from edgeagent.sim.scene import EchoPath
from edgeagent.store.journal import CallbackJournal
from edgeagent.turn import events as e
from edgeagent.turn.levels import Level
from edgeagent.units import CARD_BLOCK, HOP, RATE, samples, seconds

BUDGET_MS = 0.3
"""Median of the whole engine per 10 ms of sound: 3 % of one core."""

WARM_UP = samples(3000)
"""Not counted: the canceller converges, caches fill."""

LONGEST_S = 150
"""One utterance must hold it."""

LOUD = 0.05
"""RMS of each talker (-26 dBFS)."""

CARD_RATE = 48_000
"""What most USB cards run at: the resampler's case."""


def run(args: argparse.Namespace) -> int:
    if not 1 <= args.seconds <= LONGEST_S:
        raise EdgeAgentError(f"--seconds {args.seconds} is out of range", f"give 1 .. {LONGEST_S}")
    settings = config.load(args.config, files=False) if args.config else Settings()
    with Progress("measuring", args.seconds) as progress:
        stages = measure(settings, args.seconds * RATE, lambda done: progress.at(seconds(done)))
    figures = {stage.name.strip(): stage.figures() for stage in stages}
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if args.json:
        print_json(
            {"unit": "ms per 10 ms of sound", "budget_ms": BUDGET_MS, "stages": figures, "rss_mb": round(rss_mb)}
        )
        return 0
    print(f"{'ms per 10 ms of sound':<26}{'median':>8}{'p95':>8}{'p99':>8}")
    for stage in stages:
        row = stage.figures()
        print(f"{stage.name:<26}{row['median']:8.3f}{row['p95']:8.3f}{row['p99']:8.3f}")
    median = stages[-1].figures()["median"]
    verdict = "within" if median <= BUDGET_MS else "OVER"
    print(f"\nwhole engine: median {median:.3f} ms, {verdict} the budget of {BUDGET_MS} ms")
    print(f"memory: {rss_mb:.0f} MB at most, {args.seconds} s of sound included")
    return 0


class Stage:
    """Times calls. `size`: samples of sound that one call handles."""

    def __init__(self, name: str, size: int = HOP) -> None:
        self.name = name
        self.times: list[float] = []
        """Milliseconds per 10 ms of sound."""
        self._scale = samples(10) / size / 1e6

    def wrap(self, owner: Any, method: str) -> Stage:
        """Time every call of this object's method from now on."""
        setattr(owner, method, self.timed(getattr(owner, method)))
        return self

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            began = perf_counter_ns()
            result = function(*args)
            self.note(perf_counter_ns() - began)
            return result

        return call

    def note(self, nanoseconds: int) -> None:
        """One call took so long."""
        self.times.append(nanoseconds * self._scale)

    def figures(self) -> dict[str, float]:
        """Median, p95 and p99."""
        return {name: round(float(np.percentile(self.times, q)), 4) for name, q in _QUANTILES.items()}


_QUANTILES = {"median": 50, "p95": 95, "p99": 99}


def measure(settings: Settings, length: int, progress: Callable[[int], None]) -> list[Stage]:
    """All stages over `length` samples, in the order of the sound; the whole engine is the last one."""
    player, room = _double_talk(WARM_UP + length)
    (canceller, ear), beside = app.parts(settings), app.build_beside(settings)
    engine = Engine(settings, CallbackJournal(lambda _entry: None), canceller, ear, beside)
    _let_speak(engine, WARM_UP + length)
    conversion, resampling = Stage("int16 both ways", CARD_BLOCK), Stage(f"resampler {CARD_RATE} Hz", CARD_BLOCK)
    whole = Stage("whole engine")
    stages = [
        Stage("player", CARD_BLOCK).wrap(player, "render"),
        conversion,
        resampling,
        Stage("canceller").wrap(canceller, "process"),
        *_inside_canceller(canceller),
        Stage("features").wrap(ear._features, "push"),
        Stage("near-end voice").wrap(ear._networks.near_end, "hear"),
        Stage("backchannel").wrap(ear._networks.backchannel, "hear"),
        Stage("policy and machine").wrap(engine.moderator, "hear"),
        *([Stage("shadow").wrap(beside, "hear")] if beside else []),
        whole,
    ]
    convert = conversion.timed(lambda sound: to_float(to_int16(sound)))
    resample = resampling.timed(Resampler(CARD_RATE, RATE).push)
    step_began, spent = 0, 0
    for done in range(0, WARM_UP + length, CARD_BLOCK):
        if done == WARM_UP:
            for stage in stages:
                stage.times.clear()
        played = convert(player.render(CARD_BLOCK))
        heard = to_float(room.hear(played))
        resample(np.repeat(heard, CARD_RATE // RATE))
        began = perf_counter_ns()
        engine.reference(played)
        engine.capture(heard)
        engine.decisions()
        spent += perf_counter_ns() - began
        if engine.at > step_began:  # cutting the blocks of the card into steps is part of the cost
            whole.note(spent)
            step_began, spent = engine.at, 0
        progress(max(0, done - WARM_UP))
    return stages


def engine_alone(settings: Settings, length: int, level: Level = Level.NOTHING) -> Stage:
    """The whole engine with these settings over `length` samples, in processor time: what other programs do does not
    count. level: what is left out. Raises ModelError."""
    player, room = _double_talk(WARM_UP + length)
    engine = app.build_engine(settings, CallbackJournal(lambda _entry: None))
    _let_speak(engine, WARM_UP + length)
    engine.tell(e.Shed(0, level))
    stage = Stage("whole engine")
    for done in range(0, WARM_UP + length - HOP, HOP):
        played = player.render(HOP)
        heard = to_float(room.hear(played))
        began = thread_time_ns()
        engine.reference(played)
        engine.capture(heard)
        engine.decisions()
        if done >= WARM_UP:
            stage.note(thread_time_ns() - began)
    return stage


def _double_talk(length: int) -> tuple[Playback, Room]:
    """A player with a voice, and a room with another one and the echo of the first."""
    dice = np.random.default_rng(1)
    own, near = ((LOUD * murmur(dice, length, 1)).astype(np.float32) for _ in range(2))
    response = (dice.normal(size=2400) * np.exp(-np.arange(2400) / 400) * 0.03).astype(np.float32)
    player = Playback()
    player.load(0)
    player.feed(0, own)
    player.aim(1.0)
    player.play(0)
    return player, Room(near, EchoPath(response, float(samples(60)), drift_ppm=40.0, saturation=0.5))


def _let_speak(engine: Engine, length: int) -> None:
    for told in (e.Ready(0), e.Scripted(0, 0, "", length=length), e.ReplyReady(0, 0)):
        engine.tell(told)


def _inside_canceller(canceller: Any) -> list[Stage]:
    """The parts of the canceller that cost something; none of one that lets everything pass."""
    if not isinstance(canceller, Canceller):
        return []
    return [
        Stage("  far end aligned").wrap(canceller._alignment, "push"),
        Stage("  delay and drift").wrap(canceller._alignment, "look"),
        Stage("  adaptive filter").wrap(canceller._filter, "process"),
        Stage("  residual suppressor").wrap(canceller._suppressor, "process"),
        Stage("  confidence").wrap(canceller._judge, "hop"),
    ]
