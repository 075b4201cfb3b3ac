"""How a process with a voice library is spoken to: requests on its stdin, sound and word marks on its stdout.

Frames both ways: kind (1 byte), request (uint32), length (uint32), payload; little endian. One request at a time: SAY
is answered by RATE, then SOUND and MARK in the order of the sound, then DONE or FAILED. CANCEL of the running request
makes its DONE come at once; of any other it is ignored. The end of stdin ends the process.

Only the standard library: the child runs as `python -I -S`, so that it starts fast and stays small.
"""

from __future__ import annotations

import os
import select
import struct
from typing import NamedTuple

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

LONGEST = 1 << 20
"""Bytes of an answer at most: twenty seconds of sound; what is longer is none."""

BLOCK_MS = 60
"""Sound per piece: what a cancel may have to wait for is the making of one."""


class Say(NamedTuple):
    """One request."""

    request: int
    words_per_minute: int
    voice: bytes
    text: bytes


def write(kind: bytes, request: int, payload: bytes = b"") -> None:
    """One frame to stdout, however often the pipe is full."""
    rest = HEADER.pack(kind, request, len(payload)) + payload
    try:
        while rest:
            rest = rest[os.write(1, rest) :]
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more


def failed(request: int, problem: str, remedy: str = "") -> None:
    """Says what is wrong, and how a person mends it."""
    write(FAILED, request, f"{problem}\n{remedy}".rstrip("\n").encode(errors="replace"))


def _read(count: int) -> bytes:
    """Exactly `count` bytes from stdin."""
    data = b""
    while len(data) < count:
        more = os.read(0, count - len(data))
        if not more:
            os._exit(0)  # nobody is there any more; also from inside a library's callback
        data += more
    return data


def _receive() -> tuple[bytes, int, bytes]:
    """The next frame from stdin."""
    kind, request, length = HEADER.unpack(_read(HEADER.size))
    return kind, request, _read(length)


class Requests:
    """What is to be said, one after the other, for ever."""

    def __init__(self) -> None:
        self._waiting: list[tuple[bytes, int, bytes]] = []
        """Frames that came while one was spoken."""

    def next(self) -> Say:
        """Waits for one."""
        while True:
            kind, request, payload = self._waiting.pop(0) if self._waiting else _receive()
            if kind == SAY:
                (words_per_minute,) = REQUEST.unpack_from(payload)
                voice, _, text = payload[REQUEST.size :].partition(b"\0")
                return Say(request, words_per_minute, voice, text)

    def cancelled(self, request: int) -> bool:
        """Whether it is called off. Never waits."""
        while select.select([0], [], [], 0)[0]:
            frame = _receive()
            if frame[:2] == (CANCEL, request):
                return True
            self._waiting.append(frame)
        return False
