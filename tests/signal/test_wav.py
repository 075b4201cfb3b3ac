"""Sound files: every kind we may be handed, every way they may be broken."""

from __future__ import annotations

import errno
import os
import struct
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from edgeagent.errors import SoundFileError
from edgeagent.signal import Sound
from edgeagent.signal.wav import WavWriter, load, read_wav, write_wav

SINE: Sound = (0.5 * np.sin(2 * np.pi * 440 / 16_000 * np.arange(3200))).astype(np.float32)


def wav(
    data: bytes,
    tag: int = 1,
    channels: int = 1,
    rate: int = 16_000,
    width: int = 2,
    length: int | None = None,
    extensible: bool = False,
    riff: int | None = None,
) -> bytes:
    """A WAV file by hand, as broken as wanted."""
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * channels * width, channels * width, 8 * width)
    if extensible:
        guid = struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71")
        form = b"\xfe\xff" + form[2:] + struct.pack("<HHI", 22, 8 * width, 0) + guid
    note = b"LIST\x05\x00\x00\x00odd!!\x00"
    data = struct.pack("<4sI", b"data", len(data) if length is None else length) + data
    body = b"WAVE" + struct.pack("<4sI", b"fmt ", len(form)) + form + note + data
    return struct.pack("<4sI", b"RIFF", len(body) if riff is None else riff) + body


def packed(sound: Sound, kind: str) -> bytes:
    if kind == "u1":
        return bytes((sound * 128 + 128).astype(np.uint8))
    if kind == "i3":
        wide = (sound.astype(np.float64) * 2**31).astype("<i4")
        return bytes(wide.view(np.uint8).reshape(-1, 4)[:, 1:].tobytes())
    if kind.startswith("i"):
        sound = sound.astype(np.float64) * 2 ** (8 * int(kind[1]) - 1)
    return bytes(sound.astype("<" + kind))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sound.wav"


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(
    ("kind", "tag", "tolerance"),
    [("u1", 1, 1 / 128), ("i2", 1, 4e-5), ("i3", 1, 2e-7), ("i4", 1, 1e-7), ("f4", 3, 0), ("f8", 3, 0)],
)
def test_reads_every_sample_format(path: Path, kind: str, tag: int, tolerance: float, extensible: bool) -> None:
    path.write_bytes(wav(packed(SINE, kind), tag, width=int(kind[1]), extensible=extensible))
    out = read_wav(path)
    assert out.dtype == np.float32
    assert out.shape == SINE.shape
    assert np.abs(out - SINE).max() <= tolerance


def test_mixes_stereo_and_keeps_it_in_load(path: Path) -> None:
    stereo = np.stack([SINE, np.zeros_like(SINE)], axis=1)
    path.write_bytes(wav(packed(stereo.reshape(-1), "f4"), 3, channels=2, width=4))
    np.testing.assert_array_equal(read_wav(path), SINE / 2)
    frames, rate = load(str(path))
    np.testing.assert_array_equal(frames, stereo)
    assert rate == 16_000


def test_resamples_in_time(path: Path) -> None:
    cd = (0.5 * np.sin(2 * np.pi * 440 / 44_100 * np.arange(8820))).astype(np.float32)
    path.write_bytes(wav(packed(cd, "i2"), rate=44_100))
    out = read_wav(path)
    assert out.size == SINE.size
    assert np.abs(out - SINE)[200:-200].max() < 1e-3
    assert load(path)[1] == 44_100


@pytest.mark.parametrize("length", [0, 0xFFFF_FFFF, 0x7FFF_F000, 0x8000_0000])
def test_a_killed_stream_gives_what_is_there(path: Path, length: int) -> None:
    path.write_bytes(wav(packed(SINE, "i2") + b"\x01", length=length, riff=length))
    assert read_wav(path).shape == SINE.shape


def test_sound_after_the_data_chunk_is_not_read(path: Path) -> None:
    path.write_bytes(wav(packed(SINE, "i2") + b"LIST\x04\x00\x00\x00note", length=2 * SINE.size))
    assert read_wav(path).shape == SINE.shape


BAD = packed(np.array([0, np.nan, np.inf, 1], np.float32), "f4")
BROKEN = {
    "cut short, 0.10 s of 0.20 s": wav(packed(SINE[:1600], "i2"), length=6400),
    "cut short before any sound": wav(b"")[:50],
    "cut short before any sound ": wav(b"")[:30],
    "the file is empty": b"",
    "no WAV file": b"MThd this is a tune",
    "no WAV file ": b"RIFF\x04\x00\x00\x00AVI ",
    "only a header": wav(b""),
    "only a header ": wav(b"\x01"),
    "only a header  ": wav(b"LIST\x04\x00\x00\x00note", length=0),
    "2 samples are not numbers": wav(BAD, 3, width=4),
    "1 samples are not numbers": wav(np.array([1e300]).tobytes(), 3, width=8),
    "damaged, 0 channels": wav(b"1234", channels=0),
    "damaged, 1 channels in 0 bytes": wav(b"1234", width=0),
    "damaged, 3 channels": wav(b"1234", channels=3)[:32] + b"\x04" + wav(b"1234", channels=3)[33:],
    "at 0 Hz": wav(b"1234", rate=0),
    "at 1000000000 Hz": wav(b"1234", rate=1_000_000_000),
    "format 2 with 8 bits": wav(b"1234", tag=2, width=1),
    "format 1 with 64 bits": wav(b"12345678", width=8),
}


