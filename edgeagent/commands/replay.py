"""Feeds a recorded session to the engine once more and compares what it decides with the journal of then.

A session is a folder that `edgeagent run --record`, `simulate --record` or `collect` wrote: microphone, reference,
events, journal. The same program decides the same, byte for byte, whatever the blocks. Exit code 1: it does not; the
first lines that differ are printed. A session that has lost its journal can be written anew with --out; whether it is
`identical` is then null in JSON.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from edgeagent.commands.terminal import Progress, add_json, check_place, print_json, warn
from edgeagent.errors import EdgeAgentError

HELP = "a recorded session once more, to the identical journal"

CONTEXT = 3
"""Lines shown before the first that differs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", type=Path, metavar="SESSION_DIR", help="folder with session.json")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the new journal there")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="with this journal instead of the session's own")
    parser.add_argument(
        "--chunk", type=int, default=1600, metavar="N", help="samples handed over at a time (default 1600)"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from edgeagent import app
    from edgeagent.detect.deaf import deaf
    from edgeagent.sim.replay import replay
    from edgeagent.store.disk import opened, write_all
    from edgeagent.store.journal import MemoryJournal
    from edgeagent.store.session import EAR, read_session

    if args.chunk < 1:
        raise EdgeAgentError(f"--chunk {args.chunk}: nothing would be handed over", "give a number of at least 1")
    check_place("--out", args.out)
    session = read_session(args.session)
    recorded = _recorded(args.compare or args.session / "journal.jsonl", optional=bool(args.out and not args.compare))
    journal = MemoryJournal()
    engine = app.build_engine(session.settings, journal, deaf(session.versions.get(EAR, "")))
    journal.write(app.head(session.settings))
    with Progress("replaying", len(session.microphone)) as progress:
        replay(engine, session.reference, session.microphone, session.events, chunk=args.chunk, progress=progress.at)
    replayed = journal.lines()
    if args.out:
        with closing(opened(args.out, "w")) as file:
            write_all(file, replayed)
    if recorded is None and args.json:
        print_json({"identical": None, "line": None, "recorded": None, "replayed": None})
        return 0
    if recorded is None:
        print(f"{len(journal.entries)} entries written to {args.out}; the session has no journal to compare with")
        return 0
    return _compare(recorded.split(b"\n")[:-1], replayed.split(b"\n")[:-1], args.json, whole=session.ended == "closed")


def _recorded(path: Path, optional: bool) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        if optional:
            return None
        raise EdgeAgentError(
            f"{path}: no such file", "name a journal with --compare, or write one with --out"
        ) from None


def _compare(recorded: list[bytes], replayed: list[bytes], as_json: bool, *, whole: bool) -> int:
    """Print the finding. whole: the recording was closed properly; otherwise sound or journal may go on alone."""
    if not whole and recorded:  # one that is empty is no journal of this session
        both = min(len(recorded), len(replayed))
        recorded, replayed = recorded[:both], replayed[:both]
    if recorded[:1] != replayed[:1]:
        then, now = (lines[0].decode(errors="replace") if lines else "nothing" for lines in (recorded, replayed))
        warn(f"recorded by another version: {then}; this is {now}")
        recorded[:1] = replayed[:1]
    at = first_difference(recorded, replayed)
    if as_json:
        pair = [_line(side, at) for side in (recorded, replayed)] if at is not None else [None, None]
        number = None if at is None else at + 1
        print_json({"identical": at is None, "line": number, "recorded": pair[0], "replayed": pair[1]})
    elif at is None:
        until = "" if whole else " as far as the recording goes"
        print(f"identical{until}: {len(replayed)} entries, {sum(map(len, replayed)) + len(replayed)} bytes")
    else:
        print(f"different from line {at + 1} on")
        for number in range(max(0, at - CONTEXT), at):
            print(f"  {number + 1}: {_line(replayed, number)}")
        print(f"recorded {at + 1}: {_line(recorded, at)}")
        print(f"replayed {at + 1}: {_line(replayed, at)}")
    return 0 if at is None else 1


def _line(lines: Sequence[bytes], index: int) -> str:
    return lines[index].decode(errors="replace") if index < len(lines) else "(ends here)"


def first_difference(one: Sequence[bytes], other: Sequence[bytes]) -> int | None:
    """Index of the first line that is not in both; None when they are the same."""
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return None if same == len(one) == len(other) else same
