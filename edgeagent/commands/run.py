"""Runs the device: it listens, talks, and can be interrupted. With nothing configured it tells a few sentences on the
default sound card.

The timeline is printed as it happens; Ctrl-C ends it. `--record DIR` writes everything it hears, plays and decides
(mic.wav, reference.wav, turn-NNN.wav, events.jsonl, journal.jsonl; notes.jsonl has what happens beside); `edgeagent
replay DIR` turns that into the same journal again. A DIR that holds something already gets a dated folder for the
session, as `record.dir` of a configuration gets one for each start. `--on-turn CMD` starts CMD for every turn of the
user, with its sound as raw 16-bit 16 kHz on stdin while it is spoken and in EDGEAGENT_WAV the path of its WAV, which is
there when stdin ends; what CMD prints is taken as its text.

Under systemd (systemd/edgeagent.service) it tells when it is ready and how it is; the watchdog is fed while it hears.
With `--wait` it starts without its sound card, with a red lamp, and looks for it every second.

Exit code 130 after Ctrl-C, 0 after SIGTERM, 75 if the sound library hangs and only a new process can go on.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from edgeagent.commands._device import Fan, Printer, Warner, add_device, hold, leaving, settings_of
from edgeagent.commands._service import Brake, in_memory, looked_after
from edgeagent.monitor.journald import SystemJournal, under_journald
from edgeagent.monitor.service import Service
from edgeagent.settings import Settings
from edgeagent.store.folders import dated, vacant

HELP = "listen and talk on a sound card"

NOTES = "notes.jsonl"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_device(parser)
    record = "record the whole session for `edgeagent replay`, in a dated folder in DIR if DIR is not empty"
    parser.add_argument("--record", metavar="DIR", help=record)
    parser.add_argument("--on-turn", metavar="CMD", help="command that gets each turn of the user")
    wait = "begin without the card if it is away or busy, and take it as soon as it can be had: for a service"
    parser.add_argument("--wait", action="store_true", help=wait)
    parser.add_argument("--quiet", action="store_true", help="print no timeline")
    parser.add_argument("--json", action="store_true", help="print the journal, one JSON object a line")


def run(args: argparse.Namespace) -> int:
    from edgeagent.live.realtime import one_thread

    one_thread()  # before numpy
    with looked_after() as service, Brake(args.wait, service) as brake:
        return _started(args, service, brake)


def _started(args: argparse.Namespace, service: Service | None, brake: Brake) -> int:
    settings = settings_of(args)
    if args.on_turn:
        settings = replace(settings, capture=replace(settings.capture, on_turn=args.on_turn))
    with leaving():
        return _talk(settings, args, service, brake)


def session_of(settings: Settings, given: str | None) -> Path | None:
    """The folder to record in, not made yet; None for no recording. given: what `--record` says."""
    if given:
        return vacant(Path(given))
    return dated(Path(settings.record.dir)) if settings.record.dir else None


def _talk(settings: Settings, args: argparse.Namespace, service: Service | None, brake: Brake) -> int:
    from edgeagent import app
    from edgeagent.report.timeline import Timeline
    from edgeagent.store.journal import JsonLinesJournal, line, long_journal
    from edgeagent.store.session import Recording

    warn = Warner()
    decided, noted = Fan(), Fan()
    folder = session_of(settings, args.record)
    with ExitStack() as files, app.build_runtime(settings, decided, noted, session=folder, wait=args.wait) as runtime:
        if (log := long_journal(settings, warn, args.wait, in_memory("journal.tail"))) is not None:
            files.callback(log.close)
            log.write({"at": 0, "event": "began", "utc": datetime.now(UTC).isoformat(timespec="seconds")})
            decided.journals.append(log)
            noted.journals.append(log)
        if under_journald():
            system = SystemJournal(Timeline().line)
            files.callback(system.close)
            decided.journals.append(system)
            noted.journals.append(system)
        if folder is not None:  # only now: a device that does not start leaves no session
            recording = Recording(folder, settings, app.versions(settings), warn)
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
        if folder is not None and folder != Path(args.record or ""):
            noted.write({"at": 0, "event": "recording", "folder": str(folder)})
        if service is not None:
            runtime.watch(service)
        brake.release()
        code = hold(runtime, args.seconds)
        if service is not None:
            service.stopping()
    if printer is not None and printer.error is not None:
        raise printer.error
    return code
