"""The process in which espeak-ng lives; `voice_wire` is how it is spoken to.

espeak-ng is GPL-3, so it is loaded here and nowhere else; it holds no state we need and may be killed at any time.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from typing import Any

from edgeagent.services import voice_wire as wire

SYNCHRONOUS = 2
DONT_EXIT = 0x8000
CHARACTERS = 1
UTF8 = 1
WORDS_PER_MINUTE = 1
WORD = 1
END_OF_LIST = 0


class Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event))


class Voice:
    """The library, opened. Raises OSError when it is not there or its data do not fit."""

    def __init__(self, library: str, data: str) -> None:
        self._library: Any = ctypes.CDLL(library)
        self._rate = self._library.espeak_Initialize(SYNCHRONOUS, wire.BLOCK_MS, data.encode() or None, DONT_EXIT)
        if self._rate <= 0:
            raise OSError(f"no espeak-ng data in '{data or 'the system'}'")
        self._callback = Callback(self._made)  # kept: the library holds only the bare pointer
        self._library.espeak_SetSynthCallback(self._callback)
        self._requests = wire.Requests()
        self._request = 0
        self._place = 0, 0

    def serve(self) -> None:
        """Requests, one after the other, for ever."""
        while True:
            self._say(*self._requests.next())

    def _say(self, request: int, words_per_minute: int, voice: bytes, text: bytes) -> None:
        """Speaks, writing frames from the callback; returns when done or cancelled."""
        if self._library.espeak_SetVoiceByName(ctypes.c_char_p(voice)):
            name = voice.decode(errors="replace")
            wire.failed(request, f"espeak-ng has no voice '{name}'", "'espeak-ng --voices' lists them")
            return
        self._library.espeak_SetParameter(WORDS_PER_MINUTE, words_per_minute, 0)
        self._request = request
        self._place = 0, 0
        wire.write(wire.RATE, request, struct.pack("<I", self._rate))
        size = ctypes.c_size_t(len(text) + 1)
        error = self._library.espeak_Synth(ctypes.c_char_p(text), size, 0, CHARACTERS, 0, UTF8, None, None)
        if error:
            wire.failed(request, f"espeak-ng cannot speak this (error {error})")
        else:
            wire.write(wire.DONE, request)

    def _made(self, sound: int | None, count: int, events: Any) -> int:
        """The library's callback: 1 stops the synthesis, 0 goes on."""
        if self._requests.cancelled(self._request):
            return 1
        index = 0
        while events[index].type != END_OF_LIST:
            if events[index].type == WORD:
                self._mark(events[index].sample, events[index].text_position - 1)
            index += 1
        if sound and count:
            wire.write(wire.SOUND, self._request, ctypes.string_at(sound, count * 2))
        return 0

    def _mark(self, sample: int, character: int) -> None:
        """Numbers step back in the text sometimes; the maximum is right."""
        self._place = max(self._place[0], sample), max(self._place[1], character)
        wire.write(wire.MARK, self._request, wire.PLACE.pack(*self._place))


def main() -> None:
    """argv: the library, its data folder ("" for the one it was built with)."""
    try:
        voice = Voice(*sys.argv[1:3])
    except OSError as error:
        remedy = f"{sys.executable} -m pip install '.[speech]' in the checkout"
        wire.failed(wire.NOBODY, f"espeak-ng cannot be loaded: {error}", remedy)
        return
    voice.serve()
