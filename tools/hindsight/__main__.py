"""How a policy with other constants would have decided, on what the ear has heard once.

    python -m tools.hindsight SCENES [--try "VERDICT=18 MEANT=0" ...] [--keep FOLDER] [--jobs 1] [--json]

SCENES is a folder of scenes with their truth; `edgeagent generate` makes some. Each is heard once, by a device that
nobody can stop; then it is decided upon with the constants of `edgeagent/turn/policy.py` as they are, and with those of
each --try, by the device's own engine, player and scorer, which takes a fraction of the time. Times are in samples.

It looks back, so it flatters and slanders a little: what is said after a stop was heard through a voice that goes on.
What is found here is to be measured by `edgeagent bench decisions`, and on other scenes than those it was found on.
With --keep what was heard stays there for the next time, by scene and models; after a change of `edgeagent/detect` or
`edgeagent/signal` it is to be deleted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from edgeagent.__main__ import ended
from edgeagent.commands._bench_decisions import scenes
from edgeagent.commands._jobs import watched
from edgeagent.commands.terminal import add_json, print_json
from edgeagent.errors import EdgeAgentError
from edgeagent.sim.figures import Figures, pool
from tools.hindsight.constants import values
from tools.hindsight.runs import Order, decide, hear
from tools.markdown import aligned

COLUMNS = {
    "right_balanced": "right",
    "recall": "recall",
    "committed": "for good",
    "latency_p50": "p50 s",
    "latency_p95": "p95 s",
    "backchannel_rejection": "backchannels",
    "noise_rejection": "noises",
    "far_speech_rejection": "far speech",
    "covered": "whole",
    "ducked_s_per_min": "ducked s",
    "held_total": "held",
    "self_stops": "self",
}
"""Figures that are shown, and their headings."""

AS_IS = "as it is"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        if asked.jobs < 1:
            raise EdgeAgentError(f"--jobs {asked.jobs}: nobody would work", "give a number of at least 1")
        tried = {AS_IS: {}, **{text: values(text) for text in asked.tried}}
        folders = scenes(asked.scenes)
        with TemporaryDirectory(prefix="edgeagent-") as name:
            kept = asked.keep or Path(name)
            watched(hear, [Order(folder, kept, {}) for folder in folders], asked.jobs, "listening")
            orders = [Order(folder, kept, constants) for constants in tried.values() for folder in folders]
            runs = watched(decide, orders, asked.jobs, "deciding")
    except EdgeAgentError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    count = len(folders)
    pooled = {name: pool(runs[row * count : (row + 1) * count]) for row, name in enumerate(tried)}
    if asked.json:
        print_json({name: {key: figures[key] for key in COLUMNS} for name, figures in pooled.items()})
    else:
        print(table(pooled))
    return 0


def table(pooled: Mapping[str, Figures]) -> str:
    """A row for each, as Markdown."""
    rows = [["constants", *COLUMNS.values()]]
    for name, figures in pooled.items():
        rows.append([name, *("-" if figures[key] is None else str(figures[key]) for key in COLUMNS)])
    return aligned(rows)


def _parser() -> argparse.ArgumentParser:
    form = partial(argparse.RawDescriptionHelpFormatter, max_help_position=28)
    parser = argparse.ArgumentParser(prog="python -m tools.hindsight", description=__doc__, formatter_class=form)
    parser.add_argument("scenes", type=Path, metavar="SCENES", help="a folder of scenes with their truth")
    parser.add_argument("--try", dest="tried", nargs="+", default=[], metavar="CONSTANTS", help="each makes a row")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where what was heard stays")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="scenes at the same time (default 1)")
    add_json(parser)
    return parser


if __name__ == "__main__":
    raise SystemExit(ended(main))
