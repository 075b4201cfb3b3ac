"""What each part of the ear is worth: the whole chain of decisions over scenes, each time without one of them.

    python -m tools.ablate SCENES [--models DIR] [--only whole reference ...] [--jobs 1] [--json] [--report FILE]

SCENES is a folder of scenes with their truth; `edgeagent generate` makes some. A row for the whole ear, and one for
each part that is missing: the echo estimate (reference), what the canceller believes of itself (confidence), lowering
the voice while in doubt (duck), the backchannel model, both models (models). A part without which the decisions are no
worse has no business in the device.

Models that were trained with something suffer more when it is taken away than models that never had it. The honest
figure for reference and confidence comes from models that learnt without:

    python -m tools.train CORPUS --out build/blind --blank reference
    python -m tools.ablate SCENES --models build/blind --only reference
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
from edgeagent.commands.terminal import add_json, check_place, print_json
from edgeagent.errors import EdgeAgentError
from edgeagent.settings import Models, Settings
from tools.ablate.ears import ABLATIONS
from tools.ablate.page import COLUMNS, page, table, verdict
from tools.ablate.runs import measure


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit status."""
    asked = _parser().parse_args(arguments)
    names = [name for name in ABLATIONS if name in asked.only]
    try:
        if asked.jobs < 1:
            raise EdgeAgentError(f"--jobs {asked.jobs}: nobody would work", "give a number of at least 1")
        check_place("--report", asked.report)
        told = app.versions(Settings(models=Models(folder=str(asked.models or ""))))
        pooled = measure(scenes(asked.scenes), names, str(asked.models or ""), asked.jobs)
    except EdgeAgentError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if asked.report:
        asked.report.write_text(page(pooled, "/".join(asked.scenes.resolve().parts[-2:]), told), encoding="utf-8")
    if asked.json:
        print_json({name: {key: figures[key] for key in COLUMNS} for name, figures in pooled.items()})
    else:
        print(table(pooled), verdict(pooled), sep="\n\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    form = partial(argparse.RawDescriptionHelpFormatter, max_help_position=28)
    parser = argparse.ArgumentParser(prog="python -m tools.ablate", description=__doc__, formatter_class=form)
    parser.add_argument("scenes", type=Path, metavar="SCENES", help="a folder of scenes with their truth")
    parser.add_argument("--models", type=Path, metavar="DIR", help="models with their manifest.yaml")
    parser.add_argument("--only", nargs="+", choices=ABLATIONS, default=list(ABLATIONS), help="these rows")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="scenes at the same time (default 1)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="also write the page docs/ablations.md there")
    add_json(parser)
    return parser


if __name__ == "__main__":
    raise SystemExit(ended(main))
