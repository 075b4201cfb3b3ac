"""Looks at this machine, or only at a configuration, and says what works and how to mend the rest.

Without options it tells what `edgeagent run` would meet here. --levels shows what the microphone hears as it hears it:
speak, and see whether it clips, hardly moves, gives zeros or is frozen. --leds lights the LEDs of the lamp one by one;
on a terminal it asks whether you see each. What a device that runs already holds by itself alone, its card and its
pins, is no fault and is not opened beside it; the line that looks without it is printed.

Exit code 0: all is well; 1: it works, less well; 2: it cannot work like this. What it prints belongs into every bug
report; it shows no passwords and no keys.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shlex
from functools import partial
from pathlib import Path

from edgeagent.commands._finding import Probe
from edgeagent.commands.terminal import add_json, print_json
from edgeagent.credential import NAMES
from edgeagent.errors import EdgeAgentError
from edgeagent.settings import Settings

HELP = "what works on this machine, what is missing, and how to mend it"

SECONDS = 10.0
"""For which --levels listens, unless it is told otherwise."""


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
    parser.add_argument("--seconds", type=float, metavar="N", help=f"of --levels, 1 to 600 (default {SECONDS:g})")
    parser.add_argument("--leds", action="store_true", help="light each LED of the lamp alone, and ask who looks")
    parser.add_argument("--languages", action="store_true", help="what is understood and spoken of each language")
    parser.add_argument("--held", action="append", default=[], choices=NAMES, help=argparse.SUPPRESS)  # the page's
    parser.add_argument(
        "--beside",
        type=int,
        default=0,
        metavar="PID",
        help="a device runs already as this process: what it holds is no fault (default: the service)",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from edgeagent.live.realtime import one_thread

    one_thread()  # as the device does, before numpy
    from edgeagent import config
    from edgeagent.commands import _finding, _installed

    if args.seconds is not None and not args.levels:
        raise EdgeAgentError("--seconds is how long --levels listens", "give --levels as well")
    _installed.held = frozenset(args.held)
    if args.example:
        print(config.example(), end="")
        return 0
    settings = config.load(args.config, files=False) if args.config else Settings()
    findings = itertools.chain.from_iterable(probe(settings) for probe in _looked_at(args, settings))
    if args.json:
        found = list(findings)
        print_json(_finding.plain(found))
        return max(finding.grade for finding in found)
    return _finding.report(findings)


def _typed(args: argparse.Namespace) -> str:
    """What was typed, to be typed again: from whatever folder, and for a person to read."""
    words = ["edgeagent", "check"]
    words += ["--config", os.path.abspath(args.config)] if args.config else []
    words += [f"--{name}" for name in ("machine", "levels", "leds") if getattr(args, name)]
    return shlex.join(words)


def _looked_at(args: argparse.Namespace, settings: Settings) -> list[Probe]:
    """What to look at, in order."""
    from edgeagent.commands import (
        _beside,
        _chat_probes,
        _language_probes,
        _led_probes,
        _level_probes,
        _listening_probes,
        _monitor_probes,
        _pace_probes,
        _pin_probes,
        _probes,
        _reading_probes,
        _remembered,
        _right_probes,
        _satellite_probes,
        _sound_probes,
        _word_probes,
    )

    if args.levels or args.leds or args.languages:
        beside = _beside.find(args.beside, _typed(args)) if args.levels or args.leds else _beside.NOBODY
        seconds = SECONDS if args.seconds is None else args.seconds
        probes = [_level_probes.levels(seconds, beside)] if args.levels else []
        probes += [_led_probes.leds(_led_probes.asked, beside)] if args.leds else []
        return [*probes, *([_language_probes.languages] if args.languages else [])]
    probes = [_probes.configuration] if args.config else []
    if args.machine or not args.config:
        beside = _beside.find(args.beside, _typed(args))
        probes += [_probes.versions, partial(_beside.device, beside=beside)]
        probes += [_sound_probes.kernel, partial(_sound_probes.cards, beside=beside), _sound_probes.mixer]
        probes += [
            _pin_probes.chip,
            partial(_pin_probes.pins, beside=beside),
            partial(_pin_probes.mute_owner, beside=beside),
        ]
        probes += [_probes.services, _probes.models]
        probes += [_word_probes.words, _listening_probes.wake, _listening_probes.turn_end]
        probes += [_pace_probes.headroom, _pace_probes.last_run]
        probes += [partial(_right_probes.real_time, beside=beside), partial(_right_probes.access, beside=beside)]
        probes += [_probes.interpreter, _probes.disk]
        probes += [_remembered.memory]
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
    probes += [_reading_probes.readable, _probes.shadow_models, _probes.texts, _chat_probes.chat]
    return [*probes, _monitor_probes.monitors, _satellite_probes.satellite]
