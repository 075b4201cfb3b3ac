"""Records people who speak to the device while it talks, with what they did and when, for teaching the ear.

It says first what is recorded, where it stays and how to delete it, and asks for a yes; without one nothing is
recorded. Then the device talks and goes on talking, whatever it hears, and lines on the terminal ask for something to
be done over its voice: "uh-huh", "wait, stop", a question of one's own, a cough, silence. What was really done, from
its beginning to its end, is found in the sound without our own voice. A take that is no good is asked for once more.
Now and then the device lowers its voice for a moment, at random, as it does in use; --no-ducks leaves that out.

Each run makes a dated folder in FOLDER: consent.json, takes.jsonl, and a session as of `run --record`, which
`edgeagent replay` repeats. `python -m tools.train.tune FOLDER --out DIR` in a checkout teaches the models with it;
docs/collect.md tells more. Ctrl-C or the device's button ends it and keeps what is complete. --prompts FILE is a YAML
of lists under backchannel, floor and noise, for other languages.

Exit code 0: all takes were made; 1: no consent, or it ended before; 130: Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edgeagent.commands._device import add_device, leaving, settings_of
from edgeagent.commands.terminal import add_json, check_folder
from edgeagent.errors import EdgeAgentError

HELP = "record people, with their consent, for teaching the ear"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_device(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the session's folder is made")
    parser.add_argument("--person", metavar="NAME", help="name or pseudonym of the person (default: asked for)")
    parser.add_argument("--consent", action="store_true", help="the person has read the text and agrees: ask nothing")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="of 12 prompts, a minute each (default 3)")
    parser.add_argument("--seed", type=int, metavar="N", help="the same prompts in the same order again")
    parser.add_argument("--text", metavar="TEXT", help="what the device says: a text, a file, or -")
    parser.add_argument("--prompts", type=Path, metavar="FILE", help="what to ask people for, in YAML")
    parser.add_argument("--no-ducks", dest="ducks", action="store_false", help="never lower the voice")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from edgeagent.live.realtime import one_thread

    one_thread()  # before numpy
    from edgeagent.commands import _collect_session as session
    from edgeagent.store.folders import dated

    settings = session.alone(settings_of(args, files=False))
    if args.rounds < 1:
        raise EdgeAgentError(f"--rounds {args.rounds}: nothing would be asked", "give a number of at least 1")
    folder = dated(args.out)
    check_folder(folder)  # before a person is asked for anything
    plan = session.plan(settings, args)
    consent = session.asked_for_consent(args, folder, plan.seed)
    if consent is None:
        print("nothing was recorded", file=sys.stderr)
        return 1
    with leaving():
        return session.collect(settings, args, folder, plan, consent)
