"""What the whole device costs, as whoever runs it pays for it: no probe, no recording, no page beside it.

    python -m tools.simcard.cost [--seconds 60] [--times 3]

Runs `edgeagent run` in a quiet room in which nobody speaks, then `edgeagent say` with a long text, each through the
real PortAudio on the simulated card, and prints per cent of one core: of the whole process, of its engine thread, of
all its other threads (the card's callbacks, mostly), and of the voice, which is a process of its own. What else runs on
the machine counts twice, for it takes the processor's caches; so the machine's load is printed, too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeagent.__main__ import ended
from edgeagent.units import RATE
from tools.probe.usage import children_s, ticks_s
from tools.simcard.card import SimCard
from tools.simcard.orderly import orderly
from tools.simcard.quiet_room import feed

SETTLED_S = 15.0
"""Before the first look: models are warm, a quiet room is known as one; the echo is found, and the clocks' drift."""

TEXT = "The train leaves at ten past nine, from platform nine. You change once, and the second one waits for you. "


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of processor time so far: of a process, of its first thread, which is the engine's, and of the processes
    that it has started."""

    when: float
    process: float
    engine: float
    voice: float

    def since(self, before: Spent) -> tuple[float, float, float, float]:
        """Per cent of one core: process, engine, other threads, voice."""
        passed = (self.when - before.when) / 100
        process, engine = (self.process - before.process) / passed, (self.engine - before.engine) / passed
        return process, engine, process - engine, (self.voice - before.voice) / passed


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.simcard.cost", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=60, help="of each measurement (default 60)")
    parser.add_argument("--times", type=int, default=3, help="how often each is measured (default 3)")
    wanted = parser.parse_args()
    print(f"{'per cent of one core':<22}{'process':>9}{'engine':>9}{'others':>9}{'voice':>9}{'load':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(wanted.times):
            _show("in a quiet room", measured(Path(folder), ["run", "--quiet"], wanted.seconds, _waits))
            spoken = ["say", long_enough(wanted.seconds)]
            _show("speaking", measured(Path(folder), spoken, wanted.seconds, _speaks))
    return 0


def long_enough(seconds: int) -> str:
    """A text that lasts until so many seconds are measured."""
    return TEXT * (2 + (int(SETTLED_S) + seconds) // 5)


def measured(
    folder: Path, command: Sequence[str], seconds: float, begun: Callable[[SimCard], bool]
) -> tuple[float, float, float, float]:
    """`edgeagent` with `command`, over so many seconds from SETTLED_S after it has `begun`. Raises RuntimeError if it
    leaves before."""
    sim = SimCard(folder)
    sim.state.echo_gain_q15, sim.state.echo_delay = 1 << 13, 80  # -12 dB after 5 ms
    whole = [sys.executable, "-m", "edgeagent", *command]
    nowhere = subprocess.DEVNULL
    with orderly(lambda: subprocess.Popen(whole, env=sim.env(), stdout=nowhere, stderr=nowhere)) as process:
        try:
            room = feed(sim)
            since: float | None = None
            before: Spent | None = None
            while process.poll() is None:
                next(room)
                now = time.monotonic()
                since = now if since is None and begun(sim) else since
                if before is None and since is not None and now - since > SETTLED_S:
                    before = spent(process.pid)
                if before is not None and now - before.when > seconds:
                    return spent(process.pid).since(before)
                time.sleep(0.1)
        finally:
            process.terminate()
            process.wait()
    raise RuntimeError(f"edgeagent {command[0]} has left with exit code {process.returncode}")


def spent(pid: int) -> Spent:
    """By now."""
    engine = int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9
    return Spent(time.monotonic(), ticks_s(Path(f"/proc/{pid}/stat")), engine, children_s(pid))


def _waits(_sim: SimCard) -> bool:
    return True


def _speaks(sim: SimCard) -> bool:
    now = sim.frame()
    return bool(sim.played(now - RATE // 2, now).any())


def _show(name: str, shares: Sequence[float]) -> None:
    print(f"{name:<22}" + "".join(f"{share:>9.1f}" for share in (*shares, os.getloadavg()[0])), flush=True)


if __name__ == "__main__":
    raise SystemExit(ended(main))
