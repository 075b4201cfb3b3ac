"""Looks at this machine, or only at a configuration, and says what works and how to mend the rest.

Without options it tells what `edgeagent run` would meet here. Exit code 0: all is well; 1: it works, less well; 2: it
cannot work like this. What it prints belongs into every bug report; it shows no passwords and no keys.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

from edgeagent.commands.terminal import add_json, print_json

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
    parser.add_argument("--languages", action="store_true", help="what is understood and spoken of each language")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from edgeagent.live.realtime import one_thread

    one_thread()  # as the device does, before numpy
    from edgeagent import config
    from edgeagent.commands import (
        _finding,
        _language_probes,
        _monitor_probes,
        _pace_probes,
        _pin_probes,
        _probes,
        _remembered,
        _sound_probes,
        _word_probes,
    )
    from edgeagent.settings import Settings

    if args.example:
        print(config.example(), end="")
        return 0
    settings = config.load(args.config) if args.config else Settings()
    probes: list[_finding.Probe] = [_probes.configuration] if args.config and not args.languages else []
    if args.languages:
        probes.append(_language_probes.languages)
    elif args.machine or not args.config:
        probes += [_probes.versions, _sound_probes.cards, _pin_probes.pins, _probes.services, _probes.models]
        probes += [_word_probes.words, _pace_probes.headroom, _pace_probes.last_run]
        probes += [_probes.real_time, _probes.interpreter, _probes.disk, _remembered.memory]
    else:
        probes += [_sound_probes.files, _probes.services, _word_probes.words]
        probes += [_remembered.memory] if settings.memory.file else []
    probes += [_monitor_probes.monitors]
    findings = itertools.chain.from_iterable(probe(settings) for probe in probes)
    if args.json:
        found = list(findings)
        print_json(_finding.plain(found))
        return max(finding.grade for finding in found)
    return _finding.report(findings)
