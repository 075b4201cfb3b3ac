"""Measures this device in its place: loudspeaker, microphone, the room between them, and how fast it falls silent.

It says what it will play and asks first; --yes does not ask. It begins softly and gets no louder than
audio.volume_percent. Then, in a minute: the noise of the room; a sentence of yours (--no-person: nobody is there, your
usual level comes from memory.file, or is assumed); noise like speech, louder and louder until the microphone clips; a
sweep for the room, the delay and the loudspeaker's distortion; noise for the echo canceller, which tells the drift of
the two clocks; and stops by the gate, by an abort of the card, and by the mute pin if there is one.

It prints what it found and what to do: where to put things, and which settings follow. --write puts these into the file
of --config; comments and everything else in it stay, and the old file is kept beside it. Ctrl-C leaves silence. --keep
measures nothing: it puts settings that were found before into the file, as the status page says them.

Exit code 0: all is well; 1: there is something to do; 2: nothing could be measured, and why; 130: Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

from edgeagent.commands._device import add_card, leaving, settings_of
from edgeagent.commands.terminal import add_json, print_json, warn
from edgeagent.errors import DeviceError, EdgeAgentError

HELP = "measure loudspeaker, microphone and room, and what to set and where to put them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_card(parser)
    parser.add_argument("--yes", action="store_true", help="play without asking")
    parser.add_argument("--no-person", dest="person", action="store_false", help="nobody is there to say a sentence")
    parser.add_argument("--write", action="store_true", help="put the settings that follow into the file of --config")
    keep = "measure nothing, and put these settings into the file of --config"
    parser.add_argument("--keep", nargs="+", metavar="KEY=VALUE", help=keep)
    tethered = "end as by Ctrl-C when stdin ends: for a program that starts this, and may itself be killed"
    parser.add_argument("--tethered", action="store_true", help=tethered)
    parser.add_argument("--report", type=Path, metavar="FILE", help="draw it all, with the sounds, as an HTML page")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from edgeagent.live.realtime import one_thread

    one_thread()  # before numpy
    if (args.write or args.keep) and not args.config:
        option = "--write" if args.write else "--keep"
        raise EdgeAgentError(f"{option} has no file to write into", "give it with --config FILE")
    if args.keep:
        return _keep(args.config, args.keep)
    if args.tethered:
        Thread(target=_end_with_stdin, name="tether", daemon=True).start()
    settings = settings_of(args, files=False)
    if settings.audio.card == "wav":
        raise DeviceError("a card of files has no room to be measured", "give a real one with --card or audio.card")
    _can_be_written(args)
    if not args.tethered:  # whoever starts us lends us its card
        _look_beside()
    from edgeagent.commands import _calibrate_result as result
    from edgeagent.commands import _calibrate_text as text

    if not (args.yes or text.agreed(settings, args.person)):
        print("nothing was played", file=sys.stderr)
        return 1
    with leaving():
        measured, recorded = result.measure(settings, args.person)
    outcome = result.Outcome(settings, measured, args.config)
    try:
        if args.report is not None:
            outcome = outcome.reported(args.report, recorded)
        if args.write:
            outcome = outcome.written()
    finally:  # what could not be written is no reason to lose what was found
        if args.json:
            print_json(outcome.plain())
        else:
            text.show(outcome)
    return 1 if outcome.urgent else 0


def _can_be_written(args: argparse.Namespace) -> None:
    """A minute of noise must not end with a place where nothing can be put. Raises EdgeAgentError."""
    if args.report is not None and args.report.is_dir():
        raise EdgeAgentError(f"--report {args.report}: is a folder", "give the name of a file")
    folders = {f"--report {args.report}": args.report.absolute().parent} if args.report is not None else {}
    if args.write:
        folders[f"--config {args.config}"] = args.config.resolve().parent
    for option, folder in folders.items():
        if not os.access(folder, os.W_OK):
            remedy = "give a folder that is there and can be written" + (", or use sudo" if os.geteuid() else "")
            raise EdgeAgentError(f"{option}: nothing can be written in {folder}", remedy)


def _look_beside() -> None:
    """Where a card serves several programs, nothing is busy, and what a running device says would be measured."""
    from edgeagent.commands import _beside

    if pid := _beside.find(0, "").pid:
        warn(
            f"the device runs (pid {pid}): it holds the card, or hears all of it and speaks meanwhile. First: "
            "sudo systemctl stop edgeagent; or calibrate from its status page"
        )


def _keep(file: Path, given: Sequence[str]) -> int:
    from edgeagent.commands import _calibrate_keep as kept

    found = kept.taken(given)
    backup = kept.keep(file, found)
    print(f"Written into {file}: {', '.join(kept.pairs(found))}; as it was before: {backup}")
    return 0


def _end_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGINT)
