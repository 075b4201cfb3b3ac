"""Tells a running device what a camera, a sensor or a person elsewhere has noticed.

The device listens where `hints.socket` of its configuration says; only the same user may write there. A hint is weighed
with what the device hears: --person says how much speaks for a person addressing it, --floor how much for their wanting
its turn, both in nats (natural log-likelihood ratio; 1 makes it 2.7 times as likely, 2 seven times, a negative number
less likely). It fades within two seconds, and it only ever shifts a doubt: without a voice nothing happens. A source
that keeps seeing something says so again every half second.

    edgeagent hint --socket /run/edgeagent/hints --source camera --person 1 --floor 0.5

Any program can do the same by sending the datagram {"source": "camera", "person": 1, "floor": 0.5} to that socket.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from edgeagent.errors import EdgeAgentError

HELP = "tell a running device what something else has noticed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket", metavar="PATH", help="where the device listens: its hints.socket")
    where.add_argument("--config", type=Path, metavar="FILE", help="settings of the device, which name the socket")
    parser.add_argument("--source", required=True, metavar="NAME", help="who has noticed it; each source has its bound")
    parser.add_argument("--person", type=float, metavar="NATS", help="for a person addressing the device")
    parser.add_argument("--floor", type=float, metavar="NATS", help="for their taking the floor")


def run(args: argparse.Namespace) -> int:
    import json

    from edgeagent.services.hint_socket import parse, send

    given = {"source": args.source, "person": args.person, "floor": args.floor}
    datagram = json.dumps({key: value for key, value in given.items() if value is not None}).encode()
    try:
        parse(datagram)
    except ValueError as error:
        raise EdgeAgentError(f"no hint: {error}", "see `edgeagent hint --help`") from error
    send(_configured(args.config) if args.socket is None else args.socket, datagram)
    return 0


def _configured(path: Path) -> str:
    from edgeagent import config

    if where := config.load(path, files=False).hints.socket:
        return where
    raise EdgeAgentError(f"{path}: has no hints.socket", "add one and start the device anew")
