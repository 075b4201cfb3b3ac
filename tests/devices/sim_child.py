"""A simulated card, and a child process that works on it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.simcard import BuildError, SimCard

ROOT = Path(__file__).parents[2]

MakeSim = Callable[..., SimCard]


@pytest.fixture
def make_sim(tmp_path: Path) -> MakeSim:
    """Makes the card with the arguments of SimCard; skips where it cannot be built."""

    def make(**form: Any) -> SimCard:
        try:
            return SimCard(tmp_path, **form)
        except BuildError as missing:
            pytest.skip(f"no simulated card: {missing}")

    return make


def run_calmly(sim: SimCard, what: str, **form: Any) -> dict[str, Any]:
    """As `run`, again if the machine was too busy to keep the card fed: an underrun then is no fault of ours."""
    for _ in range(3):
        found = run(sim, what, **form)
        if not found["xruns"]:
            break
    return found


def run(sim: SimCard, what: str, noise: bool = False, **form: Any) -> dict[str, Any]:
    """The findings of one of card_cases.CASES on a card made with `form`. noise: the child may write to stderr."""
    command = [sys.executable, "-W", "error", "-m", "tests.devices.card_cases", what, json.dumps(form)]
    child = subprocess.run(command, cwd=ROOT, env=sim.env(), capture_output=True, text=True, timeout=30, check=False)
    assert child.returncode == 0, child.stderr
    assert noise or not child.stderr
    findings: dict[str, Any] = json.loads(child.stdout)
    return findings
