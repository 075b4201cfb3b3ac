"""`edgeagent run` with a service manager that listens."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.devices.sim_child import ROOT

GIVE_UP_S = 20.0


class Managed:
    """The command, and the socket on which its manager listens."""

    def __init__(self, folder: Path, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        (folder / "notify").unlink(missing_ok=True)  # of one that was started before
        self._socket.bind(str(folder / "notify"))
        self._socket.settimeout(GIVE_UP_S)
        ours = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "1000000"}
        command = [sys.executable, "-m", "edgeagent", "run", "--quiet", *options]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(environment or {}), **ours}, stderr=subprocess.PIPE, text=True
        )
        self.told: list[dict[str, str]] = []

    def until(self, so: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """The next message that is so."""
        while True:
            self.told.append(dict(line.split("=", 1) for line in self._socket.recv(4096).decode().split("\n")))
            if so(self.told[-1]):
                return self.told[-1]

    def says(self, words: str) -> None:
        """Waits until the status holds these."""
        self.until(lambda told: words in told.get("STATUS", ""))

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()
        self._socket.close()


Start = Callable[..., Managed]
