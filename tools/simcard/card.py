"""The Python side of the simulated card: makes it, turns its knobs, reads its DAC, feeds its microphone.

The file is laid out as in pcm_simcard.c. Any number of processes may look at one card; frame 0 is one moment for all of
them, because CLOCK_MONOTONIC is.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.simcard.build import build

RING = 1 << 21
"""Frames the card remembers: 131 s at 16 kHz."""

HEADER_BYTES = 4096
SIZE = HEADER_BYTES + 2 * 2 * RING

DEVICES = {
    "simcard": ("", "Simulated card"),
    "simcard_microphone": ("only capture", "Simulated microphone"),
    "simcard_speaker": ("only playback", "Simulated loudspeaker"),
    "!default": ("", "Default device"),
}
"""ALSA name: direction, description. PortAudio 19.6 aborts when there is one PCM and no `default`."""


class State(ctypes.Structure):
    """Knobs and counters, live: assignments act at once. `struct header` in pcm_simcard.c says what each is for."""

    _fields_ = (
        ("epoch_ns", ctypes.c_uint64),
        ("dac_end", ctypes.c_uint64),
        ("near_end", ctypes.c_uint64),
        ("rate", ctypes.c_uint32),
        ("channels_min", ctypes.c_uint32),
        ("channels_max", ctypes.c_uint32),
        ("wide", ctypes.c_uint32),
        ("microphone_ppm", ctypes.c_int32),
        ("echo_delay", ctypes.c_int32),
        ("echo_gain_q15", ctypes.c_int32),
        ("fifo", ctypes.c_int32),
        ("refusal", ctypes.c_int32),
        ("unplugged", ctypes.c_int32),
        ("stalled", ctypes.c_int32),
        ("hanging", ctypes.c_int32),
        ("exclusive", ctypes.c_int32),
        ("output_starts", ctypes.c_uint32),
        ("output_drops", ctypes.c_uint32),
        ("output_underruns", ctypes.c_uint32),
        ("input_starts", ctypes.c_uint32),
        ("input_drops", ctypes.c_uint32),
        ("input_overruns", ctypes.c_uint32),
    )


class SimCard:
    """One card in `folder`: its file and the ALSA configuration that names it.

    Devices: `simcard` and `default` (both ways), `simcard_microphone` and `simcard_speaker` (one way each; with
    `state.microphone_ppm` two clocks). Set the clocks before anything opens the card; the other knobs at any time.
    exclusive: each direction for one opener at a time, as with `hw:` and no sound server.
    Raises BuildError where the plugin cannot be built.
    """

    def __init__(
        self, folder: Path, rate: int = 16000, channels: tuple[int, int] = (1, 2), exclusive: bool = True
    ) -> None:
        self._file = folder / "card"
        self._file.touch()
        os.truncate(self._file, SIZE)
        self.config = folder / "asound.conf"
        lines = [f'pcm_type.simcard {{ lib "{build()}" }}']
        for name, (only, text) in DEVICES.items():
            hint = f'hint {{ show on description "{text}" }}'
            lines.append(f'pcm.{name} {{ type simcard file "{self._file}" {only} {hint} }}')
        self.config.write_text("\n".join([*lines, ""]))
        self._map()
        self.state.rate = rate
        self.state.channels_min, self.state.channels_max = channels
        self.state.exclusive = int(exclusive)
        self.state.epoch_ns = time.monotonic_ns()

    @classmethod
    def attach(cls, config: str) -> SimCard:
        """The card whose configuration this process runs with: `SimCard.attach(os.environ["ALSA_CONFIG_PATH"])`."""
        card = cls.__new__(cls)
        card.config = Path(config)
        card._file = card.config.with_name("card")
        card._map()
        return card

    def _map(self) -> None:
        with self._file.open("r+b") as file:
            memory = mmap.mmap(file.fileno(), SIZE)
        self.state = State.from_buffer(memory)
        self._dac = np.frombuffer(memory, np.int16, RING, HEADER_BYTES)
        self._near = np.frombuffer(memory, np.int16, RING, HEADER_BYTES + 2 * RING)

    def env(self) -> Mapping[str, str]:
        """The environment in which a child process finds this card and no other."""
        return {**os.environ, "ALSA_CONFIG_PATH": str(self.config)}

    def frame(self, monotonic_ns: int | None = None) -> int:
        """The card's frame now, or at a moment of time.monotonic_ns()."""
        when = time.monotonic_ns() if monotonic_ns is None else monotonic_ns
        return int((when - self.state.epoch_ns) * self.state.rate // 10**9)

    def played(self, start: int, stop: int) -> NDArray[np.int16]:
        """(stop - start,) int16: what the loudspeaker gives in card frames [start, stop), silence where nothing was
        queued. Frames not yet reached may still be called back by a drop."""
        if not self.frame() - RING <= start <= stop:
            raise ValueError(f"frames {start} to {stop} are no longer, or never were, in the record")
        sound = self._dac[np.arange(start, stop) % RING]
        sound[max(0, self.state.dac_end - start) :] = 0
        return sound

    def feed(self, sound: NDArray[np.int16], at: int | None = None) -> int:
        """Lets the microphone hear `sound` from its frame `at` on (default: in 100 ms). Returns that frame. Earlier
        feeds that reach beyond it are overwritten, and what lies between two feeds is silence."""
        start = self.frame() + self.state.rate // 10 if at is None else at
        end = self.state.near_end
        if end < start:
            self._near[np.arange(max(end, start - RING), start) % RING] = 0
        self._near[np.arange(start, start + len(sound)) % RING] = sound
        self.state.near_end = start + len(sound)
        return start
