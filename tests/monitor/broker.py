"""A real mosquitto on a port of its own, and somebody who listens to it."""

from __future__ import annotations

import json
import queue
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GIVE_UP_S = 15.0

PROGRAM = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


def free_port() -> int:
    """One that nobody listens at just now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def until(so: Callable[[], Any], what: str) -> Any:
    """Wait for it, as long as is reasonable."""
    begun = time.monotonic()
    while not (found := so()):
        assert time.monotonic() - begun < GIVE_UP_S, what
        time.sleep(0.005)
    return found


class Broker:
    """Started with `start`. options: lines of its configuration beside the port."""

    def __init__(self, folder: Path, options: str = "allow_anonymous true") -> None:
        if PROGRAM is None:
            pytest.skip("no mosquitto: apt-get install mosquitto")
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"user root\nlistener {self.port} 127.0.0.1\n{options}\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [str(PROGRAM), "-c", str(self._config)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._answers, "mosquitto does not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


class Listener:
    """Gets every message of a broker from now on, and first what is retained."""

    def __init__(self, port: int, **login: str) -> None:
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        self.got: queue.SimpleQueue[tuple[str, bytes, bool]] = queue.SimpleQueue()
        self.retained: set[str] = set()
        self._client = client = paho.Client(CallbackAPIVersion.VERSION2)
        if login:
            client.username_pw_set(login["user"], login["password"])
        subscribed: queue.SimpleQueue[None] = queue.SimpleQueue()
        client.on_message = lambda _client, _data, m: self.got.put((m.topic, bytes(m.payload), m.retain))
        client.on_subscribe = lambda *_: subscribed.put(None)
        client.connect("127.0.0.1", port)
        client.subscribe("#", qos=1)
        client.loop_start()
        subscribed.get(timeout=GIVE_UP_S)

    def until(self, topic: str, holds: str = "") -> tuple[str, bytes, bool]:
        """The next message of that topic with that text in it; others are passed over."""
        while True:
            try:
                message = self.got.get(timeout=GIVE_UP_S)
            except queue.Empty:
                raise AssertionError(f"no message {topic} with {holds!r}") from None
            if message[0] == topic and holds.encode() in message[1]:
                return message

    def facts(self, topic: str, holds: str = "") -> dict[str, Any]:
        """The same, as JSON."""
        facts: dict[str, Any] = json.loads(self.until(topic, holds)[1])
        return facts

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
