"""Shows what it is about: no microphone, no loudspeaker, no files, no network.

A device and a person talk in one simulated living room, with two voices of espeak-ng. The person says "uh-huh", coughs,
and then interrupts with "wait, no ...". The engine is the one that runs on a Raspberry Pi; nobody tells it who speaks.
Prints the timeline as it happens, and writes speaker.wav, mic.wav, the user's turns, journal.jsonl and report.html.
Exit code 1: the device stopped for the wrong sound, or not for the right one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from edgeagent.commands.terminal import check_seed

HELP = "see a device being interrupted: no hardware, no files"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=Path("demo"), metavar="DIR", help="where the result goes (demo)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another room, another cough (default 1)")
    parser.add_argument("--pace", choices=("fast", "real"), default="fast", help="real: in the time it really takes")
    parser.add_argument("--no-report", dest="report", action="store_false", help="do not write report.html")


def run(args: argparse.Namespace) -> int:
    from edgeagent.commands import _demo_scene, _simulation
    from edgeagent.report.page import page
    from edgeagent.settings import Settings
    from edgeagent.store.disk import write_whole

    check_seed(args.seed)
    encounter = _demo_scene.build(args.seed)
    watch = _simulation.teller(real_time=args.pace == "real")
    run = _simulation.perform(encounter.scene, Settings(), args.out, watch=watch)
    record = _simulation.record_of(run, "A device that can be interrupted", _demo_scene.SUBTITLE, encounter.truth)
    right, lines = _demo_scene.summary(record)
    print()
    print("\n".join(lines))
    if args.report:
        path = args.out / _simulation.PAGE
        write_whole(path, page(record))
        print(f"To see and to hear it: {path}")
    return 0 if right else 1
