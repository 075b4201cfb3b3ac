"""Measures the near-end detector where nobody else measures it: in the loudest echo, and where there is none.

    python -m tools.ear_bench CORPUS [--models DIR] [--parts held_out dev] [--scenes 72] [--seed 1] [--only echo|quiet]
                              [--cache DIR] [--jobs 1] [--json] [--report FILE]

Two tables with the targets beside them. *echo*: the device talks all the time, its echo 10 dB above the person, over
every kind of background. *quiet*: held-out speakers in noise, the device silent, beside Silero (extra `peers`; without
it the table is left out, and a line says so). The recordings are those that no model was trained on: the speakers,
noises and loudspeakers held out of the split `train`, and the split `dev`. The scenes are rendered once and kept in
--cache; for other models only the networks run again, which takes a few minutes.

Training draws its scenes with seed 0; any other seed gives scenes that no model has seen.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeagent.__main__ import ended
from edgeagent.commands.terminal import Progress, add_json, check_place, check_seed, print_json, warn
from edgeagent.detect.networks import Networks
from edgeagent.devices.model_files import FOLDER, load_model, manifest
from edgeagent.errors import EdgeAgentError
from tools.ear_bench.cases import Case, cases
from tools.ear_bench.judge import Answers
from tools.ear_bench.result import Table, echo_tables, quiet_table
from tools.ear_bench.silero import ABSENT, CHUNK, installed, release
from tools.ear_bench.stage import conditions
from tools.train.corpus import Part
from tools.train.sequences import vectors

TRAINING_SEED = 0

PARTS = (Part.HELD_OUT, Part.DEV)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        _check(asked)
        tables = measure(asked)
    except EdgeAgentError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    shown = "\n\n".join([_source(asked), *(table.text() for table in tables)])
    if asked.report:
        asked.report.write_text(shown + "\n", encoding="utf-8")
    if asked.json:
        print_json({"models": _checksums(asked.models), "tables": [table.plain() for table in tables]})
    else:
        print(shown)
    return 0


def measure(asked: argparse.Namespace) -> list[Table]:
    """Everything that was asked for. Raises EdgeAgentError."""
    tables = []
    parts = [Part(part) for part in dict.fromkeys(asked.parts)]  # none twice
    if asked.only != "quiet":
        said = {str(part): answers(asked.models, _cases(asked, part, echo=True)) for part in parts}
        tables += echo_tables(said)
    if asked.only != "echo":
        if installed():
            quiet = [case for part in parts for case in _cases(asked, part, echo=False)]
            theirs = [Answers(case, case.silero, CHUNK, 0) for case in quiet]
            tables.append(quiet_table(list(zip(answers(asked.models, quiet), theirs, strict=True))))
        else:
            warn(ABSENT)
    return tables


def answers(models: Path, heard: Sequence[Case]) -> list[Answers]:
    """What the two models of a folder say of a person in each case, as the device runs them. Raises ModelError."""
    made = []
    with Progress("listening", len(heard)) as progress:
        for case in heard:
            networks = Networks(load_model("near_end", models), load_model("backchannel", models))
            near = [networks.hear(vector)[0] for vector in vectors([case.listened], None)[0]]
            made.append(Answers(case, np.array(near, np.float32)))
            progress.at(len(made))
    return made


def _cases(asked: argparse.Namespace, part: Part, *, echo: bool) -> list[Case]:
    listed = conditions(part, asked.seed, asked.scenes, echo)
    return cases(asked.corpus, listed, asked.cache, asked.jobs, f"{part}, {'echo' if echo else 'quiet'}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.ear_bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, help="folder with manifest.csv and segments.csv, as for tools.train")
    parser.add_argument("--models", type=Path, default=FOLDER, metavar="DIR", help="models with their manifest.yaml")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="recordings to measure on")
    parser.add_argument(
        "--scenes", type=int, default=72, metavar="N", help="of 36 s, of each part and sort (default 72)"
    )
    parser.add_argument("--seed", type=int, default=1, help="other scenes; 0 belongs to training (default 1)")
    parser.add_argument("--only", choices=("echo", "quiet"), help="one of the two tables")
    parser.add_argument("--cache", type=Path, default=Path("build/ear_bench"), metavar="DIR", help="keeps the scenes")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="scenes rendered at the same time (default 1)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="also write the tables there, as Markdown")
    add_json(parser)
    return parser


def _check(asked: argparse.Namespace) -> None:
    """Raises EdgeAgentError for what cannot be done, before minutes are spent on it."""
    if asked.seed == TRAINING_SEED:
        raise EdgeAgentError(f"--seed {asked.seed}: the models have learnt from those scenes", "give another number")
    if asked.scenes < 1 or asked.jobs < 1:
        raise EdgeAgentError("--scenes and --jobs must be at least 1", "give greater numbers")
    check_seed(asked.seed)
    check_place("--report", asked.report)
    for name in ("near_end", "backchannel"):
        load_model(name, asked.models)


def _source(asked: argparse.Namespace) -> str:
    told = [f"{name} {digest}" for name, digest in _checksums(asked.models).items()]
    told += [release()] if asked.only != "echo" and release() else []
    return f"{asked.scenes} scenes of 36 s of each part and sort, seed {asked.seed}; {', '.join(told)}"


def _checksums(models: Path) -> dict[str, str]:
    return {name: digest[:12] for name, (_, digest) in manifest(models).items()}


if __name__ == "__main__":
    raise SystemExit(ended(main))
