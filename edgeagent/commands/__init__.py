"""The command line: one file per command, found by its file name.

A new command is a new file here, nothing else. `edgeagent some-thing` is `some_thing.py` with

    HELP = "one line for `edgeagent --help`, without a full stop"

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("scene", type=Path, help="folder with scene.yaml")

    def run(args: argparse.Namespace) -> int:
        from edgeagent.sim.scene import Scene    # heavy imports here, so that --help answers at once

        ...
        return 0

The module's docstring is what `edgeagent some-thing --help` prints above the options. Habits that all commands share:

* The result goes to stdout, progress and warnings go to stderr (`terminal.Progress`), so output can be piped.
* `--json` (`terminal.add_json`) where a program would read it: one JSON document on stdout, nothing else.
* A fault that a person can mend is an `EdgeAgentError` with its remedy; `__main__` prints it as one line. No command
  catches it, prints a traceback or calls sys.exit.
* Exit codes: 0 done, 1 done with a finding that a script should notice, 2 wrong input or missing device, 70 a fault in
  edgeagent itself, 75 try again in a new process (the sound library hangs), 130 Ctrl-C.
* Files whose name begins with an underscore, and `terminal`, are helpers and no commands.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from typing import Protocol, cast

HELPERS = {"terminal"}


class Command(Protocol):
    """What a module in this folder offers."""

    __doc__: str | None
    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, args: argparse.Namespace) -> int: ...


def names() -> list[str]:
    """Every command, as it is typed."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.replace("_", "-") for name in modules if name[0] != "_" and name not in HELPERS)


def command(name: str) -> Command:
    """The module of one of `names()`."""
    return cast(Command, importlib.import_module(f"{__name__}.{name.replace('-', '_')}"))
