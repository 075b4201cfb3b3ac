"""Whoever ends a measurement on the simulated card ends the device that it measures, too."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.devices.sim_child import ROOT
from tools.simcard import BuildError, build

STUB = """\
#!/bin/sh
exec 3>"$BEACON"
echo here >&3
exec sleep 60
"""
"""Stands for the device: says that it is there, and holds what it said it to for as long as it lives."""

WAYS = {
    "a child in a quiet room": "quiet_room.measured(SimCard(folder), 'nothing', [])",
    "a device that is talked with": "with device.running(SimCard(folder), folder / 'session') as it: it.wait()",
    "a device whose cost is measured": "cost.measured(folder, ['run'], 60, lambda sim: False)",
    "stop times": "stop_times.main()",
    "the latency probe": "simulated.measure([])",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_nothing_goes_on_alone_and_nothing_stays_in_the_temporary_folder(
    way: str, number: signal.Signals, tmp_path: Path
) -> None:
    """`timeout` and a terminal that is closed end a process so; the device would run for ever."""
    try:
        build()
    except BuildError as missing:
        pytest.skip(f"no simulated card: {missing}")
    stub, beacon, scratch = tmp_path / "stub", tmp_path / "beacon", tmp_path / "scratch"
    stub.write_text(STUB)
    stub.chmod(0o755)
    os.mkfifo(beacon)
    scratch.mkdir()
    lines = [
        "import sys, tempfile",
        "from pathlib import Path",
        "from tools.probe import simulated",
        "from tools.simcard import SimCard, cost, device, quiet_room, stop_times",
        f"sys.executable, sys.argv = {str(stub)!r}, ['nothing']",
        "with tempfile.TemporaryDirectory() as name:",
        "    folder = Path(name)",
        f"    {WAYS[way]}",
    ]
    env = {**os.environ, "BEACON": str(beacon), "TMPDIR": str(scratch)}
    process = subprocess.Popen([sys.executable, "-c", "\n".join(lines)], cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    try:
        with beacon.open() as told:
            assert told.readline() == "here\n"
            process.send_signal(number)
            assert process.wait(30) == 128 + number
            assert select.select([told], [], [], 30)[0], "the device goes on"
        assert not list(scratch.iterdir())
    finally:
        process.kill()
        process.wait()
