"""The table of faults names tests; they exist. And nothing is done to the service of which the table says nothing."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
ROWS = [line.split("|")[1:-1] for line in PAGE.splitlines() if line.startswith("| ")][1:]

PROMISED = (
    "unplugged", "busy", "rate", "another number or order", "sound server dies", "callbacks stop", "frozen", "zeros",
    "clipping", "xrun storm", "too slow", "process dies", "clock jumps", "SIGTERM", "SIGKILL", "SIGSTOP", "power cut",
    "disk full", "disk read-only",
)  # fmt: skip


def defined_in(file: Path) -> set[str]:
    """The test functions there."""
    return {node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip())
def test_every_fault_says_what_is_shown_written_and_when_it_hears_again_and_has_a_test(row: list[str]) -> None:
    fault, *told, tests = (cell.strip() for cell in row)
    assert fault
    assert all(told)
    assert len(told) == 3
    named = re.findall(r"`(\w+/\w+\.py)::(\w+)`", tests)
    assert named or tests == "the same"
    for file, test in named:
        assert test in defined_in(ROOT / "tests" / file), f"{file}::{test}"


def test_no_promised_fault_is_left_out() -> None:
    faults = "\n".join(row[0] for row in ROWS)
    assert [name for name in PROMISED if name not in faults] == []
