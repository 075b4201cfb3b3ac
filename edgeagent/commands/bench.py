"""Measures this program on this machine. Other programs slow down even the medians: let it be idle."""

from __future__ import annotations

import argparse

from edgeagent.commands.terminal import add_json

HELP = "what the engine costs on this machine"

STAGES = """What each stage of the engine costs: milliseconds for 10 ms of sound, on one core.

Two synthetic talkers speak at the same time, one of them through the loudspeaker and back by an echo path, so that no
stage rests. An indented stage is part of the one above it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    benches = parser.add_subparsers(dest="bench", required=True, metavar="BENCH")
    stages = benches.add_parser(
        "stages",
        help="median, p95 and p99 of each stage",
        description=STAGES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    stages.add_argument("--seconds", type=int, default=20, metavar="N", help="sound to measure on (default 20)")
    add_json(stages)


def run(args: argparse.Namespace) -> int:
    from edgeagent.live.realtime import one_thread

    one_thread()  # one core is what is measured; numpy is not loaded yet
    from edgeagent.commands import _bench_stages

    return _bench_stages.run(args)
