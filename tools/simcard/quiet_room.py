"""A measurement in a child process that sees the simulated card only, in a room where nobody speaks."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

import numpy as np

from edgeagent.live.realtime import one_thread
from edgeagent.signal.convert import to_int16
from tools.simcard.card import SimCard
from tools.simcard.device import AHEAD, PIECE, ROOM
from tools.simcard.orderly import orderly


def measured(sim: SimCard, module: str, options: Sequence[str]) -> int:
    """Runs `module` with --child and `options` until it ends; its exit code."""
    one_thread()  # the child's numerics are to be the device's, and it has loaded numpy before it could say so
    command = [sys.executable, "-m", module, "--child", *options]
    with orderly(lambda: subprocess.Popen(command, env=sim.env())) as child:
        try:
            _quiet(sim, child)
        finally:
            child.terminate()
            child.wait()
    return child.returncode


def underruns(sim: SimCard) -> int:
    """Of the loudspeaker, so far: what has a hole in it is as long as nothing else, and is not judged."""
    return int(sim.state.output_underruns)


def _quiet(sim: SimCard, child: subprocess.Popen[bytes]) -> None:
    """A quiet room for the microphone, as long as the child lives: a device that hears exactly nothing believes that it
    is broken."""
    room = feed(sim)
    while child.poll() is None:
        next(room)
        time.sleep(0.1)


def feed(sim: SimCard) -> Iterator[None]:
    """A quiet room for the microphone, a little ahead of now; to be asked ten times a second, for ever."""
    dice, fed = np.random.default_rng(1), sim.frame()
    while True:
        while fed < sim.frame() + AHEAD:
            sim.feed(to_int16((ROOM * dice.standard_normal(PIECE)).astype(np.float32)), at=fed)
            fed += PIECE
        yield
