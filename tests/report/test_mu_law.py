"""Mu-law: the codes of the standard, noise far below the sound, and a file that says what it is."""

from __future__ import annotations

import base64
import struct

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeagent.report.mu_law import encoded, uri
from edgeagent.units import RATE

LEVELS = np.array(
    [s * ((33 + 2 * m) * 2**e - 33) for s in (-1, 1) for e in range(7, -1, -1) for m in range(15, -1, -1)]
)
"""What the 256 codes stand for, of 8159 (G.711, table 2): code 0 is the lowest, 128 the highest level."""


def decoded(codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    return LEVELS[codes] / 8192


def test_the_ends_and_the_middle_have_the_codes_of_the_standard() -> None:
    sound = np.array([-1.0, 0.0, 1.0], np.float32)
    assert encoded(sound).tolist() == [0x00, 0xFF, 0x80]
    assert decoded(encoded(sound)) == pytest.approx([-0.98, 0.0, 0.98], abs=0.001)


@pytest.mark.parametrize("level", [0.01, 0.1, 1.0])
def test_its_noise_is_far_below_the_sound_at_any_level(level: float) -> None:
    sound = (level * np.sin(np.arange(16_000) * 0.3)).astype(np.float32)
    noise = decoded(encoded(sound)) - sound
    assert 10 * np.log10(np.mean(sound**2) / np.mean(noise**2)) > (25 if level < 0.1 else 33)


def test_louder_is_never_a_lower_level() -> None:
    sound = np.linspace(-1, 1, 60_000, dtype=np.float32)
    assert (np.diff(decoded(encoded(sound))) >= 0).all()


@pytest.mark.parametrize("size", [1, 2, 1601])
def test_the_file_says_what_it_is(size: int) -> None:
    text = uri(np.zeros(size, np.float32))
    kind, data = text.split(",")
    assert kind == "data:audio/wav;base64"
    file = base64.b64decode(data)
    assert (file[:4], file[8:16]) == (b"RIFF", b"WAVEfmt ")
    assert struct.unpack("<I", file[4:8])[0] == len(file) - 8
    assert struct.unpack("<HHIIHH", file[20:36]) == (7, 1, RATE, RATE, 1, 8)
    at = file.index(b"data")
    assert struct.unpack("<I", file[at + 4 : at + 8])[0] == size
    assert file[at + 8 :][:size] == b"\xff" * size
    assert len(file) % 2 == 0
