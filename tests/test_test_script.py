"""How tools/test.sh ends: by what its two runs of pytest said, and with 0 after success."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = """#!/bin/sh
case "$*" in
*"not slow and not (timing or live)"*) exit "$OTHERS" ;;
*"not slow and (timing or live)"*) echo "by the clock: $CLOCK"; exit "$CLOCK" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The script in a checkout of its own, whose environment installs nothing and whose tests end as they are told."""
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    (tmp_path / "tools").mkdir()
    for script in ("test.sh", "setup.sh"):
        shutil.copy(ROOT / "tools" / script, tmp_path / "tools")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    return tmp_path


def end_of(checkout: Path, *arguments: str, **told: str) -> subprocess.CompletedProcess[str]:
    """Of the script with these arguments, in an environment that tells its tests how to end."""
    environment = os.environ | told | {"PYTHON": sys.executable}
    command = ["bash", "tools/test.sh", *arguments]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(("others", "clock", "end"), [(0, 0, 0), (1, 0, 1), (0, 2, 2), (1, 2, 2)])
def test_the_script_ends_as_its_tests_do(checkout: Path, others: int, clock: int, end: int) -> None:
    run = end_of(checkout, OTHERS=str(others), CLOCK=str(clock))
    assert run.returncode == end, run.stdout + run.stderr
    assert f"by the clock: {clock}" in run.stdout


def test_what_a_run_with_arguments_says_is_the_end(checkout: Path) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\ncase "$*" in *" -k echo"*) exit 5 ;; esac\n')
    run = end_of(checkout, "-k", "echo")
    assert run.returncode == 5, run.stdout + run.stderr
