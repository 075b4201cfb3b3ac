"""Calibrates what a user wishes: how many false stops an hour each caution of the policy costs, and who is missed.

    python -m tools.wishes SCENES [--jobs 2] [--table edgeagent/turn/wished.py] [--report docs/wishes.md]

SCENES is a folder of scenes with their truth; `edgeagent generate` makes some, and forty of 40 s are the least that
says anything. Every scene runs once at each caution, through the whole engine, without what mistakes teach
(turns.adapt). In scenes something happens every few seconds; --backchannels, --noises and --remarks say what happens in
an hour of the device's speech in a home. Do this again whenever a model or a constant of the policy has changed:

    edgeagent generate --out build/wishes --count 40 --seed 515
    python -m tools.wishes build/wishes --jobs 2 --table edgeagent/turn/wished.py --report docs/wishes.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from edgeagent import app
from edgeagent.__main__ import ended
from edgeagent.commands._bench_decisions import scenes
from edgeagent.commands.terminal import add_json, check_place, print_json, warn
from edgeagent.errors import EdgeAgentError
from edgeagent.settings import Models, Settings
from edgeagent.store.disk import write_whole
from edgeagent.turn.wishes import LEAST, MOST
from tools.wishes.home import BACKCHANNELS, NOISES, REMARKS, Home, falling, point
from tools.wishes.page import Provenance, module, page, text, verdict
from tools.wishes.runs import measure

CAUTIONS = (-4.0, -2.0, 0.0, 2.0, 4.0)
"""Nats. Where stops rise and fall; the policy goes from -6 to 6."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    asked = _parser().parse_args(given)
    models, home = str(asked.models or ""), Home(asked.backchannels, asked.noises, asked.remarks)
    cautions = sorted(set(asked.cautions))
    try:
        _check(asked)
        versions = app.versions(Settings(models=Models(folder=models)))
        folders = scenes(asked.scenes)
        runs = measure(folders, cautions, models, asked.jobs)
        points = [point(caution, runs[caution], home) for caution in cautions]
        table = falling(points)
    except (EdgeAgentError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if untested := points[0].untested(home):
        warn(f"the scenes tested no {' and no '.join(untested)}: what these cost in an hour is missing in every rate")
    minutes = sum(run.played_s for run in runs[cautions[-1]]) / 60
    provenance = Provenance("/".join(asked.scenes.resolve().parts[-2:]), len(folders), minutes, versions)
    if asked.table:
        write_whole(asked.table, module(table, home, provenance))
    if asked.report:
        write_whole(asked.report, page(points, table, home, provenance, " ".join(["python -m tools.wishes", *given])))
    if asked.json:
        print_json({"table": table, "points": [{"caution": one.caution, "rate": one.rate} for one in points]})
    else:
        print(text(points), verdict(table), sep="\n\n")
    return 0


def _check(asked: argparse.Namespace) -> None:
    """Raises EdgeAgentError before minutes are spent."""
    if asked.jobs < 1:
        raise EdgeAgentError(f"--jobs {asked.jobs}: nobody would work", "give a number of at least 1")
    if beyond := [caution for caution in asked.cautions if not LEAST <= caution <= MOST]:
        raise EdgeAgentError(f"--cautions {beyond[0]:g} is beyond the policy", f"give {LEAST:g} to {MOST:g} nats")
    if min(asked.backchannels, asked.noises, asked.remarks) < 0:
        raise EdgeAgentError("nothing happens less than never", "give 0 or more an hour")
    check_place("--table", asked.table)
    check_place("--report", asked.report)


def _parser() -> argparse.ArgumentParser:
    form = partial(argparse.RawDescriptionHelpFormatter, max_help_position=28)
    parser = argparse.ArgumentParser(prog="python -m tools.wishes", description=__doc__, formatter_class=form)
    parser.add_argument("scenes", type=Path, metavar="SCENES", help="a folder of scenes with their truth")
    parser.add_argument("--models", type=Path, metavar="DIR", help="models with their manifest.yaml")
    parser.add_argument("--cautions", type=float, nargs="+", default=CAUTIONS, metavar="NATS", help="the grid")
    hourly = "in an hour of the device's speech"
    for option, default in (("--backchannels", BACKCHANNELS), ("--noises", NOISES), ("--remarks", REMARKS)):
        parser.add_argument(option, type=float, default=default, metavar="N", help=f"{hourly} (default {default:g})")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="scenes at the same time (default 1)")
    parser.add_argument(
        "--table", type=Path, metavar="FILE", help="also write the module edgeagent/turn/wished.py there"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="also write the page docs/wishes.md there")
    add_json(parser)
    return parser


if __name__ == "__main__":
    raise SystemExit(ended(main))
