"""Prints the state machine as a Mermaid diagram, drawn from the very table that decides.

The diagram in docs/states.md is its output.
"""

from __future__ import annotations

import argparse

HELP = "the state machine, drawn from its table"


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """None."""


def run(_args: argparse.Namespace) -> int:
    from edgeagent.turn.diagram import diagram

    print(diagram(), end="")
    return 0
