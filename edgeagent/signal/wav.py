"""Sound files: any WAV in (and FLAC or OGG with soundfile), 16 bit mono 16 kHz WAV out.

A reader of its own, because the standard library's `wave` refuses float and WAVE_FORMAT_EXTENSIBLE, and because a file
that was cut short must be an error and a stream that was killed must not. Left out: compressed WAV, RF64, big-endian.
"""

from __future__ import annotations

import errno
import os
import struct
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeagent.errors import SoundFileError, install
from edgeagent.signal import Sound
from edgeagent.signal.convert import to_int16, to_mono
from edgeagent.signal.resample import resample
from edgeagent.units import RATE

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
"""wFormatTag. An extensible format has the tag proper in the first two bytes of its GUID."""

UNKNOWN_LENGTH = 0x7FFF_0000
"""Bytes. Programs that write WAV to a pipe announce 0 or some length from here on (arecord, sox, ffmpeg)."""

RATES = range(4_000, 192_001)
"""Hz. Any other rate in a header is damage."""

DAMAGED = "record or copy it again"

HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")

ANYBODY, OWNER = 0o666, 0o600
"""Modes of a file: for whom the umask lets, and for its owner alone, as voices of people are."""


def read_wav(path: str | Path) -> Sound:
    """The sound file as (n,) float32, one channel, 16 kHz, n > 0; other rates are resampled, channels averaged.

    SoundFileError, with the remedy, if the file is missing, damaged, cut short or empty, or holds NaN.
    """
    frames, rate = load(path)
    return resample(to_mono(frames.reshape(-1), frames.shape[1]), rate, RATE)


def load(path: str | Path) -> tuple[Sound, int]:
    """The sound file as it is: (n, channels) float32, full scale 1.0, n > 0, and its rate in Hz. Errors: `read_wav`."""
    path = Path(path)
    try:
        frames, rate = _read(path)
    except MemoryError:  # also of a FLAC whose damaged header tells of days
        remedy = "cut it into pieces; if it is not long, it is damaged: " + DAMAGED
        raise SoundFileError(f"{path}: longer than the memory of this machine holds", remedy) from None
    if not frames.size:
        raise SoundFileError(f"{path}: holds no sound, only a header", "record it again")
    if bad := int(np.count_nonzero(~np.isfinite(frames))):
        raise SoundFileError(f"{path}: {bad} samples are not numbers (NaN or infinite)", "export it again")
    return frames, rate


def write_wav(path: str | Path, sound: Sound, mode: int = ANYBODY) -> None:
    """Write (n,) float32 as 16 bit mono 16 kHz WAV, whole or not at all, to be read by whom `mode` and the umask let.
    OSError as the system gives it."""
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        writer = WavWriter(part, mode)
        try:
            writer.append(sound)
        finally:
            writer.close()
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


class WavWriter:
    """A 16 bit mono 16 kHz WAV file that grows. Whenever the process dies, the file is valid up to the last `append`.

    One thread at a time. Every OSError (a full disk, 4 GiB or 37 hours reached) goes to the caller; the file then holds
    what was appended before, and `append` may be tried again.
    """

    def __init__(self, path: str | Path, mode: int = ANYBODY) -> None:
        """mode: of a file that is new, less the umask."""
        own = partial(os.open, mode=mode)
        self._file = open(path, "wb", buffering=0, opener=own)  # noqa: SIM115 (closed by `close`)
        self._size = 0
        try:
            self._write_header()
        except OSError:
            self.close()
            raise

    def append(self, sound: Sound) -> None:
        """Append (n,) float32, rounded and saturated, and bring the header up to date."""
        pcm = to_int16(sound).astype("<i2").tobytes()
        if HEADER.size + self._size + len(pcm) > 0xFFFF_FFFF:
            raise OSError(errno.EFBIG, "a WAV file cannot grow beyond 4 GiB")
        self._put(pcm, HEADER.size + self._size)
        self._size += len(pcm)
        self._write_header()

    def close(self) -> None:
        """Idempotent."""
        self._file.close()

    def _write_header(self) -> None:
        riff = HEADER.size - 8 + self._size
        form = (16, PCM, 1, RATE, 2 * RATE, 2, 16)
        self._put(HEADER.pack(b"RIFF", riff, b"WAVE", b"fmt ", *form, b"data", self._size), 0)

    def _put(self, data: bytes, offset: int) -> None:
        while data:  # a nearly full disk takes a part first and refuses the rest
            written = os.pwrite(self._file.fileno(), data, offset)
            data, offset = data[written:], offset + written


