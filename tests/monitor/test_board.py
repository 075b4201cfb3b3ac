"""What a machine tells of itself, from files like those of its kernel."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgeagent.monitor import board

ROOT = Path(__file__).parents[2]


def put(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_temperatures_by_zone_the_warmest_of_a_name(tmp_path: Path) -> None:
    for number, (name, value) in enumerate((("cpu-thermal", "48312"), ("gpu", "40000"), ("gpu", "41000"))):
        put(tmp_path, f"sys/class/thermal/thermal_zone{number}/type", name + "\n")
        put(tmp_path, f"sys/class/thermal/thermal_zone{number}/temp", value + "\n")
    put(tmp_path, "sys/class/thermal/thermal_zone7/type", "broken\n")
    assert board.temperatures(tmp_path) == {"cpu-thermal": 48.312, "gpu": 41.0}


@pytest.mark.parametrize(
    ("word", "now"),
    [("0", set()), ("50005", {"under_voltage", "throttled"}), ("80008", {"soft_temperature_limit"}), ("50000", set())],
)
def test_a_pi_says_why_it_is_held_back(tmp_path: Path, word: str, now: set[str]) -> None:
    put(tmp_path, board.THROTTLED[0], word + "\n")
    told = board.throttled(tmp_path)
    assert len(told) == 4
    assert {reason for reason, so in told.items() if so} == now


def test_the_slowest_core_counts(tmp_path: Path) -> None:
    for core, now in enumerate((1800000, 600000)):
        put(tmp_path, f"sys/devices/system/cpu/cpu{core}/cpufreq/scaling_cur_freq", f"{now}\n")
        put(tmp_path, f"sys/devices/system/cpu/cpu{core}/cpufreq/cpuinfo_max_freq", "1800000\n")
    assert board.clock_hz(tmp_path) == (6e8, 1.8e9)


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    assert (board.temperatures(tmp_path), board.throttled(tmp_path), board.clock_hz(tmp_path)) == ({}, {}, None)


def test_this_process() -> None:
    assert 5_000_000 < board.resident_bytes() < 4_000_000_000
    assert time.time() - 86_400 < board.started_utc() < time.time() + 0.1


def test_open_files_are_counted() -> None:
    code = (
        "import os; from edgeagent.monitor.board import open_files; before = open_files(); "
        "os.open('/dev/null', os.O_RDONLY); print(open_files() - before)"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "1\n"
