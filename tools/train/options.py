"""The command lines of training. Nothing here needs the libraries of the extra [train], so that --help does not."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable
from pathlib import Path

from edgeagent.devices.model_files import FOLDER
from tools.train.blank import Blank
from tools.train.gate import BACKCHANNEL, NEAR_END
from tools.train.held_back import By

ROUNDS = 20
"""Of tuning, over all recordings."""


def at_least(least: int) -> Callable[[str], int]:
    """An option's type: a whole number that is not less."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise ArgumentTypeError(f"{text!r} is no whole number of at least {least}")
        return int(text)

    return number


def training(description: str | None) -> ArgumentParser:
    """Of `python -m tools.train`."""
    form = RawDescriptionHelpFormatter
    parser = ArgumentParser(prog="python -m tools.train", description=description, formatter_class=form)
    parser.add_argument("corpus", type=Path, help="folder with manifest.csv and segments.csv")
    parser.add_argument("--out", type=Path, required=True, help="folder for the models, their manifest and card")
    parser.add_argument("--scenes", type=at_least(1), default=1000, help="scenes to learn from")
    parser.add_argument("--more", type=at_least(0), default=0, help="crowded scenes of what is hard, for a last cycle")
    parser.add_argument("--seed", type=at_least(0), default=0)
    parser.add_argument("--cache", type=Path, default=Path("build/train"), help="folder for scenes and checkpoints")
    parser.add_argument("--jobs", type=at_least(1), default=2, help="processes that render")
    parser.add_argument("--only", choices=(NEAR_END, BACKCHANNEL), help="let this one learn, write nothing")
    parser.add_argument("--blank", choices=list(Blank), help="what the networks are not shown")
    return parser


def tuning(description: str | None) -> ArgumentParser:
    """Of `python -m tools.train.tune`."""
    form = RawDescriptionHelpFormatter
    parser = ArgumentParser(prog="python -m tools.train.tune", description=description, formatter_class=form)
    parser.add_argument("sessions", nargs="+", type=Path, help="folders that `edgeagent collect` wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder for the tuned models")
    parser.add_argument("--from", dest="source", type=Path, default=FOLDER, metavar="MODELS", help="begin with these")
    parser.add_argument("--corpus", type=Path, help="folder with manifest.csv and segments.csv, against forgetting")
    parser.add_argument(
        "--scenes", type=at_least(0), default=120, help="scenes of the corpus to learn from (default 120)"
    )
    parser.add_argument("--cache", type=Path, default=Path("build/train"), help="folder for scenes of the corpus")
    parser.add_argument("--jobs", type=at_least(1), default=2, help="processes that render these")
    parser.add_argument("--rounds", type=at_least(0), default=ROUNDS, help="over all recordings")
    parser.add_argument("--hold-back", choices=list(By), help="what the recordings measured on do not share")
    parser.add_argument("--seed", type=at_least(0), default=0)
    return parser
