"""Forgets what a device knows of its people and what was said, after telling what that was.

A device that is configured with `memory.file` keeps there from start to start

  profile  how loud its people usually are (what is much weaker is somebody else); what its own mistakes have taught:
           stops that had to be taken back make it a little more cautious, interruptions that had to be said twice a
           little less, by 1.5 nats at most; and how loud and how fast it was asked to speak
  talk     with `memory.talk`: what was said and heard last, and what was left to say

Both are forgotten, or with --only one of them. `edgeagent check --config FILE` only shows what there is.

A device that is running forgets too, within two seconds, and begins anew; its journal says so. Recorded sessions (`run
--record`), journals, kept turns and the clips of `flight.dir` are not touched, nor is a file that is no memory.

    edgeagent forget --config edgeagent.yaml
    edgeagent forget --file /var/lib/edgeagent/memory.db --only talk
"""

from __future__ import annotations

import argparse
import errno
from glob import escape
from pathlib import Path

from edgeagent.errors import EdgeAgentError
from edgeagent.settings import Settings

HELP = "forget what the device has learnt about its people, and what was said"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    named = "settings of the device, which name its memory.file"
    where.add_argument("--config", type=Path, metavar="FILE", help=named)
    where.add_argument("--file", type=Path, metavar="FILE", help="a memory.file itself")
    parser.add_argument("--only", choices=("profile", "talk"), help="forget this, and keep the rest")


def run(args: argparse.Namespace) -> int:
    from edgeagent import config
    from edgeagent.commands._installed import place
    from edgeagent.store.memory_file import REFUSED

    settings = config.load(args.config, files=False) if args.config else Settings()
    if args.config and not settings.memory.file:
        raise EdgeAgentError(f"{args.config}: has no memory.file", "nothing is kept from start to start")
    path = args.file.expanduser() if args.file else place(settings.memory.file)
    if args.file and not path.exists():
        raise EdgeAgentError(f"{path}: no such file", "name the memory.file of the device's configuration")
    if _forget(path, [args.only] if args.only else ["profile", "talk"], settings):
        print("forgotten")
    else:
        print(f"{path}: no such file, so nothing is remembered")
    for aside in path.parent.glob(f"{escape(path.name + REFUSED)}*"):
        print(f"{aside} stays, which the device took for damaged: delete it, if it was a memory")
    return 0


def _forget(path: Path, parts: list[str], settings: Settings) -> bool:
    """Whether there was a file."""
    from edgeagent.commands._remembered import profile, said
    from edgeagent.store.memory_database import Foreign, Refused
    from edgeagent.store.memory_file import PARTS, Stood, forget, look

    try:
        if not path.exists():
            return False
        stood = look(path) or Stood()
        for part, head, facts in (
            ("profile", "remembered until now:", profile(stood, settings.turns)),
            ("talk", "said until now:", said(stood.saved)),
        ):
            if part in parts:
                print(head, *facts, sep="\n  ")
        forget(path, [part for part in PARTS if part in parts])
        return True
    except (Refused, Foreign) as refused:  # it may be anything: somebody's configuration, named by mistake
        problem = refused.strerror if isinstance(refused, Foreign) else refused
        remedy = "name a memory.file; if it is one, delete it, which makes the device forget as well"
        raise EdgeAgentError(f"{path}: {problem}, and stays as it is", remedy) from refused
    except OSError as error:
        remedy = "end what reads it, and forget again" if error.errno == errno.EBUSY else "may this user write it?"
        raise EdgeAgentError(f"{path}: {error.strerror}", remedy) from error
