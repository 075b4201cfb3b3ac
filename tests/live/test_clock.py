"""The wall clock jumps, when the network tells the time or a person sets it: whoever listens or speaks may not care."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "edgeagent"

ROOMS = ("signal", "turn", "detect", "live", "devices", "services", "monitor")

WALL = {"time": {"time", "time_ns", "localtime", "gmtime", "ctime", "strftime"}, "datetime": {"now", "utcnow", "today"}}

STAMPED = ROOT / "devices" / "moments.py"
"""Some sound plugins stamp by it; tests/devices/test_card_moments.py sets it meanwhile."""

TOLD = [ROOT / "monitor" / name for name in ("board.py", "tally.py", "teller.py")]
"""Tell people and other machines when something was; nothing waits for it or is measured by it."""

FILES = [ROOT / "engine.py", *(file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py")))]
for file in (STAMPED, *TOLD):
    FILES.remove(file)


def readings(tree: ast.AST) -> list[str]:
    """Calls of the wall clock."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found += [f"{node.value.id}.{node.attr}"] if node.attr in WALL.get(node.value.id, ()) else []
        if isinstance(node, ast.ImportFrom) and node.module in WALL:
            found += [alias.name for alias in node.names if alias.name in WALL[node.module]]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_nothing_that_listens_or_speaks_reads_the_wall_clock(file: Path) -> None:
    assert not readings(ast.parse(file.read_text(encoding="utf-8")))


def test_a_reading_would_be_found() -> None:
    assert readings(ast.parse("import time\nx = time.time()")) == ["time.time"]
    assert readings(ast.parse("from time import time_ns")) == ["time_ns"]
