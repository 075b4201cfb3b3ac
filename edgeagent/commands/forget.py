"""Forgets what a device has learnt about its people and what was said, after telling what that was.

A device that is configured with `memory.file` remembers from start to start how loud its people usually are (what is
much weaker is somebody else), and what its own mistakes have taught: stops that had to be taken back make it a little
more cautious, interruptions that had to be said twice a little less, by 1.5 nats at most. That file has a few numbers;
no sound, no words, no names. One that is configured with `memory.talk` keeps there what was said and heard last, what
was left to say, and how loud and how fast it was asked to speak. `edgeagent check --config FILE` only shows what there
is.

A device that is running forgets too, within two seconds, and begins anew; its journal says so. Recorded sessions (`run
--record`) and journals are not touched, nor is a file that is none of these.

    edgeagent forget --config edgeagent.yaml
    edgeagent forget --file /var/lib/edgeagent/memory.json
    edgeagent forget --talk /var/lib/edgeagent/talk.db
"""

from __future__ import annotations

import argparse
from pathlib import Path

from edgeagent.errors import EdgeAgentError
from edgeagent.settings import Settings

HELP = "forget what the device has learnt about its people, and what was said"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="settings of the device, which name its memory.file and its memory.talk; both are emptied",
    )
    where.add_argument("--file", type=Path, metavar="FILE", help="a memory.file itself")
    where.add_argument("--talk", type=Path, metavar="FILE", help="a memory.talk itself")


def run(args: argparse.Namespace) -> int:
    from edgeagent import config

    settings = config.load(args.config, files=False) if args.config else Settings()
    file = args.file or Path(settings.memory.file)
    store = args.talk or Path(settings.memory.talk)
    if (file, store) == (Path(), Path()):
        problem = f"{args.config}: has neither memory.file nor memory.talk"
        raise EdgeAgentError(problem, "nothing is kept from start to start")
    for given in filter(None, (args.file, args.talk)):
        if not given.expanduser().exists():
            raise EdgeAgentError(f"{given}: no such file", "name a file of the device's configuration")
    if store != Path():  # the words first: should the other file be refused, they are gone
        _forget_store(store.expanduser())
    if file != Path():
        _forget_file(file.expanduser(), settings)
    print("forgotten")
    return 0


def _forget_file(path: Path, settings: Settings) -> None:
    from edgeagent.commands._remembered import words
    from edgeagent.store.memory_file import Refused, forget, read

    try:
        known = words(read(path).remembered, settings.turns)
    except Refused as refused:  # it may be anything: somebody's configuration, named by mistake
        remedy = "name a memory.file; if it is one, delete it, which makes the device forget as well"
        raise EdgeAgentError(f"{path}: {refused}, and stays as it is", remedy) from refused
    print("remembered until now:", *known, sep="\n  ")
    forget(path)


def _forget_store(path: Path) -> None:
    from edgeagent.commands._remembered import said
    from edgeagent.store.memory_file import Refused
    from edgeagent.store.talk_file import Foreign, forget, look

    try:
        print("said until now:", *said(look(path)), sep="\n  ")
        forget(path)
    except (Refused, Foreign) as refused:
        problem = refused.strerror if isinstance(refused, Foreign) else refused
        remedy = "name a memory.talk; if it is one, delete it, which makes the device forget as well"
        raise EdgeAgentError(f"{path}: {problem}, and stays as it is", remedy) from refused
    except OSError as error:
        raise EdgeAgentError(f"{path}: {error.strerror}", "may this user write it?") from error
