"""Forgets what a device has learnt about its people, after telling what that was.

A device that is configured with `memory.file` remembers from start to start how loud its people usually are (what is
much weaker is somebody else), and what its own mistakes have taught: stops that had to be taken back make it a little
more cautious, interruptions that had to be said twice a little less, by 1.5 nats at most. It keeps a few numbers; no
sound, no words, no names. `edgeagent check --config FILE` only shows them.

A device that is running forgets too, within a second, and begins to learn anew; its journal says so. Recorded sessions
(`run --record`) and journals are not touched, nor is a file that is no memory.

    edgeagent forget --config edgeagent.yaml
    edgeagent forget --file /var/lib/edgeagent/memory.json
"""

from __future__ import annotations

import argparse
from pathlib import Path

from edgeagent.errors import EdgeAgentError

HELP = "forget what the device has learnt about its people"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--config", type=Path, metavar="FILE", help="settings of the device, which name its memory.file")
    where.add_argument("--file", type=Path, metavar="FILE", help="the memory itself")


def run(args: argparse.Namespace) -> int:
    from edgeagent import config
    from edgeagent.commands._remembered import words
    from edgeagent.settings import Settings
    from edgeagent.store.memory_file import Refused, forget, read

    settings = config.load(args.config) if args.config else Settings()
    path = args.file or Path(settings.memory.file)
    if path == Path():
        raise EdgeAgentError(f"{args.config}: has no memory.file", "nothing is kept from start to start")
    path = path.expanduser()
    if args.file and not path.exists():
        raise EdgeAgentError(f"{path}: no such file", "name the memory.file of the device's configuration")
    try:
        known = words(read(path).remembered, settings.turns)
    except Refused as refused:  # it may be anything: somebody's configuration, named by mistake
        remedy = "name a memory.file; if it is one, delete it, which makes the device forget as well"
        raise EdgeAgentError(f"{path}: {refused}, and stays as it is", remedy) from refused
    print("remembered until now:", *known, sep="\n  ")
    forget(path)
    print("forgotten")
    return 0
