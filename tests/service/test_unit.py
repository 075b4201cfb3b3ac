"""systemd itself reads the unit: no mistake in it, and little that a broken device could do to its machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from edgeagent.__main__ import Parser
from edgeagent.commands import command
from edgeagent.live import realtime
from edgeagent.live.repair import HANGS_S
from edgeagent.monitor.service import START_S, WAITS_S
from edgeagent.services.pocketsphinx_link import LOADING_S

UNIT = Path(__file__).parents[2] / "systemd" / "edgeagent.service"
ANALYZE = shutil.which("systemd-analyze")

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


def settings(key: str) -> list[str]:
    """Every value of a key of the unit."""
    lines = UNIT.read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    assert ANALYZE
    return subprocess.run([ANALYZE, *words], capture_output=True, text=True, timeout=60, check=False)


@needs_systemd
def test_systemd_finds_no_mistake(tmp_path: Path) -> None:
    program = tmp_path / "edgeagent"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/edgeagent/venv/bin/edgeagent", str(program)))
    found = analyze("verify", "--man=no", str(unit))
    ours = [line for line in found.stderr.splitlines() if UNIT.name in line]  # of other units we know nothing
    assert not ours
    assert found.returncode == 0


@needs_systemd
def test_it_may_do_little(tmp_path: Path) -> None:
    bounds = ("--offline=true", "--threshold=20")
    assert analyze("security", *bounds, str(UNIT)).returncode == 0
    bare = tmp_path / UNIT.name
    kept = ("[", "Type", "ExecStart", "User")
    bare.write_text("\n".join(line for line in UNIT.read_text().splitlines() if line.startswith(kept)))
    assert analyze("security", *bounds, str(bare)).returncode != 0


def test_its_command_is_one_that_there_is() -> None:
    (line,) = settings("ExecStart")
    _program, name, *words = line.split()
    run = command(name)
    parser = Parser()
    run.add_arguments(parser)
    assert parser.parse_args(words).wait


def test_it_never_gives_up_and_waits_for_no_network() -> None:
    assert settings("Restart") == ["always"]
    assert settings("StartLimitIntervalSec") == ["0"]
    assert not any("network" in value for key in ("After", "Wants", "Requires") for value in settings(key))


def test_one_that_hangs_before_it_is_ready_is_given_up_and_shows_where_it_stood() -> None:
    """A manager takes no time back: longer in the unit than what is asked for by the device would undo it."""
    assert settings("TimeoutStartSec") == [f"{START_S:.0f}s"]
    assert settings("WatchdogSec") == [f"{WAITS_S:.0f}s"]
    assert settings("TimeoutStartFailureMode") == ["abort"]
    assert HANGS_S + LOADING_S < START_S  # a start that takes as long as it may in each part


def test_it_permits_the_priorities_that_are_asked_for() -> None:
    (most,) = settings("LimitRTPRIO")
    assert int(most) >= max(realtime.CARD_PRIORITY, realtime.ENGINE_PRIORITY)
    assert settings("LimitMEMLOCK") == ["infinity"]
    assert "OMP_NUM_THREADS=1" in settings("Environment")
    assert not settings("RestrictRealtime")
