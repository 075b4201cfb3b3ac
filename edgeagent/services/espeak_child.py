"""The process in which espeak-ng lives: requests on stdin, sound and word marks on stdout.

espeak-ng is GPL-3, so it is loaded here and nowhere else; it holds no state we need and may be killed at any time. Run
as a script with `python -I -S`: only the standard library, no site-packages, so it starts fast and stays small.

Frames both ways: kind (1 byte), request (uint32), length (uint32), payload; little endian. One request at a time: SAY
is answered by RATE, then SOUND and MARK in the order of the sound, then DONE or FAILED. CANCEL of the running request
makes its DONE come at once; of any other it is ignored. The end of stdin ends the process.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
import sys
from typing import Any

HEADER = struct.Struct("<cII")
SAY, CANCEL = b"S", b"C"
RATE, SOUND, MARK, DONE, FAILED = b"R", b"P", b"M", b"D", b"F"
LAST = (DONE, FAILED)
"""Nothing of a request follows one of these."""

NOBODY = 0
"""The request of a FAILED that concerns them all: there is no library."""

REQUEST = struct.Struct("<H")
"""SAY: words per minute, then voice, a zero byte, and the text, both UTF-8."""

PLACE = struct.Struct("<II")
"""MARK: sample of the utterance at the voice's own rate, character of the text from 0. RATE: one uint32, Hz."""

BLOCK_MS = 60
"""Sound per callback: what a cancel may have to wait for is the making of one (0.2 ms)."""

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


def write(kind: bytes, request: int, payload: bytes = b"") -> None:
    """One frame to stdout, however often the pipe is full."""
    rest = HEADER.pack(kind, request, len(payload)) + payload
    while rest:
        rest = rest[os.write(1, rest) :]


def read(count: int) -> bytes:
    """Exactly `count` bytes from stdin."""
    data = b""
    while len(data) < count:
        more = os.read(0, count - len(data))
        if not more:
            os._exit(0)  # nobody is there any more; also from inside the library's callback
        data += more
    return data


def receive() -> tuple[bytes, int, bytes]:
    """The next frame from stdin."""
    kind, request, length = HEADER.unpack(read(HEADER.size))
    return kind, request, read(length)


class Voice:
    """The library, opened. Raises OSError when it is not there or its data do not fit."""

    def __init__(self, library: str, data: str) -> None:
        self._library: Any = ctypes.CDLL(library)
        self._rate = self._library.espeak_Initialize(SYNCHRONOUS, BLOCK_MS, data.encode() or None, DONT_EXIT)
        if self._rate <= 0:
            raise OSError(f"no espeak-ng data in '{data or 'the system'}'")
        self._callback = Callback(self._made)  # kept: the library holds only the bare pointer
        self._library.espeak_SetSynthCallback(self._callback)
        self._request = 0
        self._place = 0, 0
        self._waiting: list[tuple[bytes, int, bytes]] = []
        """Frames that came while one was spoken."""

    def serve(self) -> None:
        """Requests, one after the other, for ever."""
        while True:
            kind, request, payload = self._waiting.pop(0) if self._waiting else receive()
            if kind == SAY:
                (words_per_minute,) = REQUEST.unpack_from(payload)
                voice, _, text = payload[REQUEST.size :].partition(b"\0")
                self._say(request, words_per_minute, voice, text)

    def _say(self, request: int, words_per_minute: int, voice: bytes, text: bytes) -> None:
        """Speaks, writing frames from the callback; returns when done or cancelled."""
        if self._library.espeak_SetVoiceByName(ctypes.c_char_p(voice)):
            name = voice.decode(errors="replace")
            write(FAILED, request, f"espeak-ng has no voice '{name}'\n'espeak-ng --voices' lists them".encode())
            return
        self._library.espeak_SetParameter(WORDS_PER_MINUTE, words_per_minute, 0)
        self._request = request
        self._place = 0, 0
        write(RATE, request, struct.pack("<I", self._rate))
        size = ctypes.c_size_t(len(text) + 1)
        error = self._library.espeak_Synth(ctypes.c_char_p(text), size, 0, CHARACTERS, 0, UTF8, None, None)
        if error:
            write(FAILED, request, f"espeak-ng cannot speak this (error {error})".encode())
        else:
            write(DONE, request)

    def _made(self, sound: int | None, count: int, events: Any) -> int:
        """The library's callback: 1 stops the synthesis, 0 goes on."""
        while select.select([0], [], [], 0)[0]:
            frame = receive()
            if frame[:2] == (CANCEL, self._request):
                return 1
            self._waiting.append(frame)
        index = 0
        while events[index].type != END_OF_LIST:
            if events[index].type == WORD:
                self._mark(events[index].sample, events[index].text_position - 1)
            index += 1
        if sound and count:
            write(SOUND, self._request, ctypes.string_at(sound, count * 2))
        return 0

    def _mark(self, sample: int, character: int) -> None:
        """Numbers step back in the text sometimes; the maximum is right."""
        self._place = max(self._place[0], sample), max(self._place[1], character)
        write(MARK, self._request, PLACE.pack(*self._place))


def main() -> None:
    """argv: the library, its data folder ("" for the one it was built with)."""
    try:
        voice = Voice(*sys.argv[1:3])
    except OSError as error:
        write(FAILED, NOBODY, f"espeak-ng cannot be loaded: {error}\npip install '.[speech]' in the checkout".encode())
        return
    voice.serve()


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more
