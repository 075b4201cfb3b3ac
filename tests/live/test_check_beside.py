"""`check` beside a device that holds its card by itself alone, as hardware is held: that is no fault. The card, the
library, both programs and being told "busy" are real; who holds it is written down as the kernel would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from edgeagent.units import RATE
from tests.devices.made_up_proc import MadeUpProc
from tests.devices.sim_child import ROOT, MakeSim, make_sim
from tools.simcard import SimCard
from tools.simcard.device import running

__all__ = ["make_sim"]  # a fixture
pytest.importorskip("pyaudio", reason="needs the extra [card]")
pytestmark = pytest.mark.live

CONFIG = "talker: {kind: command, command: 'true'}\naudio: {input: default, output: default}\n"


def proc(root: Path, process: int) -> MadeUpProc:
    """A card that this process holds, by the newest of its threads; the process itself is the real one."""
    made_up = MadeUpProc(root)
    made_up.card(0, "Sim", "Simulated card")
    threads = sorted(int(path.name) for path in Path(f"/proc/{process}/task").iterdir())
    for way in "cp":
        made_up.pcm(0, 0, way, [threads[-1]])
    for number in {process, threads[-1]}:
        (root / str(number)).symlink_to(f"/proc/{number}")
    return made_up


def check(sim: SimCard, root: Path, *options: str) -> tuple[int, dict[str, dict[str, str]], str]:
    """Exit code, findings by topic, and what went to stderr."""
    command = [sys.executable, "-m", "tests.live.check_beside", str(root), "--json", "--machine", *options]
    done = subprocess.run(command, cwd=ROOT, env=sim.env(), capture_output=True, text=True, timeout=90, check=False)
    return done.returncode, {found["topic"]: found for found in json.loads(done.stdout)}, done.stderr


@contextmanager
def device(sim: SimCard, folder: Path) -> Iterator[int]:
    """Its process, from when it listens on."""
    config = folder / "edgeagent.yaml"
    config.write_text(CONFIG)
    room = 20 * np.random.default_rng(1).standard_normal(90 * RATE)  # what gives only zeros is no microphone
    sim.feed(room.astype(np.int16), at=sim.frame())
    with running(sim, folder / "session", "--config", str(config)) as process:
        assert process.stdout is not None
        while not (sim.state.input_starts and sim.state.output_starts):
            os.sched_yield()
            assert process.poll() is None
        yield process.pid


def test_the_device_that_runs_holds_its_card_and_all_is_well(make_sim: MakeSim, tmp_path: Path) -> None:
    sim = make_sim()
    root = tmp_path / "proc"
    with device(sim, tmp_path) as pid:
        proc(root, pid)
        code, found, told = check(sim, root, "--config", str(tmp_path / "edgeagent.yaml"), "--beside", str(pid))
        alone = check(sim, root, "--config", str(tmp_path / "edgeagent.yaml"))
    assert told == ""
    for topic in ("microphone", "loudspeaker"):
        assert found[topic]["grade"] == "ok"
        assert f"held by the running device (pid {pid})" in found[topic]["text"]
        # a device of which nobody has told is another program, and named
        assert alone[1][topic]["grade"] == "fail"
        assert f"(pid {pid})" in alone[1][topic]["text"]
        assert f"kill {pid}" in alone[1][topic]["fix"]
    assert f"--config {tmp_path}/edgeagent.yaml --machine" in found["device"]["text"]
    assert code < 2 == alone[0]
    assert check(sim, root, "--config", str(tmp_path / "edgeagent.yaml"))[1]["microphone"]["text"].endswith("Hz, mono")


def test_another_program_that_holds_the_card_is_named(make_sim: MakeSim, tmp_path: Path) -> None:
    """A device that waits for its card runs, and holds nothing."""
    sim = make_sim()
    root = tmp_path / "proc"
    (tmp_path / "edgeagent.yaml").write_text(CONFIG)
    recording = ["arecord", "-q", "-D", "simcard", "-t", "raw", "-f", "S16_LE", "-r", "16000"]
    with subprocess.Popen(["sleep", "90"]) as waiting:
        with subprocess.Popen(recording, env=sim.env(), stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            other.stdout.read(320)  # it runs
            proc(root, other.pid)
            code, found, _ = check(
                sim, root, "--config", str(tmp_path / "edgeagent.yaml"), "--beside", str(waiting.pid)
            )
            other.kill()
        waiting.kill()
    assert code == 2
    assert found["microphone"]["grade"] == "fail"
    assert f"arecord (pid {other.pid})" in found["microphone"]["text"]
    assert found["loudspeaker"]["text"].endswith("Hz, mono")
