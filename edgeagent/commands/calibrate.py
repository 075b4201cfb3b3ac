"""Measures this device in its place: loudspeaker, microphone, the room between them, and how fast it falls silent.

It says what it will play and asks first; --yes does not ask. It begins softly and gets no louder than
audio.volume_percent. Then, in a minute: the noise of the room; a sentence of yours (--no-person: nobody is there, your
usual level comes from memory.file, or is assumed); noise like speech, louder and louder until the microphone clips; a
sweep for the room, the delay and the loudspeaker's distortion; noise for the echo canceller, which tells the drift of
the two clocks; and stops by the gate, by an abort of the card, and by the mute pin if there is one.

It prints what it found and what to do: where to put things, and which settings follow. --write puts these into the file
of --config; comments and everything else in it stay, and the old file is kept beside it. Ctrl-C leaves silence.

Exit code 0: all is well; 1: there is something to do; 2: nothing could be measured, and why; 130: Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edgeagent.commands._device import add_card, leaving, settings_of
from edgeagent.commands.terminal import add_json, print_json
from edgeagent.errors import DeviceError, EdgeAgentError

HELP = "measure loudspeaker, microphone and room, and what to set and where to put them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_card(parser)
    parser.add_argument("--yes", action="store_true", help="play without asking")
    parser.add_argument("--no-person", dest="person", action="store_false", help="nobody is there to say a sentence")
    parser.add_argument("--write", action="store_true", help="put the settings that follow into the file of --config")
    parser.add_argument("--report", type=Path, metavar="FILE", help="draw it all, with the sounds, as an HTML page")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from edgeagent.live.realtime import one_thread

    one_thread()  # before numpy
    if args.write and not args.config:
        raise EdgeAgentError("--write has no file to write into", "give it with --config FILE")
    settings = settings_of(args)
    if settings.audio.card == "wav":
        raise DeviceError("a card of files has no room to be measured", "give a real one with --card or audio.card")
    from edgeagent.commands import _calibrate_result as result
    from edgeagent.commands import _calibrate_text as text

    if not (args.yes or text.agreed(settings, args.person)):
        print("nothing was played", file=sys.stderr)
        return 1
    with leaving():
        measured, recorded = result.measure(settings, args.person)
    outcome = result.Outcome(settings, measured)
    if args.write:
        outcome = outcome.written(args.config)
    if args.report is not None:
        outcome = outcome.reported(args.report, recorded)
    if args.json:
        print_json(outcome.plain())
    else:
        text.show(outcome)
    return 1 if outcome.urgent else 0
