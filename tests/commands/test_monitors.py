"""`edgeagent run` as those see it who look after it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeagent.signal.wav import write_wav
from edgeagent.units import RATE
from tests.monitor.broker import Broker, Listener, free_port

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a device with these settings in a quiet room."""
    running: list[subprocess.Popen[str]] = []

    def start(seconds: float = 30.0, env: dict[str, str] | None = None, **settings: dict[str, object]) -> object:
        room = 0.0005 * np.random.default_rng(1).standard_normal(round(seconds * RATE))
        write_wav(tmp_path / "room.wav", room.astype(np.float32))
        (tmp_path / "config.yaml").write_text(json.dumps(settings))
        command = [sys.executable, "-m", "edgeagent", "run", "--config", str(tmp_path / "config.yaml")]
        command += ["--card", f"wav:{tmp_path / 'room.wav'}"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        running.append(subprocess.Popen(command, cwd=ROOT, text=True, env=env, **pipes))  # type: ignore[call-overload]
        return running[-1]

    yield start  # type: ignore[misc]
    for device in running:
        device.kill()
        device.communicate()


def until_it_speaks(device: subprocess.Popen[str]) -> None:
    assert device.stdout is not None
    for line in device.stdout:
        if "SPEAKING" in line:
            return
    raise AssertionError(device.communicate()[1])


def test_the_figures_of_a_running_device_are_scraped_until_it_ends(start: Start) -> None:
    pytest.importorskip("prometheus_client", reason="needs the extra [metrics]")
    port = free_port()
    device = start(metrics={"port": port})
    until_it_speaks(device)
    begun = time.monotonic()
    text = ""
    while 'edgeagent_state{state="speaking"} 1.0' not in text:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        assert time.monotonic() - begun < 20
    spent = [line for line in text.splitlines() if line.startswith("edgeagent_stage_cpu_seconds_total")]
    assert len(spent) == 3
    assert all(float(line.split()[-1]) > 0 for line in spent)
    device.send_signal(signal.SIGTERM)
    assert device.wait(10) == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port))


def test_a_port_that_is_taken_stops_the_start_in_one_line(start: Start) -> None:
    pytest.importorskip("prometheus_client", reason="needs the extra [metrics]")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        device = start(metrics={"port": taken.getsockname()[1]})
        _, said = device.communicate(timeout=20)
    assert device.returncode == 2
    assert "set metrics.port to a port that is free" in said
    assert said.count("\n") == 1


def test_a_broker_hears_of_a_device_until_it_is_killed(start: Start, tmp_path: Path) -> None:
    pytest.importorskip("paho.mqtt.client", reason="needs the extra [mqtt]")
    broker = Broker(tmp_path)
    broker.start()
    try:
        device = start(mqtt={"host": "127.0.0.1", "port": broker.port, "device": "hall", "vitals_s": 1})
        until_it_speaks(device)
        listener = Listener(broker.port)
        listener.until("edgeagent/hall/status", "online")
        listener.until("edgeagent/hall/state", "speaking")
        assert listener.facts("edgeagent/hall/vitals")["at_s"] > 0
        device.kill()
        listener.until("edgeagent/hall/status", "offline")
        listener.close()
    finally:
        broker.stop()
