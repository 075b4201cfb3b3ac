"""Runs the device: it listens, talks, and can be interrupted. With nothing configured it tells a few sentences on the
default sound card.

The timeline is printed as it happens; Ctrl-C ends it. `--record DIR` writes everything it hears, plays and decides
(mic.wav, reference.wav, events.jsonl, journal.jsonl; notes.jsonl has what happens beside); `edgeagent replay DIR` turns
that into the same journal again. `--on-turn CMD` starts CMD for every turn of the user, with its sound as raw 16-bit
16 kHz on stdin while it is spoken and the path of its WAV in EDGEAGENT_WAV; what CMD prints is taken as its text.

Exit code 130 after Ctrl-C, 0 after SIGTERM, 75 if the sound library hangs and only a new process can go on.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from edgeagent.commands._device import Fan, Printer, Warner, add_device, hold, leaving, settings_of
from edgeagent.settings import Settings

HELP = "listen and talk on a sound card"

NOTES = "notes.jsonl"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_device(parser)
    parser.add_argument("--record", metavar="DIR", help="record the whole session for `edgeagent replay`")
    parser.add_argument("--on-turn", metavar="CMD", help="command that gets each turn of the user")
    parser.add_argument("--quiet", action="store_true", help="print no timeline")
    parser.add_argument("--json", action="store_true", help="print the journal, one JSON object a line")


def run(args: argparse.Namespace) -> int:
    from edgeagent.live.realtime import one_thread

    one_thread()  # before numpy
    settings = settings_of(args)
    if args.record:
        settings = replace(settings, record=replace(settings.record, dir=args.record))
    if args.on_turn:
        settings = replace(settings, capture=replace(settings.capture, on_turn=args.on_turn))
    with leaving():
        return _talk(settings, args)


def _talk(settings: Settings, args: argparse.Namespace) -> int:
    from edgeagent import app
    from edgeagent.report.timeline import Timeline
    from edgeagent.store.journal import JsonLinesJournal, line
    from edgeagent.store.session import Recording

    warn = Warner()
    decided, noted = Fan(), Fan()
    with ExitStack() as files, app.build_runtime(settings, decided, noted) as runtime:
        if settings.record.dir:  # only now: a device that does not start leaves no session
            folder = Path(settings.record.dir)
            recording = Recording(folder, settings, app.versions(), warn)
            files.callback(recording.close)
            runtime.record(recording)
            for name, fan in (("journal.jsonl", decided), (NOTES, noted)):
                file = JsonLinesJournal(folder / name, warn, background=True)
                files.callback(file.close)
                fan.journals.append(file)
        printer = None
        if not args.quiet:
            timeline = Timeline(colour=sys.stdout.isatty())
            form = (lambda entry: line(entry).decode().rstrip()) if args.json else timeline.line
            printer = Printer(form, runtime.stop)
            files.callback(printer.close)
            decided.journals.append(printer)
            noted.journals.append(printer)
        code = hold(runtime, args.seconds)
    if printer is not None and printer.error is not None:
        raise printer.error
    return code