def _read(path: Path) -> tuple[Sound, int]:
    """As `load`, of a file that may hold nothing, or what is no sound."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise SoundFileError(f"{path}: no such file", "check the path") from None
    except OSError as error:
        raise SoundFileError(f"{path}: {error.strerror}", "give a sound file that can be read") from None
    if data[:4] in (b"fLaC", b"OggS"):
        return _load_with_soundfile(path)
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return _decode(path, data)
    if data:
        raise SoundFileError(f"{path}: this is no WAV file", "convert it: sox INPUT OUTPUT.wav")
    raise SoundFileError(f"{path}: the file is empty", DAMAGED)


def _load_with_soundfile(path: Path) -> tuple[Sound, int]:
    try:
        import soundfile
    except (ImportError, OSError):  # OSError: it is there and libsndfile is not
        remedy = f"{install('sim')}, or convert it to WAV"
        raise SoundFileError(f"{path}: FLAC and OGG need the soundfile package", remedy) from None
    try:
        frames, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        raise SoundFileError(f"{path}: damaged or cut short", DAMAGED) from None
    return frames, int(rate)


def _decode(path: Path, data: bytes) -> tuple[Sound, int]:
    form, start, length = _layout(data)
    if len(form) < 16 or length < 0:
        raise SoundFileError(f"{path}: cut short before any sound", DAMAGED)
    tag, channels, rate, _, step, _ = struct.unpack_from("<HHIIHH", form)
    if tag == EXTENSIBLE and len(form) >= 26:
        (tag,) = struct.unpack_from("<H", form, 24)
    if not channels or not step or step % channels or rate not in RATES:
        raise SoundFileError(f"{path}: damaged, {channels} channels in {step} bytes at {rate} Hz", DAMAGED)
    if (there := len(data) - start) < length:
        there_s, length_s = there / step / rate, length / step / rate
        raise SoundFileError(f"{path}: cut short, {there_s:.2f} s of {length_s:.2f} s are there", DAMAGED)
    samples = _samples(data[start : start + length - length % step], tag, step // channels)
    if samples is None:
        problem = f"{path}: format {tag} with {8 * step // channels} bits a sample is not supported"
        raise SoundFileError(problem, "convert it: sox INPUT -b 16 -e signed-integer OUTPUT.wav")
    return samples.reshape(-1, channels), rate


def _layout(data: bytes) -> tuple[bytes, int, int]:
    """The `fmt ` chunk (empty without one), where the sound starts, and its length in bytes (-1 without sound)."""
    form, at = b"", 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"data":
            closed = struct.unpack_from("<I", data, 4)[0] + 8 == len(data)
            killed = length >= UNKNOWN_LENGTH or (length == 0 and not closed)
            return form, at, len(data) - at if killed else length
        if name == b"fmt ":
            form = data[at : at + length]
        at += length + length % 2
    return form, at, -1


def _samples(raw: bytes, tag: int, width: int) -> NDArray[np.float32] | None:
    """Little-endian samples of `width` bytes to float32, full scale 1.0; None for what we cannot read."""
    if tag == PCM and width == 3:
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        raw, width = wide.tobytes(), 4
    if tag == PCM and width == 1:
        return (np.frombuffer(raw, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)
    if tag == PCM and width in (2, 4):
        return np.frombuffer(raw, f"<i{width}").astype(np.float32) / np.float32(2 ** (8 * width - 1))
    if tag == FLOAT and width in (4, 8):
        with np.errstate(over="ignore"):  # 1e300 becomes infinite, and is refused as such
            return np.array(np.frombuffer(raw, f"<f{width}"), np.float32)
    return None
