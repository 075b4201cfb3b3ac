"""Runs the device: it listens, talks, and can be interrupted. With nothing configured it tells a few sentences on the
default sound card.

The timeline is printed as it happens; Ctrl-C ends it. `--record DIR` writes everything it hears, plays and decides
(mic.wav, reference.wav, turn-NNN.wav, events.jsonl, journal.jsonl; notes.jsonl has what happens beside); `edgeagent
replay DIR` turns that into the same journal again. A DIR that holds something already gets a dated folder for the
session, as `record.dir` of a configuration gets one for each start. `flight.dir` keeps only the seconds around each
stop, hold and button press, for `edgeagent review`. `--on-turn CMD` starts CMD for every turn of the
user, with its sound as raw 16-bit 16 kHz on stdin while it is spoken and in EDGEAGENT_WAV the path of its WAV, which is
there when stdin ends; what CMD prints is taken as its text.

Under systemd (systemd/edgeagent.service) it tells when it is ready and how it is; the watchdog is fed while it hears.
With `--wait` it starts without its sound card, with a red lamp, and looks for it every second.
Whole devices to begin with lie in examples/ of the checkout (kiosk, reader, ollama-assistant, home-assistant), each to
run with `--config examples/NAME/edgeagent.yaml`.
What `metrics`, `mqtt` and `page` of a configuration ask for runs beside it: docs/monitoring.md.

Exit code 130 after Ctrl-C, 0 after SIGTERM or where its terminal is closed (nohup lets it go on), 75 if the sound
library hangs and only a new process can go on.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

from edgeagent.commands._device import Warner, add_device, hold, leaving, settings_of
from edgeagent.commands._service import Brake, in_memory, looked_after
from edgeagent.errors import ConfigError
from edgeagent.monitor.service import Service
from edgeagent.settings import Settings
from edgeagent.store.folders import dated, vacant

HELP = "listen and talk on a sound card"


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
        if (kind := settings.recogniser.kind) != "command":
            raise ConfigError(
                f"--on-turn: recogniser.kind is {kind}, and only one can tell what was said", "leave one of them out"
            )
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
    from edgeagent.commands._journals import Journals
    from edgeagent.commands._monitors import Monitors
    from edgeagent.store.clips import newest

    if service is not None:
        service.say("starting: loads its voice and its models, opens the card")
    warn = Warner()
    folder = session_of(settings, args.record)
    clips = partial(newest, Path(settings.flight.dir).expanduser()) if settings.flight.dir else None
    with (
        Journals(settings, warn) as to,
        Monitors(settings, warn, args.config, clips, args.card or "", wait=args.wait) as monitors,
        app.build_runtime(
            settings, to.decided, to.noted, session=folder, stages=monitors.stages, wait=args.wait
        ) as runtime,
    ):
        to.both(monitors.tally)
        monitors.attach(runtime)
        to.keep(wait=args.wait, tail=in_memory("journal.tail"))
        to.tell_system()
        to.record(folder, runtime, wait=args.wait, given=bool(args.record))
        to.fly(runtime, wait=args.wait)
        printer = to.print(args, runtime)
        to.say_what_is_recorded(folder, Path(args.record or ""))
        if service is not None:
            service.say("starting: begins to listen")
            runtime.watch(service)
        brake.release()
        code = hold(runtime, args.seconds)
        if service is not None:
            service.stopping()
    if printer is not None and printer.error is not None:
        raise printer.error
    return code
