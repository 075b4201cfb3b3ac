"""What a canceller did, over time: spectrograms as images, echo return loss enhancement (ERLE) as a curve.

A spectrogram has half a million points, too many for SVG: it is a PNG of 64 colours inside the page, written with
nothing but zlib. Two of them can be compared only when both are drawn from the same `loudest`.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgeagent.ports import Sound
from edgeagent.report import plots
from edgeagent.report.markup import Markup, element, join
from edgeagent.report.record import Trace
from edgeagent.units import HOP, RATE

WINDOW = 2 * HOP
"""Samples of a spectrum (32 ms): tells the harmonics of a voice apart."""

ROWS = 160
"""Pixels up to half the rate, 50 Hz each: as many as the plot is high on the page."""

COLUMNS = 1200
"""Most pixels across: as many as the plot is wide; 150 kB an image."""

DEPTH_DB = 72.0
"""From the brightest colour to the darkest; a well cancelled echo lies 50 dB below the microphone."""

FAINTEST_DB = -60.0
"""Of the brightest colour: silence is DEPTH_DB darker, and so dark."""

COLOURS = 64
"""Steps of DEPTH_DB. More would be no finer to the eye and would double the size."""

ANCHORS = ((8, 9, 24), (58, 22, 98), (139, 36, 115), (214, 73, 85), (250, 150, 54), (252, 246, 184))
"""RGB from silent to loud, the luminance rising throughout, so that it survives grey printing and colour blindness."""

LABELS_KHZ = (2, 4, 6)
"""Frequencies named beside the image."""

SPAN = 16
"""Hops (256 ms) over which an ERLE is taken: longer than a pause between words would hide what happens in a word."""

CSS = ".spectrogram .plot{min-height:9.5rem}.erle .plot{min-height:6.5rem}"
"""Heights of tracks of the classes `spectrogram` and `erle`, for the page's style sheet."""

QUIET = 1e-10
"""Power (-100 dBFS) added to both sides of an ERLE, below the last bit of a 16 bit file: silence over silence is 0."""


def loudest(*sounds: Sound) -> float:
    """dB of the brightest colour for images of these (n,) sounds: a thousandth of the loudest one is brighter. At least
    FAINTEST_DB."""
    loud = [float(np.percentile(_levels(sound, len(sound)), 99.9)) for sound in sounds if len(sound)]
    return max([FAINTEST_DB, *loud])


def spectrogram(sound: Sound, length: int, bright: float, label: str) -> Markup:
    """Image of (n,) float32 at 16 kHz on an axis of `length` samples, with its frequencies named; 0 to 8 kHz upwards.
    `bright`: from `loudest`. `label`: what a screen reader says."""
    steps = (_levels(sound, length) - bright + DEPTH_DB) * (COLOURS / DEPTH_DB)
    uri = "data:image/png;base64," + base64.b64encode(_png(np.clip(steps, 0, COLOURS - 1).astype(np.uint8))).decode()
    box = {"x": 0, "y": -plots.HEIGHT, "width": plots.COLUMNS, "height": 2 * plots.HEIGHT}
    image = element("image", href=uri, preserveAspectRatio="none", **box)
    names = (
        element("span", f"{khz} kHz", class_="level", style=f"bottom:{100_000 * khz / (RATE / 2):.1f}%")
        for khz in LABELS_KHZ
    )
    return join(plots.frame(image, label=label, class_="spectrogram"), *names)


def erle(before: Sound, after: Sound, audible: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Power of `before` over that of `after`, both (n,) and in step, in dB around each hop; (n // HOP,). NaN in hops in
    which the far end is not `audible` (n // HOP,): there is no echo to speak of."""
    above, below = _power(before), _power(after)
    return np.where(audible, 10 * np.log10(above / below), np.nan).astype(np.float32)


def erle_curve(trace: Trace, length: int, index: int = 0) -> Markup:
    """ERLE on an axis of `length` samples, the marks of the trace named; `index`: which of the page's three line
    colours. Several in one plot lie on top of each other."""
    heights = (50 - plots.level(np.array(mark / trace.top)) / (2 * plots.HEIGHT) * 100 for mark in trace.marks.values())
    names = (
        element("span", name, class_="level", style=f"bottom:{float(height):.1f}%")
        for name, height in zip(trace.marks, heights, strict=True)
    )
    return join(plots.curve(trace, length, f"{trace.name} over time", f"trace t{index % 3}"), *names)


def _power(sound: Sound) -> NDArray[np.float64]:
    """Mean power over SPAN hops around each whole hop."""
    hops = len(sound) // HOP
    squares = np.square(sound[: hops * HOP], dtype=np.float64).reshape(hops, HOP).sum(axis=1)
    total = np.concatenate(([0.0], np.cumsum(squares)))
    at = np.arange(hops)
    start, end = np.maximum(at - SPAN // 2, 0), np.minimum(at + SPAN // 2, hops)
    mean: NDArray[np.float64] = (total[end] - total[start]) / ((end - start) * HOP) + QUIET
    return mean


def _levels(sound: Sound, length: int) -> NDArray[np.float32]:
    """(ROWS, columns) in dB, the highest frequency on top, on an axis of `length` samples."""
    powers = np.stack(list(_columns(sound, max(length, WINDOW))), axis=1)[::-1]
    levels: NDArray[np.float32] = 10 * np.log10(powers + np.float32(1e-14))
    return levels


def _columns(sound: Sound, length: int) -> Iterator[NDArray[np.float32]]:
    """Column by column, so that an hour takes no more memory than a minute: (ROWS,) mean powers."""
    padded = np.zeros(length + WINDOW, np.float32)
    padded[HOP : HOP + min(len(sound), length)] = sound[:length]
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    window = np.hanning(WINDOW).astype(np.float32)
    edges = np.linspace(0, len(frames), min(COLUMNS, len(frames)) + 1).astype(int)
    rows = np.linspace(0, HOP, ROWS + 1).astype(int)[:-1]
    for start, end in pairwise(edges):
        spectra = np.fft.rfft(frames[start:end] * window) / np.float32(WINDOW / 4)
        yield np.maximum.reduceat(np.square(np.abs(spectra[:, :HOP])).mean(axis=0), rows)


def _png(colours: NDArray[np.uint8]) -> bytes:
    """A PNG of (rows, columns) indices of COLOURS (PNG 1.2: colour type 3, 8 bit, filter 0)."""
    height, width = colours.shape
    at = np.linspace(0, len(ANCHORS) - 1, COLOURS)
    palette = np.stack([np.interp(at, range(len(ANCHORS)), channel) for channel in np.transpose(ANCHORS)], axis=1)
    lines = np.concatenate((np.zeros((height, 1), np.uint8), colours), axis=1)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", palette.round().astype(np.uint8).tobytes()),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
