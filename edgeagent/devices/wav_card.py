"""The card over sound files: the microphone hears one, the loudspeaker writes another. For trying without a card.

A thread of its own plays the clock: block after block, the loudspeaker's first, so that what sounds in a block can be
heard in it. The content depends on nothing but the files and the callbacks. After the end of the microphone's file the
callbacks cease, `age` grows and `facts` says `finished`. Output is not buffered: a hard stop leaves nothing unplayed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from edgeagent.errors import DeviceError
from edgeagent.ports import Heard, Pcm, Play
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.signal.wav import WavWriter, read_wav
from edgeagent.units import RATE

AHEAD_S = 0.002
"""So long before it sounds a block is handed over, as with any card: the runtime wants the reference early by that."""

CLOSE_S = 2.0
"""How long the thread may take to notice that it is over: a block, and what the callbacks take."""


class WavCard:
    """See `ports.Card`. `speed`: how much faster than real time; with `inf` only the callbacks set the pace."""

    def __init__(self, microphone: str, loudspeaker: str = "", block_ms: int = 10, speed: float = 1.0) -> None:
        """loudspeaker: "" throws it away. Raises SoundFileError or DeviceError."""
        self.name = microphone
        self.input_rate = self.output_rate = RATE
        self._microphone = to_int16(read_wav(Path(microphone).expanduser()))
        self._writer = _writer(loudspeaker, microphone)
        self._block = RATE * block_ms // 1000
        self._speed = speed
        self._silent = False
        self._last = time.monotonic()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._counts = {"aborts": 0, "restarts": 0, "unwritten": 0, "finished": 0}

    def open(self, heard: Heard, play: Play) -> None:
        """See `ports.Card`. The last block is filled up with silence."""
        self._thread = threading.Thread(target=self._run, args=(heard, play), name="wav-card", daemon=True)
        self._thread.start()

    def _run(self, heard: Heard, play: Play) -> None:
        began = time.monotonic()
        out = np.zeros(self._block, np.int16)
        for start in range(0, self._microphone.size, self._block):
            self._last = time.monotonic()
            when = began + start / RATE
            if self._silent:
                out[:] = 0
            else:
                play(out, when + AHEAD_S)
            self._write(out)
            if self._over.wait(max(0.0, began + (start + self._block) / RATE / self._speed - time.monotonic())):
                return
            pcm = self._microphone[start : start + self._block]
            heard(np.concatenate((pcm, np.zeros(self._block - pcm.size, np.int16))), 0, when)
        self._counts["finished"] = 1

    def _write(self, out: Pcm) -> None:
        """A full disk costs the file, not the conversation."""
        if self._writer is not None:
            try:
                self._writer.append(to_float(out))
            except OSError:
                self._counts["unwritten"] += out.size

    def abort(self) -> int:
        """See `ports.Card`. From the next block on."""
        self._counts["aborts"] += not self._silent
        self._silent = True
        return 0

    def restart(self) -> None:
        """See `ports.Card`."""
        self._counts["restarts"] += self._silent
        self._silent = False

    def age(self) -> float:
        """See `ports.Card`."""
        return time.monotonic() - self._last

    def facts(self) -> Mapping[str, int | float | str]:
        """See `ports.Card`. finished: 1 after the last block. unwritten: samples a full disk refused."""
        return dict(self._counts)

    def close(self) -> None:
        """See `ports.Card`."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(CLOSE_S)
        if self._writer is not None:
            self._writer.close()


def _writer(path: str, microphone: str) -> WavWriter | None:
    if not path:
        return None
    file = Path(path).expanduser()
    if file.resolve() == Path(microphone).expanduser().resolve():
        raise DeviceError(f"{path}: the microphone's file would be overwritten", "choose another one to write")
    try:
        return WavWriter(file)
    except OSError as error:
        raise DeviceError(f"{path}: {error.strerror}", "choose another file for the loudspeaker") from error
