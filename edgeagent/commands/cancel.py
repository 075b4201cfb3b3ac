"""Takes the echo of what a loudspeaker played out of a recording, with the canceller of the device.

MIC is what the microphone recorded, REFERENCE what was played: WAV of any rate and kind, FLAC and OGG. Of several
channels the mean is taken, and said if they differ: the canceller knows one microphone and one loudspeaker. The two
need not have begun together nor be of one length: the delay is searched for in the whole of both, a drift of the clocks
is followed. OUT is as long as MIC and in step with it, 16 bit mono at 16 kHz, the echo suppressed as detectors want it.
--linear writes what is left when the estimated echo is subtracted and nothing else is done: that leaves voices alone,
for a recogniser or for ears.

ERLE (echo return loss enhancement) is how much quieter the output is than the microphone while the reference plays: the
median over stretches of a quarter of a second, in some of which a person may speak. Exit code 1: OUT was written, but
no echo was found, or the two files seem to have changed places.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from edgeagent.commands.terminal import add_json, check_place
from edgeagent.errors import EdgeAgentError

HELP = "the echo out of a recording, given what was played"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("microphone", type=Path, metavar="MIC", help="sound file of the microphone")
    parser.add_argument("reference", type=Path, metavar="REFERENCE", help="sound file of what was played")
    parser.add_argument("out", type=Path, metavar="OUT", help="WAV to write, or to replace")
    parser.add_argument("--linear", type=Path, metavar="WAV", help="also write the output without suppression")
    parser.add_argument(
        "--report", nargs="?", type=Path, const=Path(), metavar="PAGE", help="also write a page (default: OUT.html)"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    if args.report == Path():
        args.report = args.out.with_suffix(".html")
    _check(args)
    from edgeagent.commands import _cancelling

    return _cancelling.run(args)


def _check(args: argparse.Namespace) -> None:
    """Raises EdgeAgentError for files that cannot be written, before an hour is spent on them."""
    taken = {args.microphone.resolve(): "MIC"}
    files = (("REFERENCE", args.reference), ("OUT", args.out), ("--linear", args.linear), ("--report", args.report))
    for name, path in files:
        if path is None:
            continue
        if other := taken.get(path.resolve()):
            raise EdgeAgentError(f"{name} and {other} are the same file, {path}", "give another name for one of them")
        taken[path.resolve()] = name
        if name == "REFERENCE":
            continue
        ending = ".html" if name == "--report" else ".wav"
        if path.suffix.lower() != ending:
            raise EdgeAgentError(f"{name} {path}: is no {ending} file", f"give a name that ends in {ending}")
        check_place(name, path)
