"""How a process with a recogniser is spoken to: sound on its stdin, what it has understood of it on its stdout.

Frames both ways: kind (1 byte), stretch (uint32), length (uint32), payload; little endian. READY or FAILED comes first.
BEGIN starts a stretch and forgets the one before; each SOUND (int16, 16 kHz) and the END of it are answered by one
TEXT. The end of stdin ends the process.
"""

from __future__ import annotations

import contextlib
import os
import struct
import time
from typing import Protocol

HEADER = struct.Struct("<cII")
BEGIN, SOUND, END = b"B", b"S", b"E"
READY, TEXT, FAILED = b"Y", b"T", b"F"

BUSY = struct.Struct("<f")
"""TEXT: seconds of computing that it took, then the text in UTF-8."""

LONGEST = 65_536
"""Bytes of an answer at most, more than a person says in ten minutes; what is longer is none."""

LOW = 5
"""Niceness: whatever makes sound goes first."""


class Ears(Protocol):
    """A recogniser, loaded."""

    def begin(self) -> None:
        """A new stretch, which remembers nothing of the one before."""

    def hear(self, sound: bytes) -> str:
        """More of it, int16; all that is understood so far."""

    def end(self) -> str:
        """That was all."""


def write(kind: bytes, stretch: int, payload: bytes = b"") -> None:
    """One frame to stdout, however often the pipe is full."""
    rest = HEADER.pack(kind, stretch, len(payload)) + payload
    try:
        while rest:
            rest = rest[os.write(1, rest) :]
    except BrokenPipeError:
        os._exit(0)  # nobody listens any more


def failed(problem: str, remedy: str) -> None:
    """Says why there is no recogniser, and how a person mends it."""
    write(FAILED, 0, f"{' '.join(problem.split())}\n{remedy}".encode(errors="replace"))


def behind_the_sound() -> None:
    """Makes way for whatever makes sound."""
    with contextlib.suppress(OSError):
        os.nice(LOW)


def serve(ears: Ears) -> None:
    """Frames, one after the other, for ever."""
    write(READY, 0)
    while True:
        kind, stretch, length = HEADER.unpack(_read(HEADER.size))
        payload = _read(length)
        begun = time.process_time()
        if kind == BEGIN:
            ears.begin()
        elif kind in (SOUND, END):
            text = ears.hear(payload) if kind == SOUND else ears.end()
            write(TEXT, stretch, BUSY.pack(time.process_time() - begun) + text.encode(errors="replace"))


def _read(count: int) -> bytes:
    """Exactly `count` bytes from stdin."""
    data = b""
    while len(data) < count:
        more = os.read(0, count - len(data))
        if not more:
            os._exit(0)  # nobody is there any more
        data += more
    return data
