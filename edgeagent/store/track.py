"""One direction of a recorded session: a WAV of 32-bit floats, mono, 16 kHz.

Floats and not 16 bit, because a replay must be exact to the bit: a card at 44.1 kHz reaches the engine through a
resampler, the loudspeaker's reference through gain ramps, so neither lies on the 16-bit grid. Rounding live what the
engine hears would change the sound for the recording's sake. It costs 64 kB/s a direction instead of 32.

The header is brought up to date with every append, so players can read a file that a kill left behind.
"""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path

import numpy as np

from edgeagent.errors import SessionError
from edgeagent.ports import Sound
from edgeagent.store.disk import opened, write_all
from edgeagent.units import RATE

HEADER = struct.Struct("<4sI4s 4sIHHIIHH 4sII 4sI")
"""RIFF, `fmt ` with format 3 (IEEE float), the `fact` chunk it requires, `data`: 56 bytes keep samples aligned."""

SAMPLE_BYTES = 4

LONGEST = (2**32 - 1 - HEADER.size) // SAMPLE_BYTES
"""Samples that a WAV's 32-bit sizes can count: 18.6 hours."""


def header(samples: int) -> bytes:
    """The 56 bytes before `samples` samples."""
    size = samples * SAMPLE_BYTES
    riff = (b"RIFF", HEADER.size - 8 + size, b"WAVE")
    fmt = (b"fmt ", 16, 3, 1, RATE, RATE * SAMPLE_BYTES, SAMPLE_BYTES, 8 * SAMPLE_BYTES)
    return HEADER.pack(*riff, *fmt, b"fact", 4, samples, b"data", size)


class Track:
    """A WAV that grows. Every method may raise OSError. One thread."""

    def __init__(self, path: Path) -> None:
        self._file = opened(path, "w")
        self._samples = 0
        write_all(self._file, header(0))

    def append(self, data: bytes) -> None:
        """Add little-endian float32 samples."""
        if self._samples + len(data) // SAMPLE_BYTES > LONGEST:
            raise OSError(errno.EFBIG, "the sound fills a whole WAV (18 hours)")
        write_all(self._file, data)
        self._samples += len(data) // SAMPLE_BYTES
        os.pwrite(self._file.fileno(), header(self._samples), 0)

    def close(self) -> None:
        self._file.close()


def read_track(path: Path) -> Sound:
    """The samples of a track, mapped from the file (a session may be hours long), read-only. Raises SessionError.

    The length is the file's: after a kill the header may be one append behind."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(HEADER.size)
    except OSError as error:
        raise SessionError(f"{path}: {error.strerror}", "name a folder that `run --record` wrote") from error
    count = (size - HEADER.size) // SAMPLE_BYTES
    if count <= 0:
        raise SessionError(f"{path}: holds no sound", "record the session again")
    if _form(start) != _form(header(0)):
        raise SessionError(f"{path}: is not mono 16 kHz float as a recording writes it", "restore the original file")
    return np.memmap(path, dtype="<f4", mode="r", offset=HEADER.size, shape=(count,))


def _form(data: bytes) -> tuple[object, ...]:
    """The header's fields without the lengths."""
    fields = HEADER.unpack(data)
    return (fields[0], *fields[2:13], fields[14])
