"""The lamp of a device without one: a line per change."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from edgeagent.devices.animator import Animator
from edgeagent.devices.lights import Glow
from edgeagent.turn.outputs import Light


class TerminalLamp:
    """See `ports.Lamp`. Written by a thread of its own, so a terminal that is held (Ctrl-S) holds nobody else; and not
    by sys.stderr, whose lock the thread would have then, while the interpreter's end waits for it. What is stderr at
    first remains ours: it is put aside now and then (`portaudio.quiet`)."""

    def __init__(self, write: Callable[[bytes], object] | None = None) -> None:
        """write: instead of to stderr."""
        self._out = write or partial(os.write, own_stderr())
        self._last = ""
        self._animator = Animator(self._write)

    def show(self, light: Light, impaired: bool = False) -> None:
        self._animator.show(light, impaired)

    def close(self) -> None:
        self._animator.close()

    def _write(self, glow: Glow) -> None:
        line = f"lamp: {glow.light.value.replace('_', ' ')}{', impaired' if glow.impaired else ''}"
        if line != self._last:  # a line does not blink
            self._last = line
            self._out(f"{line}\n".encode())


def own_stderr() -> int:
    """A descriptor of what is stderr now, whatever becomes of that."""
    try:
        return os.dup(2)
    except OSError:  # it is closed
        return os.open(os.devnull, os.O_WRONLY)
