"""Cancellers of others behind the same door: WebRTC AEC3, and Speex's MDF with its residual suppressor.

As their users use them: defaults, without gain control; noise suppression only where it cannot be had without, which
is Speex. They come with the extra [peers] or with the system; whoever lacks one is told so and gets the others.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeagent.errors import EdgeAgentError, install
from edgeagent.ports import Sound
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.sim.echo_bench.run import Maker
from edgeagent.units import CARD_BLOCK, HOP, RATE

TAIL = 4096
"""Samples (256 ms) of echo that Speex models. It does not look for the delay: all of it must fit."""

SET_SAMPLING_RATE, SET_ECHO_STATE = 24, 24
"""Requests of speex_echo_ctl and speex_preprocess_ctl (speex_echo.h, speex_preprocess.h)."""


NOTHING = "no canceller"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What they give: see `run.Output`."""

    clean: Sound
    linear: Sound | None = None


class Aec3:
    """WebRTC's AEC3, out of LiveKit's client library. It takes blocks of 10 ms and ends the process on any other."""

    delay = CARD_BLOCK + 128
    """A card block for the change of block length, and two of its own blocks."""

    def __init__(self) -> None:
        """Raises ImportError."""
        from livekit import rtc

        self._frame: Any = rtc.AudioFrame
        self._module: Any = rtc.AudioProcessingModule(echo_cancellation=True)
        self._waiting = np.zeros((2, 0), np.float32)
        self._ready = np.zeros(CARD_BLOCK, np.float32)

    def process(self, reference: Sound, microphone: Sound) -> Cleaned:
        """One block of each, (HOP,) float32."""
        self._waiting = np.concatenate((self._waiting, (reference, microphone)), axis=1)
        while self._waiting.shape[1] >= CARD_BLOCK:
            far, near = (
                self._frame(to_int16(sound).tobytes(), RATE, 1, CARD_BLOCK) for sound in self._waiting[:, :CARD_BLOCK]
            )
            self._waiting = self._waiting[:, CARD_BLOCK:]
            self._module.process_reverse_stream(far)
            self._module.process_stream(near)
            self._ready = np.concatenate((self._ready, to_float(np.frombuffer(bytes(near.data), np.int16))))
        clean, self._ready = self._ready[:HOP], self._ready[HOP:]
        return Cleaned(clean)


class Speex:
    """The multidelay block filter (MDF) of libspeexdsp, and its preprocessor for the residual echo."""

    delay = HOP

    def __init__(self) -> None:
        """Raises OSError without the library."""
        found = ctypes.util.find_library("speexdsp")
        if found is None:
            raise OSError("libspeexdsp is not there")
        self._library = _declared(ctypes.CDLL(found))
        rate = ctypes.byref(ctypes.c_int(RATE))
        self._echo = self._library.speex_echo_state_init(HOP, TAIL)
        self._preprocessor = self._library.speex_preprocess_state_init(HOP, RATE)
        self._library.speex_echo_ctl(self._echo, SET_SAMPLING_RATE, rate)
        self._library.speex_preprocess_ctl(self._preprocessor, SET_ECHO_STATE, self._echo)
        self._before = np.zeros(HOP, np.float32)

    def process(self, reference: Sound, microphone: Sound) -> Cleaned:
        """One block of each, (HOP,) float32."""
        far, near = to_int16(reference), to_int16(microphone)
        out = np.empty(HOP, np.int16)
        self._library.speex_echo_cancellation(self._echo, near.ctypes.data, far.ctypes.data, out.ctypes.data)
        linear, self._before = self._before, to_float(out)
        self._library.speex_preprocess_run(self._preprocessor, out.ctypes.data)
        return Cleaned(to_float(out), linear)

    def __del__(self) -> None:
        if hasattr(self, "_preprocessor"):
            self._library.speex_preprocess_state_destroy(self._preprocessor)
            self._library.speex_echo_state_destroy(self._echo)


class Nothing:
    """No canceller: what all others are measured against."""

    delay = 0

    def process(self, reference: Sound, microphone: Sound) -> Cleaned:  # noqa: ARG002 (it cancels nothing)
        """One block of each, (HOP,) float32."""
        return Cleaned(microphone)


def peers() -> tuple[dict[str, Maker], list[str]]:
    """Those that are here and no canceller, by name, and a line for each that is not here."""
    found: dict[str, Maker] = {}
    absent = []
    makers: tuple[tuple[str, Maker, str], ...] = (
        ("WebRTC AEC3", Aec3, install("peers")),
        ("Speex MDF", Speex, "sudo apt install libspeexdsp1"),
    )
    for name, maker, remedy in makers:
        try:
            maker()
            found[name] = maker
        except (ImportError, OSError, EdgeAgentError):
            absent.append(f"{name} is not installed; {remedy}")
    return {**found, NOTHING: Nothing}, absent


def _declared(library: Any) -> Any:
    """With the types of what is called: pointers are wider than C's int."""
    pointer = ctypes.c_void_p
    library.speex_echo_state_init.restype = library.speex_preprocess_state_init.restype = pointer
    library.speex_echo_state_init.argtypes = library.speex_preprocess_state_init.argtypes = [ctypes.c_int, ctypes.c_int]
    library.speex_echo_ctl.argtypes = library.speex_preprocess_ctl.argtypes = [pointer, ctypes.c_int, pointer]
    library.speex_echo_cancellation.argtypes = [pointer] * 4
    library.speex_preprocess_run.argtypes = [pointer] * 2
    library.speex_echo_state_destroy.argtypes = library.speex_preprocess_state_destroy.argtypes = [pointer]
    return library
