"""A real Chromium without a window, driven over its debugging pipe: the DevTools protocol, JSON ended by NUL."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

GIVE_UP_S = 40.0

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip


class Browser:
    """A context. folder: for its profile."""

    def __init__(self, folder: Path, width: int = 1000, height: int = 1400) -> None:
        if PROGRAM is None:
            pytest.skip("no Chromium: apt-get install chromium")
        one, self._out = os.pipe()
        self._in, other = os.pipe()
        fds = theirs_in, theirs_out = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (one, other)]  # neither 3 nor 4
        size = f"--window-size={width},{height}"
        command = [PROGRAM, *QUIET, f"--user-data-dir={folder / 'profile'}", size, "about:blank"]
        shell = ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", *command]  # it wants 3 and 4
        nothing = subprocess.DEVNULL
        self._process = subprocess.Popen(shell, pass_fds=fds, stdout=nothing, stderr=nothing, start_new_session=True)
        for end in (one, other, *fds):
            os.close(end)
        self._number, self._session, self._rest = 0, "", b""
        try:
            target = self._call("Target.createTarget", url="about:blank")["targetId"]
            self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        except BaseException:
            self.close()
            raise

    def open(self, url: str) -> None:
        self._call("Page.navigate", url=url)

    def says(self, script: str) -> Any:
        """The value of an expression in the page; None if it fails."""
        return self._call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def until(self, script: str) -> Any:
        """Its value as soon as that is true."""
        begun = time.monotonic()
        while not (value := self.says(script)):
            assert time.monotonic() - begun < GIVE_UP_S, f"never true: {script}"
            time.sleep(0.02)
        return value

    def dark(self, on: bool) -> None:
        features = [{"name": "prefers-color-scheme", "value": "dark" if on else "light"}]
        self._call("Emulation.setEmulatedMedia", features=features)

    def picture(self) -> bytes:
        """The page as PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot")["data"])

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)  # it is many
        self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, method: str, **params: object) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            some = os.read(self._in, 1 << 16)
            assert some, "the browser has ended"
            self._rest += some
        text, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message
