"""Spectrograms and ERLE curves: what is loud is bright, in its place, on a common scale; small enough for a page."""

from __future__ import annotations

import base64
import re
import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeagent.report.record import Trace
from edgeagent.report.spectrogram import COLUMNS, ROWS, SPAN, erle, erle_curve, loudest, spectrogram
from edgeagent.units import HOP, RATE

NOISE = 0.1 * np.random.default_rng(1).standard_normal(4 * RATE).astype(np.float32)


def tone(hz: float, seconds: float = 2.0) -> NDArray[np.float32]:
    return (0.3 * np.sin(2 * np.pi * hz / RATE * np.arange(seconds * RATE))).astype(np.float32)


def pixels(drawing: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The image in a drawing, (rows, columns) palette indices, and the palette, (colours, 3)."""
    (data,) = re.findall(r'href="data:image/png;base64,([^"]+)"', drawing)
    png = base64.b64decode(data)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(png):
        length, name = struct.unpack_from(">I4s", png, at)
        body = png[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length) == (zlib.crc32(name + body),)
        chunks[name], at = body, at + 12 + length
    width, height, *form = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert form == [8, 3, 0, 0, 0]
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not lines[:, 0].any()
    return lines[:, 1:], np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)


@pytest.mark.parametrize("hz", [500, 3000, 7500])
def test_a_tone_is_a_line_at_its_height(hz: int) -> None:
    image, palette = pixels(spectrogram(tone(hz), 2 * RATE, loudest(tone(hz)), "tone"))
    assert int(image[:, 5:-5].sum(axis=1).argmax()) == pytest.approx(ROWS * (1 - hz / 8000), abs=2)
    assert image.max() == len(palette) - 1
    assert image[:, 20].min() == 0


def test_what_comes_later_stands_further_right() -> None:
    sound = np.concatenate((np.zeros(RATE, np.float32), tone(1000, 1.0)))
    loud = pixels(spectrogram(sound, 4 * RATE, loudest(sound), "tone"))[0].max(axis=0) > 32
    edges = np.flatnonzero(loud)[[0, -1]] / len(loud)
    np.testing.assert_allclose(edges, (0.25, 0.5), atol=0.02)


def test_two_images_share_their_scale() -> None:
    bright = loudest(NOISE)
    loud, soft = (
        pixels(spectrogram(NOISE * gain, len(NOISE), bright, ""))[0] for gain in (np.float32(1), np.float32(0.01))
    )
    assert loudest(NOISE, NOISE * np.float32(0.01)) == bright
    lower = 40 * 64 / 72
    assert float(loud.mean() - soft.mean()) == pytest.approx(lower, abs=0.1 * lower)
    assert (pixels(spectrogram(np.zeros_like(NOISE), len(NOISE), bright, ""))[0] == 0).all()


def test_silence_is_dark_though_there_is_nothing_louder() -> None:
    silence = np.zeros(RATE, np.float32)
    for sounds in ((silence,), (silence, silence), (silence[:0],)):
        assert (pixels(spectrogram(silence, RATE, loudest(*sounds), ""))[0] == 0).all()


def test_the_palette_rises_in_luminance() -> None:
    _, palette = pixels(spectrogram(NOISE, len(NOISE), 0.0, ""))
    assert (np.diff(palette @ np.array((0.2126, 0.7152, 0.0722))) > 0).all()


def test_ten_minutes_are_no_larger_than_one() -> None:
    sound = np.tile(NOISE, 30)
    drawing = spectrogram(sound, len(sound), loudest(sound), "")
    assert pixels(drawing)[0].shape == (ROWS, COLUMNS)
    assert len(drawing) < 250_000


@pytest.mark.parametrize("length", [0, 1, HOP, 3 * HOP])
def test_no_sound_is_too_short(length: int) -> None:
    sound = NOISE[:length]
    assert pixels(spectrogram(sound, max(length, 1), loudest(sound), ""))[0].shape[0] == ROWS


def test_erle_is_the_ratio_where_the_far_end_is_audible() -> None:
    after = NOISE * np.where(np.arange(len(NOISE)) < 2 * RATE, np.float32(0.1), np.float32(0.01))
    audible = np.ones(len(NOISE) // HOP, np.bool_)
    audible[:10] = False
    values = erle(NOISE, after, audible)
    assert np.isnan(values[:10]).all()
    step = 2 * RATE // HOP
    np.testing.assert_allclose(values[10 : step - SPAN], 20, atol=0.1)
    np.testing.assert_allclose(values[step + SPAN :], 40, atol=0.1)
    assert (np.diff(values[step - SPAN : step + SPAN]) > -0.2).all()


def test_silence_over_silence_is_no_enhancement() -> None:
    nothing = np.zeros(10 * HOP, np.float32)
    assert erle(nothing, nothing, np.ones(10, np.bool_)).tolist() == [0.0] * 10


def test_the_curve_names_its_marks() -> None:
    trace = Trace("ERLE", np.full(100, 30, np.float32), 60.0, {"25 dB": 25.0})
    drawing = erle_curve(trace, 100 * HOP, 1)
    assert 'class="trace t1"' in drawing
    assert re.search(r'class="level" style="bottom:40.0%">25 dB<', drawing)