@pytest.mark.parametrize("problem", BROKEN)
def test_says_what_is_wrong_and_what_to_do(path: Path, problem: str) -> None:
    path.write_bytes(BROKEN[problem])
    with pytest.raises(SoundFileError, match=problem.strip()) as caught:
        read_wav(path)
    assert str(path) in caught.value.problem
    assert caught.value.remedy


def test_any_prefix_of_a_file_is_read_or_refused_kindly(path: Path) -> None:
    whole = wav(packed(SINE[:20], "f4"), 3, width=4, extensible=True)
    for n in range(len(whole)):
        path.write_bytes(whole[:n])
        with pytest.raises(SoundFileError):
            read_wav(path)


def test_missing_and_unreadable(tmp_path: Path) -> None:
    with pytest.raises(SoundFileError, match="no such file"):
        read_wav(tmp_path / "none.wav")
    with pytest.raises(SoundFileError, match="directory"):
        read_wav(tmp_path)


def test_flac(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    path = tmp_path / "sound.flac"
    soundfile.write(path, SINE, 16_000)
    assert np.abs(read_wav(path) - SINE).max() < 4e-5
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(SoundFileError, match="damaged or cut short"):
        read_wav(path)


def test_a_flac_that_tells_of_days_is_refused_and_not_made_room_for(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    path = tmp_path / "sound.flac"
    soundfile.write(path, SINE, 16_000)
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F  # of its first block, STREAMINFO: 36 bits with the number of samples
    data[22:26] = b"\xff" * 4
    path.write_bytes(data)
    with pytest.raises(SoundFileError, match="memory of this machine") as refused:
        read_wav(path)
    assert "cut it into pieces" in str(refused.value.remedy)


def test_flac_without_soundfile_names_the_extra(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    path.write_bytes(b"fLaC....")
    with pytest.raises(SoundFileError, match=r"pip install '\.\[sim\]'"):
        read_wav(path)


def test_what_is_written_is_read_back(path: Path) -> None:
    write_wav(path, SINE)
    assert np.abs(read_wav(path) - SINE).max() < 2e-5
    assert [p.name for p in path.parent.iterdir()] == ["sound.wav"]


def test_a_growing_file_is_valid_after_every_append(path: Path) -> None:
    writer = WavWriter(path)
    for n in range(4):
        with wave.open(str(path)) as file:
            assert file.getparams()[:4] == (1, 2, 16_000, n * 800)
            pcm = np.frombuffer(file.readframes(n * 800), "<i2")
        assert path.stat().st_size == 44 + 2 * n * 800
        assert np.abs(pcm / 32768 - SINE[: n * 800]).max(initial=0) < 2e-5
        writer.append(SINE[n * 800 : (n + 1) * 800])
    writer.close()
    writer.close()


def test_a_disk_that_fills_up_leaves_a_valid_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, pwrite = WavWriter(path), os.pwrite
    writer.append(SINE[:800])

    def nearly_full(file: int, data: bytes, offset: int) -> int:
        if len(data) < 500:
            raise OSError(errno.ENOSPC, "No space left on device")
        return pwrite(file, data[:500], offset)

    monkeypatch.setattr(os, "pwrite", nearly_full)
    with pytest.raises(OSError, match="No space"):
        writer.append(SINE[800:1600])
    assert read_wav(path).size == 800
    monkeypatch.setattr(os, "pwrite", pwrite)
    writer.append(SINE[800:1600])
    writer.close()
    assert np.abs(read_wav(path) - SINE[:1600]).max() < 2e-5


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_an_error_of_the_system() -> None:
    with pytest.raises(OSError, match="No space"):
        WavWriter("/dev/full")


def test_a_failed_write_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wav(path, SINE)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        write_wav(path, SINE[:10])
    assert read_wav(path).size == SINE.size
    assert [p.name for p in path.parent.iterdir()] == ["sound.wav"]


def test_refuses_to_outgrow_the_format(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = WavWriter(path)
    monkeypatch.setattr(writer, "_size", 0xFFFF_FFFF - 100)
    with pytest.raises(OSError, match="4 GiB"):
        writer.append(SINE)
    writer.close()
