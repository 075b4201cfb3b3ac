"""Looks at this machine, or only at a configuration, and says what works and how to mend the rest.

Without options it tells what `edgeagent run` would meet here. --levels shows what the microphone hears as it hears it:
speak, and see whether it clips, hardly moves, gives zeros or is frozen. --leds lights the LEDs of the lamp one by one;
on a terminal it asks whether you see each.

Exit code 0: all is well; 1: it works, less well; 2: it cannot work like this. What it prints belongs into every bug
report; it shows no passwords and no keys.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

from edgeagent.commands._finding import Probe
from edgeagent.commands.terminal import add_json, print_json
from edgeagent.settings import Settings

HELP = "what works on this machine, what is missing, and how to mend it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="check this configuration, and the files and programs it names; needs no hardware",
    )
    parser.add_argument("--machine", action="store_true", help="with --config: check the machine for it, too")
    parser.add_argument("--example", action="store_true", help="print a configuration with every key and its default")
    parser.add_argument("--levels", action="store_true", help="show what the microphone hears, live, and judge it")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="N", help="of --levels (default 10)")
    parser.add_argument("--leds", action="store_true", help="light each LED of the lamp alone, and ask who looks")
    parser.add_argument("--languages", action="store_true", help="what is understood and spoken of each language")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from edgeagent.live.realtime import one_thread

    one_thread()  # as the device does, before numpy
    from edgeagent import config
    from edgeagent.commands import _finding

    if args.example:
        print(config.example(), end="")
        return 0
    settings = config.load(args.config) if args.config else Settings()
    probes = _looked_at(args, settings)
    findings = itertools.chain.from_iterable(probe(settings) for probe in probes)
    if args.json:
        found = list(findings)
        print_json(_finding.plain(found))
        return max(finding.grade for finding in found)
    return _finding.report(findings)


def _looked_at(args: argparse.Namespace, settings: Settings) -> list[Probe]:
    """What to look at, in order."""
    from edgeagent.commands import (
        _language_probes,
        _led_probes,
        _level_probes,
        _listening_probes,
        _monitor_probes,
        _pace_probes,
        _pin_probes,
        _probes,
        _remembered,
        _satellite_probes,
        _sound_probes,
        _word_probes,
    )

    if args.levels or args.leds or args.languages:
        probes = [_level_probes.levels(args.seconds)] if args.levels else []
        probes += [_led_probes.leds(_led_probes.asked)] if args.leds else []
        return [*probes, *([_language_probes.languages] if args.languages else [])]
    probes = [_probes.configuration] if args.config else []
    if args.machine or not args.config:
        probes += [_probes.versions, _sound_probes.kernel, _sound_probes.cards, _sound_probes.mixer]
        probes += [_pin_probes.chip, _pin_probes.pins, _pin_probes.mute_owner, _probes.services, _probes.models]
        probes += [_word_probes.words, _listening_probes.wake, _listening_probes.turn_end]
        probes += [_pace_probes.headroom, _pace_probes.last_run]
        probes += [_probes.real_time, _probes.interpreter, _probes.disk]
        probes += [_remembered.memory, _remembered.conversation]
    else:
        probes += [
            _sound_probes.files,
            _probes.services,
            _probes.models,
            _word_probes.words,
            _listening_probes.wake,
            _listening_probes.turn_end,
        ]
        probes += [_remembered.memory] if settings.memory.file else []
        probes += [_remembered.conversation] if settings.memory.talk else []
    return [*probes, _monitor_probes.monitors, _satellite_probes.satellite]
