"""The lamp of a device without one: a line per change."""

from __future__ import annotations

import sys
from typing import TextIO

from edgeagent.devices.animator import Animator
from edgeagent.turn.outputs import Light


class TerminalLamp:
    """See `ports.Lamp`. Written by a thread of its own, so a terminal that is held (Ctrl-S) holds nobody else."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._last: Light | None = None
        self._animator = Animator(self._write)

    def show(self, light: Light) -> None:
        self._animator.show(light)

    def close(self) -> None:
        self._animator.close()

    def _write(self, light: Light, level: float) -> None:  # noqa: ARG002  a line does not blink
        if light != self._last:
            self._last = light
            print(f"lamp: {light.value.replace('_', ' ')}", file=self._stream, flush=True)
