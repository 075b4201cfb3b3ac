"""When a known sound ended, from what a microphone in a room heard of it.

A room rings on, so the end of what is heard is not the end of what was played. Here the moment is found by which what
was played until then, put through the known response of the room, explains the microphone best: least squares over all
moments at once. With the sum that a sample r[t] adds to the error,

    -2 r[t] (h correlated with m)[t] + 2 r[t] (r convolved with h's autocorrelation, later half)[t] + r[t]^2 |h|^2,

the error of every moment is a running sum, and its least is the answer. Of a fade, that is about its middle. The
response may have been measured a while ago: two clocks drift apart, so its lag is found anew in what sounded before.
Left out: a response that changes otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeagent.signal import Sound
from edgeagent.units import samples

REACH = samples(20)
"""Lag that two clocks may have drifted since the response was measured: 100 s at 200 ppm."""

LEAST_GAIN = 0.2
"""Share of the microphone's power before the end that must be explained; less is another sound than the one played."""


def gone_on(reference: Sound, original: Sound, upto: int) -> Sound:
    """(n,) float32: `reference` (n,) as it would have gone on. It is `original` at some gain, from some sample of it on
    or begun in the midst, and then something else; upto: samples before that, at least. Before and behind `original`
    there is silence."""
    known, whole = reference[:upto].astype(np.float64), original.astype(np.float64)
    size = 1 << (len(whole) + upto).bit_length()
    alike = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(known, size)), size)
    start = int(np.argmax(alike))
    start -= size if start >= len(whole) else 0
    first = max(0, -start)
    stretch = np.zeros(len(reference))
    inside = whole[max(0, start) : start + len(reference)]
    stretch[first : first + len(inside)] = inside
    power = float(stretch[:upto] @ stretch[:upto])
    gain = float(known @ stretch[:upto]) / power if power else 0.0
    return (gain * stretch).astype(np.float32)


def cut(microphone: Sound, reference: Sound, response: Sound, first: int, upto: int) -> int | None:
    """Samples of `reference` that sounded. microphone, reference: (n,) float32, in step; the latter as it would have
    gone on. response: (k,) from lag `first` on. upto: samples that sounded in any case. None where the microphone heard
    something else."""
    played, path = reference.astype(np.float64), response.astype(np.float64)
    size = 1 << (len(played) + 2 * len(path) + 2 * REACH).bit_length()
    spectrum, way = np.fft.rfft(played, size), np.fft.rfft(path, size)
    echo = np.fft.irfft(spectrum * way, size)[: len(played)]
    lag = first + _late(microphone[:upto], echo[:upto], first)
    heard = np.zeros(len(played))
    heard[max(0, -lag) : len(played) - max(0, lag)] = microphone[max(0, lag) : len(played) + min(0, lag)]
    known = heard[:upto]
    if float(np.sum((known - echo[:upto]) ** 2)) > (1 - LEAST_GAIN) * float(known @ known):
        return None
    matched = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(way), size)[: len(played)]
    alike = np.fft.irfft(np.abs(way) ** 2, size)
    later = np.zeros(size)
    later[1 : len(path)] = alike[1 : len(path)]
    before = np.fft.irfft(spectrum * np.fft.rfft(later), size)[: len(played)]
    steps = played * (-2 * matched + 2 * before + played * alike[0])
    return int(np.argmin(np.concatenate(([0.0], np.cumsum(steps)))))


def _late(heard: Sound, echo: NDArray[np.float64], first: int) -> int:
    """Samples by which the echo is later now than `first`."""
    size = 1 << (len(heard) + REACH + abs(first)).bit_length()
    alike = np.fft.irfft(np.fft.rfft(heard.astype(np.float64), size) * np.conj(np.fft.rfft(echo, size)), size)
    lags = np.arange(first - REACH, first + REACH + 1)
    return int(lags[np.argmax(alike[lags])]) - first
