"""Whether the device lasts: does its memory grow, do its timings drift, is every lost frame told, does it still listen?

    python -m tools.endurance simulated [--hours 24]     the whole device in a room, faster than real time
    python -m tools.endurance live [--hours 1]           `edgeagent run` through PortAudio on the simulated card

`simulated` runs everything of `edgeagent run` but its sound card, on a clock that only samples move: an hour takes two
to three minutes of one core, and Ctrl-C ends the day early. `live` takes the time that it says, and little of the
processor; it needs what tools/simcard needs. Progress goes to stderr, figures to stdout; with --json as JSON. Exit code
1: something is not as it must be.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from edgeagent.__main__ import ended
from edgeagent.commands.terminal import check_seed
from edgeagent.errors import EdgeAgentError
from edgeagent.live.realtime import one_thread

one_thread()  # before numpy

HOUR_S = 3600.0
SHORTEST_S = 30.0
"""Less shows nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit status."""
    asked = parser().parse_args(arguments)
    if not asked.hours * HOUR_S >= SHORTEST_S:  # what is no number would show nothing, either
        parser().error(f"--hours {asked.hours:g} is too short to show anything: give {SHORTEST_S / HOUR_S:.3f} or more")
    try:
        if "seed" in asked:
            check_seed(asked.seed)
        with TemporaryDirectory(prefix="edgeagent-") as name:
            _make(asked.folder or Path(name))
            return {"simulated": _simulated, "live": _live}[asked.what](asked, asked.folder or Path(name))
    except EdgeAgentError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _make(folder: Path) -> None:
    """Raises EdgeAgentError where there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EdgeAgentError(f"--folder {folder}: {error.strerror}", "give another folder") from error


def _live(asked: argparse.Namespace, folder: Path) -> int:
    from tools.endurance.live import live
    from tools.endurance.process import Cost

    def tell(passed: float, cost: Cost, spoke: int) -> None:
        memory = f"{cost.rss_mb:.2f} + {cost.children_mb:.2f} MB"
        print(
            f"{passed / 60:5.1f} min: {memory}, {cost.cpu_s:.1f} s of processor time, spoken to {spoke} times",
            file=sys.stderr,
            flush=True,
        )

    found = live(folder, asked.hours * HOUR_S, asked.streams, tell)
    if asked.json:
        print(json.dumps(found.figures(), indent=1))
    else:
        print(found)
    return 1 if found.faults else 0


def _simulated(asked: argparse.Namespace, folder: Path) -> int:
    from tools.endurance.figures import Look
    from tools.endurance.simulated import simulated

    def tell(look: Look) -> None:
        speed = look.hours * HOUR_S / look.passed_s
        memory = f"{look.cost.rss_mb:.2f} + {look.cost.children_mb:.2f} MB"
        costs = f"a period {look.period_us:.0f} us or {look.relative:.3f} hops"
        print(f"{look.hours:5.2f} h: {memory}, {costs}; {speed:.0f} times faster than real time", file=sys.stderr)

    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell has them ignored: a day in the background
        signal.signal(number, signal.default_int_handler)
    found = simulated(folder, asked.hours, asked.seed, tell)
    if asked.json:
        print(json.dumps(found.figures(), indent=1))
    else:
        print(found)
    return 1 if found.faults else 0


def parser() -> argparse.ArgumentParser:
    """What it takes."""
    top = argparse.ArgumentParser(
        prog="python -m tools.endurance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="what", required=True, metavar="WHAT")
    for name, hours, text in (
        ("simulated", 24.0, "the whole device in a room, faster than real time"),
        ("live", 1.0, "`edgeagent run` through PortAudio on the simulated card"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--hours", type=float, default=hours, metavar="H", help=f"so long (default {hours:g})")
        command.add_argument("--json", action="store_true", help="print the figures as JSON")
        command.add_argument("--folder", type=Path, metavar="DIR", help="keep what is recorded there")
        if name == "simulated":
            command.add_argument("--seed", type=int, default=1, metavar="S", help="another day (default 1)")
        if name == "live":
            command.add_argument("--streams", choices=("split", "duplex"), default="split", help="as audio.streams")
    return top


if __name__ == "__main__":
    raise SystemExit(ended(main))
